/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_WORLD_H
#define TACH_FUZZ_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"
#include "bpf/tach_layout.h"
#include "tests/fuzz/input.h"

/* The memory of a target: a healthy interpreter at first, then whatever the fuzzer makes of it. The
 * objects of a kind lie in a row, so "the third frame" is a place, whatever stands there. */

#define WORLD_PAGE_SZ 4096
#define WORLD_PAGES   64
#define WORLD_SZ      (WORLD_PAGES * WORLD_PAGE_SZ)
#define WORLD_BASE    0x7f5500000000ull

enum world_kind {
	WORLD_RUNTIME,
	WORLD_INTERP,
	WORLD_TSTATE,
	WORLD_STR,
	WORLD_BYTES,
	WORLD_CODE,
	WORLD_COPIES,	 /* of bytecode */
	WORLD_FRAME,	 /* on the data stack */
	WORLD_GENERATOR, /* frame of one: somewhere else */
	WORLD_KINDS,
};

#define WORLD_CODES   16
#define WORLD_FRAMES  256
#define WORLD_TSTATES 8

/* tids of the first threads */
#define WORLD_TID(i) (4711u + (i))

struct world {
	struct tach_layout layout;
	bool sound;	   /* the layout is as user space guarantees it */
	__u32 versions[2]; /* of code objects: the last that each interpreter gave */
	bool mapped[WORLD_PAGES];
	unsigned char mem[WORLD_SZ];
};

/* What an input consists of: a byte for the kind of world, then steps, each with its arguments behind it. */
enum fuzz_step {
	/* changes of the world */
	STEP_SET,   /* a field of an object */
	STEP_POKE,  /* bytes anywhere */
	STEP_FRAME, /* a whole frame */
	STEP_PAGE,  /* give or take a page */
	STEP_DEPTH, /* a thread calls, or returns */
	STEP_CODE,  /* a code object is freed, and another one made in its place */
	WORLD_STEPS,
	/* what the kernel does */
	STEP_TICK = WORLD_STEPS,
	STEP_RACE, /* a change in the middle of the next tick */
	STEP_RING, /* how much room there is */
	STEP_EXEC,
	STEP_LAYOUT,
	STEP_TASK,
	STEP_FORGET, /* in the maps */
	STEPS,
};

/* A change of the world, ready to be made. */
struct world_op {
	enum fuzz_step step;
	__u64 addr;
	__u64 value;
	__u32 sz;
	__u8 arg[3];
};

/* A world in which thread i runs in thread state i, the second one in an interpreter of its own; with
 * layout @which of those there are. */
void world_build(struct world *world, unsigned which);

__u64 world_addr(const struct world *world, enum world_kind kind, unsigned idx);

/* 0, or negative if a byte of it is not there. */
int world_read(const struct world *world, void *dst, size_t sz, __u64 addr);

/* Take the arguments of @step < WORLD_STEPS from the input; the world says what they mean. */
struct world_op world_op_take(const struct world *world, struct input *in, enum fuzz_step step);
void world_op_apply(struct world *world, const struct world_op *op);

/* The number that means field @layout_off (in struct tach_layout) of a @kind in a STEP_SET. */
__u8 world_field(enum world_kind kind, size_t layout_off);

/* Change a layout field: any number in any of them. */
void world_twist_layout(struct world *world, struct input *in);

struct world_code {
	__u32 firstlineno, version;
	__u64 parts; /* the addresses of its names and line table as a number */
};

/* Read the code object at @addr; false: it is not there. */
bool world_code(const struct world *world, __u64 addr, struct world_code *out);

#endif
