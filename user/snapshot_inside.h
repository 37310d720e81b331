/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SNAPSHOT_INSIDE_H
#define TACH_SNAPSHOT_INSIDE_H

#include "cli/opts.h"
#include "instant.h"
#include "load/load.h"
#include "read/read.h"
#include "snapshot.h"
#include "symbolize/symbolize.h"
#include "util/idmap.h"

/* Inside of the snapshot only: what is known (snapshot.c), and the ways of getting it. */

/* After that, threads that could not be read are given up. */
#define TACH_SNAPSHOT_LIMIT_NS 1000000000ull

struct tach_known_stack {
	tach_frame_id *frames; /* [cnt] leaf first, owned */
	__u32 cnt;
};

struct tach_known_thread {
	struct tach_snapshot_thread is;
	__u32 round;	/* in which it was there last */
	__u32 order;	/* in the interpreter's lists */
	__u64 stack_id; /* 0: without frames */
	__u64 out_ns;	/* since when it was off the CPU while it was read; 0: it was not */
	bool listed;	/* in the interpreter's lists: it is a Python thread */
};

/* Errors are negative, and said. */
struct tach_snapshot_way {
	int (*open)(struct tach_snapshot *snap);
	int (*take)(struct tach_snapshot *snap);
	void (*close)(struct tach_snapshot *snap); /* after an error of the others, too */
};
extern const struct tach_snapshot_way tach_snapshot_live, tach_snapshot_stopped;

struct tach_snapshot {
	const struct tach_opts *opts;
	struct tach_subject *subject;
	const struct tach_snapshot_way *way;
	struct tach_remote remote;
	struct tach_frametab *frames;
	struct tach_symbolizer *symbolizer;
	struct tach_source *source;
	struct tach_known_stack *stacks;
	struct tach_known_thread *threads;
	size_t stack_cap, thread_cap;
	__u32 stack_cnt, thread_cnt, round;
	struct tach_idmap stack_of;  /* id -> index */
	struct tach_idmap thread_of; /* tid -> index */
	tach_frame_id resolved[TACH_MAX_FRAMES + 1];

	struct tach_loader *loader; /* of the live way */
	struct tach_peek *peek;
	struct tach_instant *instant; /* of the other one */
};

/* Take the records of the ring behind @ring_map_fd, -1: those that are injected. 0 or a negative errno. */
int tach_snapshot__connect(struct tach_snapshot *snap, int ring_map_fd);
/* Take a record; @ctx is the snapshot. */
int tach_snapshot__inject(void *ctx, const void *rec, size_t sz);

/* The thread, new or not; NULL without memory. */
struct tach_known_thread *tach_snapshot__known(struct tach_snapshot *snap, __u32 tid,
					       __u32 host_tid);
/* It stands there in the interpreter's lists. */
void tach_snapshot__list(struct tach_known_thread *thread, const struct tach_peek_thread *place);

#endif
