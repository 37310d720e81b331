// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Which memory the walker reads, and when: the data stack is read in windows of a page, and a window
 * must never show what an earlier tick has read. */
#include "tests/bpf/rig.h"

#define STACK_PAGES 8

static void test_across_pages(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, STACK_PAGES);

	/* The stride lets frames fall on every kind of boundary, some of them across it. */
	for (unsigned shift = 0; shift < CHAIN_STRIDE; shift += 8) {
		chain_init(&rig->chain, &rig->fake, stack + shift);
		chain_calls(&rig->chain, stack + shift + CHAIN_STRIDE,
			    (STACK_PAGES * FAKE_PAGE - 2 * CHAIN_STRIDE) / CHAIN_STRIDE);
		assert_status(rig_walk(rig), SAMPLED);
		rig_check_chain(rig);
	}
	assert_true(rig_out(rig)->frame_cnt > 200);
}

/* Frames with locals: distances on both sides of what counts as near. */
static void test_wide_frames(void **state)
{
	static const unsigned distances[] = {96, 512, 1016, 1024, 1032, 2048, 4096, 5000 & ~7};
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 32), at = stack;

	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < 40; i++) {
		at += distances[i * 5 % 8];
		chain_push(&rig->chain, at, CHAIN_CODE(i), i, FAKE_BY_THREAD);
	}
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* Behind the youngest frame there may be nothing: only the frame itself may be read. */
static void test_youngest_at_the_end_of_memory(void **state)
{
	struct rig *rig = *state;
	__u32 sz = rig->fake.layout.fr_sz;
	__u64 end = fake_pages(&rig->fake, 1) + FAKE_PAGE;

	chain_init(&rig->chain, &rig->fake, end - sz - 10 * CHAIN_STRIDE);
	chain_calls(&rig->chain, end - sz - 9 * CHAIN_STRIDE, 10);
	assert_true(rig->chain.top + sz == end);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_heap_frames_at_the_end_of_memory(void **state)
{
	struct rig *rig = *state;
	__u32 sz = rig->fake.layout.fr_sz;
	__u64 at;

	chain_init(&rig->chain, &rig->fake, fake_page_end(&rig->fake, sz));
	at = chain_calls(&rig->chain, fake_pages(&rig->fake, 1), 2);
	chain_push(&rig->chain, fake_page_end(&rig->fake, sz), CHAIN_CODE(60), 1,
		   FAKE_BY_GENERATOR);
	chain_calls(&rig->chain, at, 2);
	chain_push_hidden(&rig->chain, fake_page_end(&rig->fake, sz), 0, FAKE_ENTRY);
	chain_push(&rig->chain, fake_page_end(&rig->fake, sz), CHAIN_CODE(61), 1,
		   FAKE_BY_GENERATOR);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* The data stack begins with a page, and grows by chunks that lie anywhere. */
static void test_chunks(void **state)
{
	struct rig *rig = *state;
	__u64 chunks[3];

	for (unsigned i = 0; i < 3; i++)
		chunks[i] = fake_pages(&rig->fake, 1);
	chain_init(&rig->chain, &rig->fake, fake_alloc(&rig->fake, 96));
	for (unsigned i = 0; i < 3; i++)
		chain_calls(&rig->chain, chunks[(i + 1) % 3], 30);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_unreadable_frame(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 4);

	chain_init(&rig->chain, &rig->fake, stack);
	chain_calls(&rig->chain, stack + CHAIN_STRIDE, 130);
	for (unsigned page = 0; page < 4; page++) {
		fake_hide(stack + page * FAKE_PAGE, true);
		assert_status(rig_walk(rig), FRAME_FAULT);
		fake_hide(stack + page * FAKE_PAGE, false);
	}
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_impossible_frame_address(void **state)
{
	static const __u64 bad[] = {
		1,     0x1000,	     0x800000000000, 0xdbdbdbdbdbdbdbdb, 0xffff888000001000,
		~0ull, ~0ull - 4095,
	};
	struct rig *rig = *state;
	__u64 at = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, at);
	chain_calls(&rig->chain, at + CHAIN_STRIDE, 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_put64(at + 2 * CHAIN_STRIDE + rig->fake.layout.fr_previous, bad[i]);
		assert_status(rig_walk(rig), FRAME_FAULT);
		fake_put64(rig->fake.thread + rig->fake.layout.ts_current_frame, bad[i]);
		assert_status(rig_run(rig, TACH_PROBE_WALK), FRAME_FAULT);
	}
}

/* Half a frame is none. */
static void test_frame_across_the_end_of_memory(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 2), end = stack + FAKE_PAGE;
	__u32 sz = rig->fake.layout.fr_sz;

	for (__u32 part = 8; part < sz; part += 8) {
		__u64 at = end - part;

		chain_init(&rig->chain, &rig->fake, at - 2 * CHAIN_STRIDE);
		chain_calls(&rig->chain, at - CHAIN_STRIDE, 2);
		assert_true(rig->chain.top == at);
		fake_hide(end, true);
		assert_status(rig_walk(rig), FRAME_FAULT);
		fake_hide(end, false);
		assert_status(rig_walk(rig), SAMPLED);
		rig_check_chain(rig);
	}
}

/* The next tick comes to the same page, which says something else by now. */
static void test_page_changed_between_walks(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 1);

	for (unsigned round = 0; round < 4; round++) {
		__u64 at = stack + CHAIN_STRIDE;

		chain_init(&rig->chain, &rig->fake, stack);
		for (unsigned i = 0; i < 20; i++, at += CHAIN_STRIDE)
			chain_push(&rig->chain, at, CHAIN_CODE(100 * round + i), round,
				   FAKE_BY_THREAD);
		assert_status(rig_walk(rig), SAMPLED);
		rig_check_chain(rig);
	}
}

/* Two threads share a page of frames, and the second one's youngest frame lies low: what the window holds
 * above it is the first one's. */
static void test_bytes_behind_the_window_are_stale(void **state)
{
	struct rig *rig = *state;
	__u64 page = fake_pages(&rig->fake, 1);
	__u64 low = page + 512, high = page + 3072;

	chain_init(&rig->chain, &rig->fake, page);
	chain_push(&rig->chain, page + CHAIN_STRIDE, CHAIN_CODE(1), 1, FAKE_BY_THREAD);
	chain_push(&rig->chain, high, CHAIN_CODE(2), 2, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);

	chain_init(&rig->chain, &rig->fake, page);
	chain_push(&rig->chain, high, CHAIN_CODE(3), 3, FAKE_BY_GENERATOR);
	chain_push(&rig->chain, low, CHAIN_CODE(4), 4, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static unsigned random_below(unsigned *seed, unsigned limit)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % limit;
}

/* Chains through the slots of four pages, in any order, of any kind, again and again in the same
 * scratch: what is found must be what is there now. */
static void test_random_chains(void **state)
{
	enum { PAGES = 4, SLOT = 104, SLOTS = PAGES * 4096 / SLOT };
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, PAGES);
	unsigned seed = 20240607;

	for (unsigned round = 0; round < 400; round++) {
		unsigned cnt = 1 + random_below(&seed, 40);
		bool used[SLOTS] = {};

		chain_init(&rig->chain, &rig->fake, fake_alloc(&rig->fake, 96));
		for (unsigned i = 0, slot = random_below(&seed, SLOTS); i < cnt; i++) {
			/* Mostly the next slot, as calls go. */
			slot = random_below(&seed, 4) ? slot + 1 : random_below(&seed, SLOTS);
			while (slot >= SLOTS || used[slot])
				slot = random_below(&seed, SLOTS);
			used[slot] = true;
			chain_push(&rig->chain, stack + slot * SLOT,
				   CHAIN_CODE(random_below(&seed, 5000)),
				   random_below(&seed, 500000),
				   random_below(&seed, 3) ? FAKE_BY_THREAD : FAKE_BY_GENERATOR);
		}
		assert_status(rig_walk(rig), SAMPLED);
		rig_check_chain(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_across_pages),
		RIG_TEST(test_wide_frames),
		RIG_TEST(test_youngest_at_the_end_of_memory),
		RIG_TEST(test_heap_frames_at_the_end_of_memory),
		RIG_TEST(test_chunks),
		RIG_TEST(test_unreadable_frame),
		RIG_TEST(test_impossible_frame_address),
		RIG_TEST(test_frame_across_the_end_of_memory),
		RIG_TEST(test_page_changed_between_walks),
		RIG_TEST(test_bytes_behind_the_window_are_stale),
		RIG_TEST(test_random_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
