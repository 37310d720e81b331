// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A snapshot of a process that goes on. Threads that sleep are read from here, which counts if they have not run
 * meanwhile; one that runs is read by the kernel side, at a tick or when it leaves its CPU. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_side.h"
#include "peek/peek.h"
#include "snapshot_inside.h"
#include "util/clock.h"
#include "util/log.h"

#define PERIOD_NS 1000000
/* A thread that runs meets a tick, or sleeps, within a few periods. */
#define PAUSE_MS 2

/* Read the stack of the thread in @row, which is off its CPU; it counts if that was so all the time. */
static int peek_at(struct tach_snapshot *snap, const struct tach_thread_row *row,
		   struct tach_known_thread *thread)
{
	int status;

	thread->is.state = 0;
	thread->stack_id = 0;
	status = tach_peek__stack(snap->peek, row->tid, row->futex, 0, &thread->stack_id,
				  &thread->is.state);
	if (row->main_thread)
		thread->is.state |= TACH_STATE_MAIN_THREAD;
	if (status == TACH_ST_SAMPLED || status == TACH_ST_NO_FRAMES)
		thread->out_ns = row->thread.out_ns;
	return status < 0 ? status : 0;
}

static int look_at(struct tach_snapshot *snap, const struct tach_thread_row *row)
{
	struct tach_known_thread *thread = tach_snapshot__known(snap, row->tid, row->host_tid);
	struct tach_peek_thread place;

	if (!thread)
		return -ENOMEM;
	thread->out_ns = 0;
	if (!tach_peek__thread(snap->peek, row->tid, &place))
		tach_snapshot__list(thread, &place);
	if (thread->is.read || !thread->listed || !row->thread.out_ns)
		return 0;
	return peek_at(snap, row, thread);
}

static int begin_peeking(struct tach_snapshot *snap)
{
	struct tach_layout layout;
	__u32 image;
	int err = tach_loader__layout(snap->loader, 0, &image, &layout);

	return err ?: tach_peek__begin(snap->peek, 0, image, &layout);
}

/* Look at all threads once. 1: each of them has been read. */
static int look(struct tach_snapshot *snap)
{
	struct tach_thread_row *rows = NULL;
	int cnt, err = tach_source__consume(snap->source), all = 1;

	snap->round++;
	if (err >= 0)
		err = begin_peeking(snap);
	if (err == -ENOENT || err == -EFAULT) /* in the middle of something */
		return 0;
	cnt = err < 0 ? err : tach_loader__threads(snap->loader, &rows);
	err = cnt < 0 ? cnt : 0;
	for (int i = 0; i < cnt && !err; i++)
		err = look_at(snap, &rows[i]);
	if (cnt >= 0)
		free(rows);
	if (err)
		return err;
	cnt = tach_loader__threads(snap->loader, &rows);
	if (cnt < 0)
		return cnt;
	for (int i = 0; i < cnt; i++) {
		struct tach_known_thread *thread =
			tach_snapshot__known(snap, rows[i].tid, rows[i].host_tid);

		if (!thread)
			continue;
		thread->round = snap->round;
		if (thread->out_ns && thread->out_ns == rows[i].thread.out_ns)
			thread->is.read = true;
		if (thread->listed && !thread->is.read)
			all = 0;
	}
	free(rows);
	return all;
}

static int live_open(struct tach_snapshot *snap)
{
	const struct tach_load_opts load_opts = {
		.period_ns = PERIOD_NS,
		.ring_sz = snap->opts->ring_sz,
		.all_threads = snap->opts->all_threads,
		.off_cpu = true,
		.exceptions = true,
	};
	int err =
		tach_kernel_side__open(&load_opts, snap->opts->force, snap->subject, &snap->loader);

	if (err)
		return err;
	snap->peek = tach_peek__new(&snap->remote, tach_snapshot__inject, snap);
	if (!snap->peek)
		return tach_error(-ENOMEM, "out of memory");
	return tach_snapshot__connect(snap, tach_loader__ring_fd(snap->loader));
}

static int live_take(struct tach_snapshot *snap)
{
	const struct tach_layout_sink sink = tach_kernel_side__sink(snap->loader);
	__u64 end_ns = tach_now_ns() + TACH_SNAPSHOT_LIMIT_NS;
	int got = 0, err;

	err = tach_subject__search(snap->subject, &sink) ?: tach_kernel_side__attach(snap->loader);
	while (!err && !(got = look(snap)) && !tach_snapshot__target_ended(snap) &&
	       tach_now_ns() < end_ns) {
		err = tach_subject__search(snap->subject, &sink);
		poll(NULL, 0, PAUSE_MS);
	}
	tach_loader__detach(snap->loader);
	if (got < 0)
		err = tach_error(got, "cannot read the threads: %s", strerror(-got));
	return err;
}

static void live_close(struct tach_snapshot *snap)
{
	tach_peek__free(snap->peek);
	tach_loader__free(snap->loader);
}

const struct tach_snapshot_way tach_snapshot_live = {
	.open = live_open,
	.take = live_take,
	.close = live_close,
};
