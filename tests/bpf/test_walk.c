// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What the walker makes of a frame. */
#include "tests/bpf/rig.h"

static __u64 start(struct rig *rig)
{
	__u64 stack = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, stack);
	return stack + CHAIN_STRIDE;
}

static void test_calls(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	for (unsigned i = 1; i < 30; i++) {
		at = chain_calls(&rig->chain, at, 1);
		assert_status(rig_walk(rig), SAMPLED);
		assert_int_equal(rig_out(rig)->frame_cnt, i);
		rig_check_chain(rig);
	}
}

static void test_hash_tells_stacks_apart(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig), hash;

	at = chain_calls(&rig->chain, at, 2);
	assert_status(rig_walk(rig), SAMPLED);
	hash = rig_out(rig)->hash;
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash == hash);

	chain_push(&rig->chain, at, CHAIN_CODE(2), 2, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash != hash);
	hash = rig_out(rig)->hash;
	chain_frame(&rig->fake, at, at - CHAIN_STRIDE, CHAIN_CODE(2),
		    CHAIN_CODE(2) + rig->fake.layout.co_code + 2 * 3, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash != hash);
}

static void test_hash_tells_order_apart(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig), hash;

	chain_push(&rig->chain, at, CHAIN_CODE(1), 1, FAKE_BY_THREAD);
	chain_push(&rig->chain, at + CHAIN_STRIDE, CHAIN_CODE(2), 1, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	hash = rig_out(rig)->hash;

	at = start(rig);
	chain_push(&rig->chain, at, CHAIN_CODE(2), 1, FAKE_BY_THREAD);
	chain_push(&rig->chain, at + CHAIN_STRIDE, CHAIN_CODE(1), 1, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash != hash);
}

static void test_hash_tells_images_and_targets_apart(void **state)
{
	struct rig *rig = *state;
	__u64 hash;

	chain_calls(&rig->chain, start(rig), 3);
	assert_status(rig_walk(rig), SAMPLED);
	hash = rig_out(rig)->hash;
	rig->skel->bss->probe_in.image = 1;
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash != hash);
	rig->skel->bss->probe_in.image = 0;
	rig->skel->bss->probe_in.target = 1;
	assert_status(rig_walk(rig), SAMPLED);
	assert_true(rig_out(rig)->hash != hash);
	rig_check_chain(rig);
}

/* Generators have their frames on the heap, and call and are called. */
static void test_generators(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	for (unsigned i = 0; i < 4; i++) {
		at = chain_calls(&rig->chain, at, 2);
		chain_push(&rig->chain, fake_alloc(&rig->fake, 96), CHAIN_CODE(100 + i), 5,
			   FAKE_BY_GENERATOR);
		chain_push(&rig->chain, fake_alloc(&rig->fake, 96), CHAIN_CODE(200 + i), 6,
			   FAKE_BY_GENERATOR);
		assert_status(rig_walk(rig), SAMPLED);
		rig_check_chain(rig);
	}
	assert_int_equal(rig_out(rig)->frame_cnt, 16);
}

static void test_entry_frames_are_hidden(void **state)
{
	struct rig *rig = *state;
	unsigned char first = rig->fake.layout.first_non_python_owner;
	__u64 at = start(rig);

	/* On the C stack; what they execute is None, or nothing that makes sense. */
	for (unsigned char owner = first; owner < first + 3; owner++) {
		at = chain_calls(&rig->chain, at, 2);
		chain_push_hidden(&rig->chain, fake_alloc(&rig->fake, 96), 1ull << 60 | owner,
				  owner);
		chain_push_hidden(&rig->chain, fake_alloc(&rig->fake, 96), 0, owner);
	}
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	assert_int_equal(rig_out(rig)->frame_cnt, 6);
}

static void test_every_owner_below_is_shown(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	for (unsigned owner = 0; owner < rig->fake.layout.first_non_python_owner; owner++) {
		chain_push(&rig->chain, at, CHAIN_CODE(owner), 1, owner);
		at += CHAIN_STRIDE;
	}
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* Since CPython 3.14 f_executable is a _PyStackRef. */
static void test_tags_are_no_address(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	for (unsigned tag = 0; tag <= rig->fake.layout.fr_tag_mask; tag++) {
		chain_push(&rig->chain, at, CHAIN_CODE(tag), 3, FAKE_BY_THREAD);
		fake_put64(at + rig->fake.layout.fr_executable, CHAIN_CODE(tag) | tag);
		at += CHAIN_STRIDE;
	}
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* A frame whose executable has been cleared already. Tagged nothing is nothing. */
static void test_null_executable_is_skipped(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	for (unsigned tag = 0; tag <= rig->fake.layout.fr_tag_mask; tag++) {
		at = chain_calls(&rig->chain, at, 1);
		chain_push_hidden(&rig->chain, at, tag, FAKE_BY_THREAD);
		at += CHAIN_STRIDE;
	}
	at = chain_calls(&rig->chain, at, 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_impossible_code_address(void **state)
{
	static const __u64 bad[] = {
		CHAIN_CODE(0) | 4,     1ull << 48,
		0x8000000000000000ull, 0xffff888000001000,
		0xffffffffffffffffull, 0xdbdbdbdbdbdbdbd8ull,
	};
	struct rig *rig = *state;
	__u64 at = chain_calls(&rig->chain, start(rig), 2);

	chain_push(&rig->chain, at, CHAIN_CODE(9), 1, FAKE_BY_THREAD);
	chain_calls(&rig->chain, at + CHAIN_STRIDE, 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_put64(at + rig->fake.layout.fr_executable, bad[i]);
		assert_status(rig_walk(rig), FRAME_INVALID);
	}
	fake_put64(at + rig->fake.layout.fr_executable, CHAIN_CODE(9));
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* Where addresses are not tagged, no low bit is forgiven. */
static void test_tag_where_none_can_be(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	chain_push(&rig->chain, at, CHAIN_CODE(9), 1, FAKE_BY_THREAD);
	fake_put64(at + rig->fake.layout.fr_executable, CHAIN_CODE(9) | 1);
	assert_status(rig_walk(rig), FRAME_INVALID);
}

static void test_highest_code_address(void **state)
{
	struct rig *rig = *state;

	chain_push(&rig->chain, start(rig), 0xfffffffffff8, 77, FAKE_BY_THREAD);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	assert_true(TACH_FRAME_CODE(rig_out(rig)->frames[0]) == 0xfffffffffff8);
	assert_int_equal(TACH_FRAME_LASTI(rig_out(rig)->frames[0]), 77);
}

static void test_instruction_offset(void **state)
{
	static const struct {
		__s64 from_bytecode; /* of the instruction pointer */
		__u32 lasti;
	} cases[] = {
		{0, 0},
		{2, 1},
		{3, 1},
		{2 * (TACH_FRAME_LASTI_NONE - 1), TACH_FRAME_LASTI_NONE - 1},
		{2 * TACH_FRAME_LASTI_NONE, TACH_FRAME_LASTI_NONE},
		{2 * TACH_FRAME_LASTI_NONE + 2, TACH_FRAME_LASTI_NONE},
		{-2, TACH_FRAME_LASTI_NONE},
		{1ll << 40, TACH_FRAME_LASTI_NONE},
		{-(1ll << 40), TACH_FRAME_LASTI_NONE},
	};
	struct rig *rig = *state;
	__u64 at = start(rig), code = CHAIN_CODE(3), root = rig->chain.top;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		chain_frame(&rig->fake, at, root, code,
			    code + rig->fake.layout.co_code + cases[i].from_bytecode,
			    FAKE_BY_THREAD);
		rig->chain.top = at;
		assert_status(rig_walk(rig), SAMPLED);
		assert_int_equal(rig_out(rig)->frame_cnt, 1);
		assert_true(TACH_FRAME_CODE(rig_out(rig)->frames[0]) == code);
		assert_int_equal(TACH_FRAME_LASTI(rig_out(rig)->frames[0]), cases[i].lasti);
	}
	fake_put64(at + rig->fake.layout.fr_instr_ptr, 0);
	assert_status(rig_walk(rig), SAMPLED);
	assert_int_equal(TACH_FRAME_LASTI(rig_out(rig)->frames[0]), TACH_FRAME_LASTI_NONE);
}

static void test_chain_without_root(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig), first = at;

	chain_calls(&rig->chain, at, 4);
	fake_put64(first + rig->fake.layout.fr_previous, 0);
	assert_status(rig_walk(rig), NO_ROOT);
	/* Nor is an entry frame further up a root. */
	chain_push_hidden(&rig->chain, fake_alloc(&rig->fake, 96), 0, FAKE_ENTRY);
	assert_status(rig_walk(rig), NO_ROOT);
	chain_push(&rig->chain, fake_alloc(&rig->fake, 96), CHAIN_CODE(8), 1, FAKE_BY_GENERATOR);
	assert_status(rig_walk(rig), NO_ROOT);

	rig->fake.layout.flags &= ~TACH_LAYOUT_ENTRY_AT_ROOT;
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_cleared_frame_at_root(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	chain_push_hidden(&rig->chain, at, 0, FAKE_BY_THREAD);
	fake_put64(at + rig->fake.layout.fr_previous, 0);
	chain_calls(&rig->chain, at + CHAIN_STRIDE, 2);
	assert_status(rig_walk(rig), NO_ROOT);
}

static void test_no_frames(void **state)
{
	struct rig *rig = *state;

	assert_status(rig_run(rig, TACH_PROBE_WALK), NO_FRAMES);
	/* Nothing but the interpreter's own. */
	start(rig);
	assert_status(rig_walk(rig), NO_FRAMES);
	chain_push_hidden(&rig->chain, fake_alloc(&rig->fake, 96), 0, FAKE_ENTRY);
	assert_status(rig_walk(rig), NO_FRAMES);
	chain_calls(&rig->chain, fake_alloc(&rig->fake, 96), 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_calls),
		RIG_TEST(test_hash_tells_stacks_apart),
		RIG_TEST(test_hash_tells_order_apart),
		RIG_TEST(test_hash_tells_images_and_targets_apart),
		RIG_TEST(test_generators),
		RIG_TEST(test_entry_frames_are_hidden),
		RIG_TEST(test_every_owner_below_is_shown),
		RIG_TEST(test_tags_are_no_address),
		RIG_TEST(test_null_executable_is_skipped),
		RIG_TEST(test_impossible_code_address),
		RIG_TEST_ON(test_tag_where_none_can_be, 313),
		RIG_TEST(test_highest_code_address),
		RIG_TEST(test_instruction_offset),
		RIG_TEST(test_chain_without_root),
		RIG_TEST(test_cleared_frame_at_root),
		RIG_TEST(test_no_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
