// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A snapshot of one instant, for which the process is stopped. */
#include <errno.h>
#include <poll.h>

#include "instant.h"
#include "snapshot_inside.h"
#include "util/clock.h"
#include "util/log.h"

/* Where one thread was caught in the middle of something, all are read again a moment later. */
#define PAUSE_MS 1

static int stopped_open(struct tach_snapshot *snap)
{
	const struct tach_instant_opts opts = {
		.all_threads = snap->opts->all_threads,
		.look_at_cpu = true,
		.look_at_futex = true,
	};

	return tach_instant__open(snap->subject, &opts, tach_snapshot__inject, snap, &snap->instant)
		       ?: tach_snapshot__connect(snap, -1);
}

static bool is_read(const struct tach_instant_thread *thread)
{
	return thread->status == TACH_ST_SAMPLED || thread->status == TACH_ST_NO_FRAMES;
}

/* Put down what the instant says. 1: each thread has been read. */
static int put_down(struct tach_snapshot *snap)
{
	int all = 1;

	snap->round++;
	for (__u32 i = 0; i < snap->thread_cnt; i++)
		snap->threads[i].is.read = snap->threads[i].listed = false;
	for (__u32 i = 0; i < tach_instant__cnt(snap->instant); i++) {
		const struct tach_instant_thread *found = tach_instant__thread(snap->instant, i);
		struct tach_peek_thread place;
		struct tach_known_thread *thread;

		if (found->status == TACH_ST_OTHER_THREAD ||
		    tach_instant__place(snap->instant, found->tid, &place))
			continue;
		thread = tach_snapshot__known(snap, found->tid, found->host_tid);
		if (!thread)
			return -ENOMEM;
		tach_snapshot__list(thread, &place);
		thread->round = snap->round;
		thread->is.read = is_read(found);
		thread->is.state = found->state;
		thread->stack_id = found->stack_id;
		all = all && is_read(found);
	}
	return all;
}

static int stopped_take(struct tach_snapshot *snap)
{
	const struct tach_layout_sink sink = tach_instant__sink(snap->instant);
	__u64 end_ns = tach_now_ns() + TACH_SNAPSHOT_LIMIT_NS;
	struct tach_why why;
	int got = 0, err;

	do {
		err = tach_subject__search(snap->subject, &sink);
		if (err)
			return err;
		err = tach_instant__take(snap->instant, &why);
		if (err && err != -ENOENT && err != -ESRCH)
			return tach_error(err, "%s", why.text);
		if (!err)
			got = put_down(snap);
		if (got < 0)
			return tach_error(got, "out of memory");
	} while (!got && !tach_snapshot__target_ended(snap) && tach_now_ns() < end_ns &&
		 !poll(NULL, 0, PAUSE_MS));
	return 0;
}

static void stopped_close(struct tach_snapshot *snap)
{
	tach_instant__free(snap->instant);
}

const struct tach_snapshot_way tach_snapshot_stopped = {
	.open = stopped_open,
	.take = stopped_take,
	.close = stopped_close,
};
