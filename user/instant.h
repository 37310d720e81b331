/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_INSTANT_H
#define TACH_INSTANT_H

#include <stdbool.h>

#include "peek/peek.h"
#include "subject.h"
#include "util/log.h"
#include "util/types.h"

/* The stacks of all threads of a process at one instant: it is stopped (stop/), they are read (peek/), it goes on.
 * Nothing of the kernel side is needed. */
struct tach_instant;

struct tach_instant_opts {
	bool all_threads;   /* are read; else the main thread only, but all are stopped */
	bool look_at_cpu;   /* for TACH_STATE_ON_CPU */
	bool look_at_futex; /* for TACH_STATE_GIL_REQUESTED where the interpreter does not say it */
	/* Of enum tach_sample_state: read only threads that have one of them; 0: all. With TACH_STATE_ON_CPU
	 * look_at_cpu, too. */
	__u32 filter;
};

struct tach_instant_thread {
	__u32 tid, host_tid; /* as in tach_wire.h */
	__u64 futex;	     /* that it slept on; 0: none */
	__u32 state;	     /* enum tach_sample_state */
	int status;	     /* enum tach_status: where the reading ended */
	__u64 stack_id;	     /* with TACH_ST_SAMPLED */
};

/* @emit takes the records of what was not known of a stack before, and those of an exec (tach_wire.h). @subject
 * outlives the instant. 0 and *@out, or a negative errno; it has said why. */
int tach_instant__open(struct tach_subject *subject, const struct tach_instant_opts *opts,
		       tach_peek_emit emit, void *ctx, struct tach_instant **out);
void tach_instant__free(struct tach_instant *instant); /* NULL is fine */

struct tach_layout_sink tach_instant__sink(struct tach_instant *instant);

/* Stop the process and let it go, to see whether that works. 0, or a negative errno with @why (stop/stop.h). */
int tach_instant__try(struct tach_instant *instant, struct tach_why *why);

/* Now. 0, or a negative errno with @why: -ENOENT no layout is known of the program that runs, those of
 * stop/stop.h, or emit's. */
int tach_instant__take(struct tach_instant *instant, struct tach_why *why);

/* What it came to. Valid until the next one. */
__u64 tach_instant__ns(const struct tach_instant *instant); /* CLOCK_MONOTONIC */
__u64 tach_instant__took_ns(
	const struct tach_instant *instant); /* how long the process was stopped */
__u32 tach_instant__cnt(const struct tach_instant *instant);
const struct tach_instant_thread *tach_instant__thread(const struct tach_instant *instant,
						       __u32 idx);

/* As tach_peek__thread(), of the program that was read last. */
int tach_instant__place(const struct tach_instant *instant, __u32 tid,
			struct tach_peek_thread *out);

/* As tach_stop__settle(). */
bool tach_instant__settle(struct tach_instant *instant);

#endif
