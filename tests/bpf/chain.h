/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CHAIN_H
#define TACH_CHAIN_H

#include "tests/bpf/fake.h"

/* A chain of frames, built as calls build it, and the words that the walker must make of it. */

#define CHAIN_MAX 32768

struct chain {
	struct fake *fake;
	__u64 top;		/* the youngest frame */
	__u64 words[CHAIN_MAX]; /* root first */
	unsigned cnt;
};

/* An address as of a code object, where nothing needs to be: the walker looks into none. */
#define CHAIN_CODE(i) (0x7f1200000000ull + 1024ull * (i))

/* How far frames lie from each other where nothing else is meant: not a divisor of the page size, so
 * that some lie across two pages. */
#define CHAIN_STRIDE 120

static inline __u64 chain_word(__u64 code, __u64 lasti)
{
	return code >> 3 << TACH_FRAME_LASTI_BITS | lasti;
}

/* Write a frame; owner is that of CPython, code its f_executable with tag bits. */
static inline void chain_frame(struct fake *fake, __u64 at, __u64 previous, __u64 code,
			       __u64 instr_ptr, unsigned char owner)
{
	const struct tach_layout *layout = &fake->layout;

	memset(fake_ptr(at), FAKE_POISON, layout->fr_sz);
	fake_put64(at + layout->fr_previous, previous);
	fake_put64(at + layout->fr_executable, code);
	fake_put64(at + layout->fr_instr_ptr, instr_ptr);
	memset(fake_ptr(at + layout->fr_owner), owner, 1);
}

/* A frame that shows nothing; what it has for a code object must not matter. */
static inline void chain_push_hidden(struct chain *chain, __u64 at, __u64 code, unsigned char owner)
{
	chain_frame(chain->fake, at, chain->top, code, 0, owner);
	chain->top = at;
}

/* Begin with the entry frame at the root. */
static inline void chain_init(struct chain *chain, struct fake *fake, __u64 at)
{
	chain->fake = fake;
	chain->top = 0;
	chain->cnt = 0;
	chain_push_hidden(chain, at, 0xdead, FAKE_ENTRY);
}

/* A Python frame at its @lasti-th code unit. */
static inline void chain_push(struct chain *chain, __u64 at, __u64 code, __u64 lasti,
			      unsigned char owner)
{
	struct fake *fake = chain->fake;

	chain_frame(fake, at, chain->top, code, code + fake->layout.co_code + 2 * lasti, owner);
	chain->top = at;
	assert_true(chain->cnt < CHAIN_MAX);
	chain->words[chain->cnt++] = chain_word(code, lasti);
}

/* @cnt calls on the data stack: frames one above the other from @at on. Returns the next free place. */
static inline __u64 chain_calls(struct chain *chain, __u64 at, unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++, at += CHAIN_STRIDE)
		chain_push(chain, at, CHAIN_CODE(chain->cnt % 50), chain->cnt, FAKE_BY_THREAD);
	return at;
}

/* Let @thread run it. */
static inline void chain_run_in(const struct chain *chain, __u64 thread)
{
	fake_put64(thread + chain->fake->layout.ts_current_frame, chain->top);
}

#endif
