/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_STEP_H
#define TACH_STEP_H

/* What a test says to switches.bpf.c. Included by both sides; the includer provides __u32 and __u64. */
enum tach_step_kind {
	TACH_STEP_BEGIN, /* once; after that, nothing happens */
	TACH_STEP_LEAVE, /* its CPU, with a stack that has been read */
	TACH_STEP_ENTER,
	TACH_STEP_WAKE,
	TACH_STEP_TICK,
};

/* What a step returns while the thread is on its way to sleep: what is true of a sleeping one is not of it. */
#define TACH_STEP_AWAKE (-2)

struct tach_step {
	__u32 what; /* enum tach_step_kind */
	__u32 runnable;
	__u64 now_ns;
	__u64 ran_ns; /* since the step before, but for ticks: they do not look at that */
	__u64 stack_id;
};

#endif
