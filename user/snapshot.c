// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_side.h"
#include "peek/peek.h"
#include "read/read.h"
#include "serve.h"
#include "snapshot.h"
#include "symbolize/symbolize.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/idmap.h"
#include "util/log.h"

/* A thread that runs meets a tick, or sleeps, within a few periods. After the limit it is given up. */
#define PAUSE_MS 2
#define LIMIT_NS 1000000000ull

struct stack {
	tach_frame_id *frames; /* [cnt] leaf first, owned */
	__u32 cnt;
};

struct thread {
	struct tach_snapshot_thread is;
	__u32 round;	/* in which it was there last */
	__u32 order;	/* in the interpreter's lists */
	__u64 stack_id; /* 0: without frames */
	__u64 out_ns;	/* since when it was off the CPU while it was read; 0: it was not */
	bool listed;	/* in the interpreter's lists: it is a Python thread */
};

struct tach_snapshot {
	struct tach_subject *subject;
	struct tach_loader *loader;
	struct tach_remote remote;
	struct tach_layout_sink sink;
	struct tach_frametab *frames;
	struct tach_symbolizer *symbolizer;
	struct tach_source *source;
	struct tach_peek *peek;
	struct stack *stacks;
	struct thread *threads;
	size_t stack_cap, thread_cap;
	__u32 stack_cnt, thread_cnt, round;
	struct tach_idmap stack_of;  /* id -> index */
	struct tach_idmap thread_of; /* tid -> index */
	tach_frame_id resolved[TACH_MAX_FRAMES + 1];
};

static struct tach_target *target_of(const struct tach_snapshot *snap)
{
	return tach_subject__target(snap->subject);
}

/* --- what is known --- */

/* NULL without memory. */
static struct thread *thread_of(struct tach_snapshot *snap, __u32 tid, __u32 host_tid)
{
	__u32 idx = tach_idmap__get(&snap->thread_of, tid);
	struct thread *threads;

	if (idx != TACH_IDMAP_NONE)
		return &snap->threads[idx];
	threads = tach_grow(snap->threads, &snap->thread_cap, (size_t)snap->thread_cnt + 1,
			    sizeof(*threads));
	if (!threads)
		return NULL;
	snap->threads = threads;
	if (tach_idmap__put(&snap->thread_of, tid, snap->thread_cnt))
		return NULL;
	threads[snap->thread_cnt] = (struct thread){
		.is = {.tid = tid, .host_tid = host_tid},
		.order = ~0u,
		.round = snap->round,
	};
	return &threads[snap->thread_cnt++];
}

static int on_code(void *ctx, const struct tach_rec_code *rec)
{
	struct tach_snapshot *snap = ctx;

	return tach_symbolizer__add_code(snap->symbolizer, rec);
}

static int on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	struct tach_snapshot *snap = ctx;
	ssize_t cnt = tach_symbolizer__resolve(snap->symbolizer, rec, snap->resolved);
	struct stack *stacks;

	if (cnt < 0)
		return (int)cnt;
	stacks = tach_grow(snap->stacks, &snap->stack_cap, (size_t)snap->stack_cnt + 1,
			   sizeof(*stacks));
	if (!stacks)
		return -ENOMEM;
	snap->stacks = stacks;
	stacks[snap->stack_cnt].cnt = (__u32)cnt;
	stacks[snap->stack_cnt].frames = malloc((size_t)(cnt + 1) * sizeof(tach_frame_id));
	if (!stacks[snap->stack_cnt].frames)
		return -ENOMEM;
	memcpy(stacks[snap->stack_cnt].frames, snap->resolved, (size_t)cnt * sizeof(tach_frame_id));
	return tach_idmap__put(&snap->stack_of, rec->stack_id, snap->stack_cnt++);
}

/* The first stack of a thread that is its own. */
static int on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	struct thread *thread = thread_of(ctx, rec->tid, rec->host_tid);

	if (!thread)
		return -ENOMEM;
	if (thread->is.read || rec->state & TACH_STATE_REUSED)
		return 0;
	thread->is.read = true;
	thread->stack_id = rec->stack_id;
	thread->is.state = rec->state;
	return 0;
}

static int on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	struct tach_snapshot *snap = ctx;

	tach_subject__on_exec(snap->subject, rec->image);
	return 0;
}

static int inject(void *ctx, const void *rec, size_t sz)
{
	struct tach_snapshot *snap = ctx;

	return tach_source__inject(snap->source, rec, sz);
}

/* --- looking --- */

/* Read the stack of the thread in @row, which is off its CPU; it counts if that was so all the time. */
static int peek_at(struct tach_snapshot *snap, const struct tach_thread_row *row,
		   struct thread *thread)
{
	int err;

	thread->is.state = 0;
	thread->stack_id = 0;
	err = tach_peek__stack(snap->peek, row->tid, row->futex, &thread->stack_id,
			       &thread->is.state);
	if (row->main_thread)
		thread->is.state |= TACH_STATE_MAIN_THREAD;
	if (!err || err == -ENOENT)
		thread->out_ns = row->thread.out_ns;
	return err == -ENOMEM ? err : 0;
}

static int look_at(struct tach_snapshot *snap, const struct tach_thread_row *row)
{
	struct thread *thread = thread_of(snap, row->tid, row->host_tid);
	struct tach_peek_thread place;

	if (!thread)
		return -ENOMEM;
	thread->out_ns = 0;
	if (!tach_peek__thread(snap->peek, row->tid, &place)) {
		thread->listed = true;
		thread->order = place.order;
		thread->is.interp_id = place.interp_id;
	}
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
		struct thread *thread = thread_of(snap, rows[i].tid, rows[i].host_tid);

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

bool tach_snapshot__target_ended(const struct tach_snapshot *snap)
{
	struct pollfd poll_fd = {.fd = tach_target__pidfd(target_of(snap)), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static int by_order(const void *left, const void *right)
{
	const struct thread *a = left, *b = right;

	return (a->order > b->order) - (a->order < b->order);
}

/* Leave those that are threads of the interpreter, in its order, with their frames. */
static void finish(struct tach_snapshot *snap)
{
	__u32 cnt = 0, idx;

	for (struct thread *thread = snap->threads; thread < snap->threads + snap->thread_cnt;
	     thread++) {
		if (!thread->is.read && (!thread->listed || thread->round != snap->round))
			continue;
		idx = tach_idmap__get(&snap->stack_of, thread->stack_id);
		if (thread->is.read && idx != TACH_IDMAP_NONE) {
			thread->is.frames = snap->stacks[idx].frames;
			thread->is.cnt = snap->stacks[idx].cnt;
		}
		snap->threads[cnt++] = *thread;
	}
	snap->thread_cnt = cnt;
	if (cnt)
		qsort(snap->threads, cnt, sizeof(*snap->threads), by_order);
}

int tach_snapshot__take(struct tach_snapshot *snap)
{
	__u64 end_ns = tach_now_ns() + LIMIT_NS;
	int got, err;

	while (!(got = look(snap)) && !tach_snapshot__target_ended(snap) &&
	       tach_now_ns() < end_ns) {
		err = tach_subject__search(snap->subject, &snap->sink);
		if (err)
			return err;
		poll(NULL, 0, PAUSE_MS);
	}
	finish(snap);
	return got < 0 ? tach_error(got, "cannot read the threads: %s", strerror(-got)) : 0;
}

__u32 tach_snapshot__thread_cnt(const struct tach_snapshot *snap)
{
	return snap->thread_cnt;
}

const struct tach_snapshot_thread *tach_snapshot__thread(const struct tach_snapshot *snap,
							 __u32 idx)
{
	return &snap->threads[idx].is;
}

const struct tach_frametab *tach_snapshot__frames(const struct tach_snapshot *snap)
{
	return snap->frames;
}

int tach_snapshot__open(struct tach_subject *subject, struct tach_loader *loader,
			struct tach_snapshot **out)
{
	struct tach_snapshot *snap = calloc(1, sizeof(*snap));
	const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
		.ctx = snap,
	};

	*out = snap;
	if (!snap)
		return tach_error(-ENOMEM, "out of memory");
	snap->subject = subject;
	snap->loader = loader;
	snap->remote = tach_serve__remote(subject);
	snap->sink = tach_kernel_side__sink(loader);
	snap->frames = tach_frametab__new();
	if (snap->frames)
		snap->symbolizer = tach_symbolizer__new(snap->frames, &snap->remote);
	snap->peek = tach_peek__new(&snap->remote, inject, snap);
	if (!snap->symbolizer || !snap->peek)
		return tach_error(-ENOMEM, "out of memory");
	snap->source = tach_source__open_ring(tach_loader__ring_fd(loader), -1, &handlers);
	return snap->source
		       ? 0
		       : tach_error(-errno, "cannot read the ring buffer: %s", strerror(errno));
}

void tach_snapshot__free(struct tach_snapshot *snap)
{
	if (!snap)
		return;
	for (__u32 i = 0; i < snap->stack_cnt; i++)
		free(snap->stacks[i].frames);
	free(snap->stacks);
	free(snap->threads);
	tach_idmap__clear(&snap->stack_of);
	tach_idmap__clear(&snap->thread_of);
	tach_source__free(snap->source);
	tach_peek__free(snap->peek);
	tach_symbolizer__free(snap->symbolizer);
	tach_frametab__free(snap->frames);
	free(snap);
}
