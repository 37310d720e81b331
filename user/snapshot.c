// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"
#include "snapshot_inside.h"
#include "util/grow.h"
#include "util/log.h"

static struct tach_target *target_of(const struct tach_snapshot *snap)
{
	return tach_subject__target(snap->subject);
}

/* --- what is known --- */

struct tach_known_thread *tach_snapshot__known(struct tach_snapshot *snap, __u32 tid,
					       __u32 host_tid)
{
	__u32 idx = tach_idmap__get(&snap->thread_of, tid);
	struct tach_known_thread *threads;

	if (idx != TACH_IDMAP_NONE)
		return &snap->threads[idx];
	threads = tach_grow(snap->threads, &snap->thread_cap, (size_t)snap->thread_cnt + 1,
			    sizeof(*threads));
	if (!threads)
		return NULL;
	snap->threads = threads;
	if (tach_idmap__put(&snap->thread_of, tid, snap->thread_cnt))
		return NULL;
	threads[snap->thread_cnt] = (struct tach_known_thread){
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
	struct tach_known_stack *stacks;

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
	struct tach_known_thread *thread = tach_snapshot__known(ctx, rec->tid, rec->host_tid);

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

int tach_snapshot__inject(void *ctx, const void *rec, size_t sz)
{
	struct tach_snapshot *snap = ctx;

	return tach_source__inject(snap->source, rec, sz);
}

void tach_snapshot__list(struct tach_known_thread *thread, const struct tach_peek_thread *place)
{
	thread->listed = true;
	thread->order = place->order;
	thread->is.interp_id = place->interp_id;
}

int tach_snapshot__connect(struct tach_snapshot *snap, int ring_map_fd)
{
	const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
		.ctx = snap,
	};

	snap->source = tach_source__open_ring(ring_map_fd, -1, &handlers);
	return snap->source
		       ? 0
		       : tach_error(-errno, "cannot read the ring buffer: %s", strerror(errno));
}

bool tach_snapshot__target_ended(const struct tach_snapshot *snap)
{
	struct pollfd poll_fd = {.fd = tach_target__pidfd(target_of(snap)), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

static int by_order(const void *left, const void *right)
{
	const struct tach_known_thread *a = left, *b = right;

	return (a->order > b->order) - (a->order < b->order);
}

/* Leave those that are threads of the interpreter, in its order, with their frames. */
static void finish(struct tach_snapshot *snap)
{
	__u32 cnt = 0, idx;

	for (struct tach_known_thread *thread = snap->threads;
	     thread < snap->threads + snap->thread_cnt; thread++) {
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
	int err = snap->way->take(snap);

	finish(snap);
	return err;
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

int tach_snapshot__open(const struct tach_opts *opts, struct tach_subject *subject,
			struct tach_snapshot **out)
{
	struct tach_snapshot *snap = calloc(1, sizeof(*snap));

	*out = snap;
	if (!snap)
		return tach_error(-ENOMEM, "out of memory");
	snap->opts = opts;
	snap->subject = subject;
	snap->way = opts->blocking ? &tach_snapshot_stopped : &tach_snapshot_live;
	snap->remote = tach_serve__remote(subject);
	snap->frames = tach_frametab__new();
	if (snap->frames)
		snap->symbolizer = tach_symbolizer__new(snap->frames, &snap->remote);
	if (!snap->symbolizer)
		return tach_error(-ENOMEM, "out of memory");
	return snap->way->open(snap);
}

void tach_snapshot__free(struct tach_snapshot *snap)
{
	if (!snap)
		return;
	snap->way->close(snap);
	for (__u32 i = 0; i < snap->stack_cnt; i++)
		free(snap->stacks[i].frames);
	free(snap->stacks);
	free(snap->threads);
	tach_idmap__clear(&snap->stack_of);
	tach_idmap__clear(&snap->thread_of);
	tach_source__free(snap->source);
	tach_symbolizer__free(snap->symbolizer);
	tach_frametab__free(snap->frames);
	free(snap);
}
