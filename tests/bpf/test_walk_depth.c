// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Stacks at and beyond the limit, and chains without an end. */
#include "tests/bpf/rig.h"

#define MAX    TACH_MAX_FRAMES
#define OLDEST TACH_ROOT_FRAMES

static void check_depth(struct rig *rig, unsigned depth)
{
	__u64 stack = fake_pages(&rig->fake, (depth + 2) * CHAIN_STRIDE / FAKE_PAGE + 1);

	chain_init(&rig->chain, &rig->fake, stack);
	chain_calls(&rig->chain, stack + CHAIN_STRIDE, depth);
	assert_status(rig_walk(rig), SAMPLED);
	if (depth <= MAX)
		rig_check_chain(rig);
	else if (depth <= 2 * MAX)
		rig_check_both_ends(rig);
	else
		rig_check_lost_root(rig);
}

static void test_depth(void **state)
{
	static const unsigned depths[] = {
		1, 1000, MAX - 1, MAX, MAX + 1, MAX + OLDEST, MAX + OLDEST + 1, 2 * MAX, 20000};

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		check_depth(*state, depths[i]);
}

/* A cut stack leaves no mark on the next one. */
static void test_flag_is_of_this_walk(void **state)
{
	check_depth(*state, MAX + 1);
	check_depth(*state, 3);
}

/* Code that C calls (a sort key, a callback) brings an entry frame with each call. */
static void push_called_from_c(struct rig *rig, __u64 at, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		chain_push_hidden(&rig->chain, at, 0, FAKE_ENTRY);
		at = chain_calls(&rig->chain, at + CHAIN_STRIDE, 1);
	}
}

static void check_depth_called_from_c(struct rig *rig, unsigned depth)
{
	__u64 stack = fake_pages(&rig->fake, (2 * depth + 2) * CHAIN_STRIDE / FAKE_PAGE + 1);

	chain_init(&rig->chain, &rig->fake, stack);
	push_called_from_c(rig, stack + CHAIN_STRIDE, depth);
	assert_status(rig_walk(rig), SAMPLED);
	if (depth <= MAX)
		rig_check_chain(rig);
	else if (depth == MAX + 1)
		rig_check_both_ends(rig);
	else
		rig_check_lost_root(rig);
}

static void test_depth_called_from_c(void **state)
{
	check_depth_called_from_c(*state, 4000);
	check_depth_called_from_c(*state, MAX - 1);
}

static void test_limit_called_from_c(void **state)
{
	check_depth_called_from_c(*state, MAX);
}

static void test_beyond_the_limit_called_from_c(void **state)
{
	check_depth_called_from_c(*state, MAX + 1);
	check_depth_called_from_c(*state, 10000);
}

/* Also when the youngest is an entry frame: C code that was called from Python runs. */
static void test_limit_below_entry_frame(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, (2 * MAX + 4) * CHAIN_STRIDE / FAKE_PAGE + 1);

	chain_init(&rig->chain, &rig->fake, stack);
	push_called_from_c(rig, stack + CHAIN_STRIDE, MAX + 1);
	chain_push_hidden(&rig->chain, fake_alloc(&rig->fake, 96), 0, FAKE_ENTRY);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_lost_root(rig);
}

/* The memory of a chain that is being changed may say anything. */
static void check_cycle(struct rig *rig, unsigned length)
{
	__u64 stack = fake_pages(&rig->fake, 3);

	chain_init(&rig->chain, &rig->fake, stack);
	chain_calls(&rig->chain, stack + CHAIN_STRIDE, length);
	fake_put64(stack + CHAIN_STRIDE + rig->fake.layout.fr_previous, rig->chain.top);
	assert_status(rig_walk(rig), SAMPLED);
	assert_int_equal(rig_out(rig)->flags, TACH_STACK_TRUNCATED);
	assert_int_equal(rig_out(rig)->frame_cnt, TACH_LEAF_FRAMES);
	for (unsigned i = 0; i < TACH_LEAF_FRAMES; i++)
		assert_true(rig_out(rig)->frames[i] == rig->chain.words[length - 1 - i % length]);
}

static void test_cycle_of_frames(void **state)
{
	check_cycle(*state, 1);
	check_cycle(*state, 2);
	check_cycle(*state, 77);
}

static void test_cycle_of_entry_frames(void **state)
{
	struct rig *rig = *state;
	__u64 at = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, at);
	fake_put64(at + rig->fake.layout.fr_previous, at);
	assert_status(rig_walk(rig), NO_ROOT);
	chain_calls(&rig->chain, at + CHAIN_STRIDE, 3);
	assert_status(rig_walk(rig), NO_ROOT);
}

static void test_cycle_of_cleared_frames(void **state)
{
	struct rig *rig = *state;
	__u64 at = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, at);
	chain_push_hidden(&rig->chain, at + CHAIN_STRIDE, 0, FAKE_BY_THREAD);
	fake_put64(at + CHAIN_STRIDE + rig->fake.layout.fr_previous, at + CHAIN_STRIDE);
	assert_status(rig_walk(rig), NO_ROOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_depth),
		RIG_TEST(test_flag_is_of_this_walk),
		RIG_TEST(test_depth_called_from_c),
		RIG_TEST_ON(test_limit_called_from_c, 315),
		RIG_TEST_ON(test_beyond_the_limit_called_from_c, 315),
		RIG_TEST_ON(test_limit_below_entry_frame, 315),
		RIG_TEST(test_cycle_of_frames),
		RIG_TEST(test_cycle_of_entry_frames),
		RIG_TEST(test_cycle_of_cleared_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
