// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "aggregate/profile.h"
#include "aggregate/tape.h"
#include "aggregate/who.h"
#include "util/grow.h"
#include "util/idmap.h"

#define ROOT 0

struct tach_profile {
	const struct tach_frametab *tab; /* not owned */

	struct tach_node *nodes;
	size_t node_cnt;
	size_t node_cap;
	struct tach_row *rows; /* in order of .seq until frozen */
	size_t row_cnt;
	size_t row_cap;

	struct tach_thread_time *threads;
	size_t thread_cnt;
	size_t thread_cap;

	struct tach_whos whos;
	struct tach_tape *tape; /* NULL: events are not kept */

	struct tach_idmap node_of; /* (parent, frame) -> node */
	struct tach_idmap leaf_of; /* stack id -> node */
	struct tach_idmap row_of;  /* (who, node) -> row */

	__u32 lost_node; /* the stack that consists of the marker frame */
	__u64 total;
	__u64 lost;
	bool frozen;
	struct tach_summary summary;
};

static int add_node(struct tach_profile *profile, __u32 parent, tach_frame_id frame, __u32 *out)
{
	struct tach_node *nodes;

	if (profile->node_cnt >= TACH_IDMAP_NONE)
		return -ENOMEM;
	nodes = tach_grow(profile->nodes, &profile->node_cap, profile->node_cnt + 1,
			  sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	profile->nodes = nodes;
	nodes[profile->node_cnt] = (struct tach_node){.parent = parent, .frame = frame};
	*out = profile->node_cnt++;
	return 0;
}

int tach_profile__child(struct tach_profile *profile, __u32 parent, tach_frame_id frame, __u32 *out)
{
	__u64 key = tach_idmap__pair(parent, frame);
	int err;

	*out = tach_idmap__get(&profile->node_of, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	err = add_node(profile, parent, frame, out);
	if (err)
		return err;
	return tach_idmap__put(&profile->node_of, key, *out);
}

struct tach_profile *tach_profile__new(struct tach_frametab *tab)
{
	tach_frame_id lost_frame = tach_frametab__marker(tab, "<lost stack>");
	struct tach_profile *profile = calloc(1, sizeof(*profile));
	__u32 root;

	if (!profile)
		return NULL;
	profile->tab = tab;
	if (lost_frame == TACH_NO_ID || add_node(profile, ROOT, TACH_NO_ID, &root) ||
	    tach_profile__child(profile, root, lost_frame, &profile->lost_node)) {
		tach_profile__free(profile);
		errno = ENOMEM;
		return NULL;
	}
	return profile;
}

/* Only building needs them. */
static void free_maps(struct tach_profile *profile)
{
	tach_idmap__clear(&profile->row_of);
	tach_idmap__clear(&profile->leaf_of);
	tach_idmap__clear(&profile->node_of);
}

void tach_profile__free(struct tach_profile *profile)
{
	if (!profile)
		return;
	free_maps(profile);
	tach_tape__free(profile->tape);
	tach_whos__clear(&profile->whos);
	free(profile->threads);
	free(profile->rows);
	free(profile->nodes);
	free(profile);
}

int tach_profile__define(struct tach_profile *profile, __u64 stack_id, const tach_frame_id *frames,
			 __u32 cnt)
{
	__u32 node = ROOT;
	int err;

	if (profile->frozen || !cnt)
		return -EINVAL;
	if (tach_idmap__get(&profile->leaf_of, stack_id) != TACH_IDMAP_NONE)
		return 0;
	while (cnt) {
		err = tach_profile__child(profile, node, frames[--cnt], &node);
		if (err)
			return err;
	}
	return tach_idmap__put(&profile->leaf_of, stack_id, node);
}

static int add_row(struct tach_profile *profile, const struct tach_event *event, __u32 *out)
{
	__u64 key = tach_idmap__pair(event->who, event->node);
	struct tach_row *rows;
	int err;

	if (profile->row_cnt >= TACH_IDMAP_NONE)
		return -ENOMEM;
	rows = tach_grow(profile->rows, &profile->row_cap, profile->row_cnt + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	profile->rows = rows;
	err = tach_idmap__put(&profile->row_of, key, profile->row_cnt);
	if (err)
		return err;
	rows[profile->row_cnt] = (struct tach_row){
		.who = event->who,
		.tid = profile->whos.items[event->who].tid,
		.node = event->node,
		.seq = profile->row_cnt,
	};
	*out = profile->row_cnt++;
	return 0;
}

__u32 tach_profile__leaf(const struct tach_profile *profile, __u64 stack_id)
{
	__u32 node = tach_idmap__get(&profile->leaf_of, stack_id);

	return node == TACH_IDMAP_NONE ? profile->lost_node : node;
}

/* A thread runs on one CPU at a time, but what is read of it at the end is stamped elsewhere. */
static int keep(struct tach_profile *profile, const struct tach_event *event)
{
	__u64 *last_ns = &profile->whos.last_ns[event->who];
	struct tach_event kept = *event;

	if (!profile->tape)
		return 0;
	if (kept.ts_ns < *last_ns)
		kept.ts_ns = *last_ns;
	*last_ns = kept.ts_ns;
	return tach_tape__add(profile->tape, &kept);
}

static enum tach_doing doing_of(__u32 state)
{
	if (state & TACH_STATE_ON_CPU)
		return state & TACH_STATE_HAS_GIL ? TACH_ON_CPU_WITH_GIL : TACH_ON_CPU;
	if (state & TACH_STATE_GIL_REQUESTED)
		return TACH_WAITS_FOR_GIL;
	return state & TACH_STATE_HAS_GIL ? TACH_OFF_CPU_WITH_GIL : TACH_OFF_CPU;
}

int tach_profile__add(struct tach_profile *profile, const struct tach_event *event)
{
	__u32 row;
	int err;

	if (profile->frozen)
		return -EINVAL;
	if (!event->weight)
		return 0;
	row = tach_idmap__get(&profile->row_of, tach_idmap__pair(event->who, event->node));
	if (row == TACH_IDMAP_NONE) {
		err = add_row(profile, event, &row);
		if (err)
			return err;
	}
	if (keep(profile, event))
		return 0; /* the session asks, and says it once */
	profile->rows[row].weight += event->weight;
	profile->rows[row].weights[doing_of(event->state)] += event->weight;
	if (event->state & TACH_STATE_HAS_EXCEPTION)
		profile->rows[row].exceptions += event->weight;
	if (event->state & TACH_STATE_CPU_UNKNOWN)
		profile->rows[row].cpu_unknown += event->weight;
	profile->total += event->weight;
	if (event->node == profile->lost_node)
		profile->lost += event->weight;
	return 0;
}

int tach_profile__add_wait(struct tach_profile *profile, const struct tach_wait *wait)
{
	if (profile->frozen)
		return -EINVAL;
	if (profile->tape)
		tach_tape__add_wait(profile->tape, wait); /* the session asks whether it could */
	return 0;
}

int tach_profile__add_thread(struct tach_profile *profile, const struct tach_thread_time *time)
{
	struct tach_thread_time *threads;

	threads = tach_grow(profile->threads, &profile->thread_cap, profile->thread_cnt + 1,
			    sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	profile->threads = threads;
	threads[profile->thread_cnt++] = *time;
	if (profile->tape)
		tach_tape__add_time(profile->tape, time);
	return 0;
}

static int thread_cmp(const void *left, const void *right)
{
	const struct tach_thread_time *a = left, *b = right;

	if (a->on_ns != b->on_ns)
		return a->on_ns > b->on_ns ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static int row_cmp(const void *left, const void *right)
{
	const struct tach_row *a = left, *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->who != b->who)
		return a->who < b->who ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

int tach_profile__freeze(struct tach_profile *profile, const struct tach_summary *summary)
{
	if (profile->frozen)
		return -EINVAL;
	if (profile->row_cnt)
		qsort(profile->rows, profile->row_cnt, sizeof(*profile->rows), row_cmp);
	if (profile->thread_cnt)
		qsort(profile->threads, profile->thread_cnt, sizeof(*profile->threads), thread_cmp);
	free_maps(profile);
	tach_whos__freeze(&profile->whos);
	if (profile->tape) {
		tach_tape__add_summary(profile->tape, summary, true);
		tach_tape__flush(profile->tape);
	}
	profile->summary = *summary;
	profile->frozen = true;
	return 0;
}

__u32 tach_profile__node_cnt(const struct tach_profile *profile)
{
	return profile->node_cnt;
}

const struct tach_node *tach_profile__node(const struct tach_profile *profile, __u32 idx)
{
	return &profile->nodes[idx];
}

__u32 tach_profile__row_cnt(const struct tach_profile *profile)
{
	return profile->row_cnt;
}

const struct tach_row *tach_profile__row(const struct tach_profile *profile, __u32 idx)
{
	return &profile->rows[idx];
}

__u32 tach_profile__thread_cnt(const struct tach_profile *profile)
{
	return profile->thread_cnt;
}

const struct tach_thread_time *tach_profile__thread(const struct tach_profile *profile, __u32 idx)
{
	return &profile->threads[idx];
}

__u64 tach_profile__total(const struct tach_profile *profile)
{
	return profile->total;
}

__u64 tach_profile__lost(const struct tach_profile *profile)
{
	return profile->lost;
}

const struct tach_frametab *tach_profile__frames(const struct tach_profile *profile)
{
	return profile->tab;
}

const struct tach_summary *tach_profile__summary(const struct tach_profile *profile)
{
	return &profile->summary;
}

__u32 tach_profile__add_process(struct tach_profile *profile, int pid, const char *name,
				const char *command)
{
	return tach_whos__add_process(&profile->whos, pid, name, command);
}

__u32 tach_profile__process_cnt(const struct tach_profile *profile)
{
	return profile->whos.process_cnt;
}

const struct tach_process *tach_profile__process(const struct tach_profile *profile, __u32 idx)
{
	return &profile->whos.processes[idx];
}

__u32 tach_profile__who_of(struct tach_profile *profile, __u32 process, __u32 interp, __u32 tid,
			   bool *added)
{
	return tach_whos__get(&profile->whos, process, interp, tid, added);
}

void tach_profile__describe(struct tach_profile *profile, __u32 who, const char *name,
			    bool main_thread)
{
	if (tach_whos__describe(&profile->whos, who, name, main_thread) && profile->tape)
		tach_tape__update_who(profile->tape, who);
}

__u32 tach_profile__who_cnt(const struct tach_profile *profile)
{
	return profile->whos.cnt;
}

const struct tach_who *tach_profile__who(const struct tach_profile *profile, __u32 idx)
{
	return &profile->whos.items[idx];
}

int tach_profile__keep_events(struct tach_profile *profile, int fd,
			      const struct tach_summary *known)
{
	profile->tape = tach_tape__new(fd, profile);
	return profile->tape ? tach_tape__add_summary(profile->tape, known, false) : -errno;
}

const struct tach_tape *tach_profile__tape(const struct tach_profile *profile)
{
	return profile->tape;
}

int tach_profile__flush_events(struct tach_profile *profile)
{
	return profile->tape ? tach_tape__flush(profile->tape) : 0;
}

int tach_profile__walk(const struct tach_profile *profile,
		       int (*on_event)(void *ctx, const struct tach_event *event), void *ctx)
{
	return tach_tape__walk(profile->tape, on_event, ctx);
}

int tach_profile__walk_waits(const struct tach_profile *profile,
			     int (*on_wait)(void *ctx, const struct tach_wait *wait), void *ctx)
{
	return tach_tape__walk_waits(profile->tape, on_wait, ctx);
}
