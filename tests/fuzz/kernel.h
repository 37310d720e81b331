/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_KERNEL_H
#define TACH_FUZZ_KERNEL_H

#include <stdbool.h>

#include "tests/fuzz/world.h"

/* The BPF programs on two CPUs, with targets whose memory is a world, and the threads that they find
 * running: the leaders of two targets, one more thread of the first, one of it without a thread state,
 * and a stranger. */

#define KERNEL_TASKS 5
#define KERNEL_RACES 4

/* What bpf/ says it does at most in a tick. */
extern const struct kernel_bounds {
	__u64 tstates, frames, captures;
} kernel_bounds;

/* Once per process. */
void kernel_init(void);

/* As after loading, with two targets whose memory is @world. Records go to the model. */
enum kernel_options {
	KERNEL_ALL_THREADS = 1u << 0,
	KERNEL_STORAGE_UNSURE = 1u << 1,
};
void kernel_start(struct world *world, unsigned options);
void kernel_stop(void);

struct kernel_stack {
	__u32 target, tid;
	__u32 flags, cnt;
	__u64 hash;
	const __u64 *frames; /* valid until the next walk */
};

struct kernel_tick {
	int status;	/* enum tach_status, -1: nothing to do with a target */
	__u32 host_tid; /* of the thread that ran, if it is a target's */
	__u64 reads, steps, refused;
	struct kernel_stack stack; /* what is in the scratch at the end */
	__u64 interp_id;	   /* of the interpreter in which it ran */
	__u64 generation;	   /* of its code objects, ... */
	bool counted;		   /* ... if it has that */
};

/* @blind: storage cannot be looked at. */
struct kernel_tick kernel_tick(unsigned cpu, unsigned task, bool blind);

/* Let @op happen at the @at-th read of the next tick; whether there is such a thing to come. */
void kernel_race(__u64 at, const struct world_op *op);
bool kernel_has_race(void);

/* Walk again what the last tick walked, frame by frame without a window over the page, from a scratch
 * with another past. Returns the status. */
int kernel_walk_again(struct kernel_stack *stack);

/* Task @task makes an exec; @answered: user space finds the interpreter of the new program. */
void kernel_exec(unsigned task, unsigned long mm, bool answered);

void kernel_set_ring(__u64 sz); /* empty, with so much room */
void kernel_drain(void);
void kernel_change_task(unsigned task, __u8 what, __u8 value);
void kernel_forget(__u8 what, __u8 value);

#endif
