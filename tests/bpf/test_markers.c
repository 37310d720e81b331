// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Words in a stack that stand for no code object: where they come. */
#include "tests/bpf/rig.h"

static __u64 start(struct rig *rig)
{
	__u64 stack = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, stack);
	return stack + CHAIN_STRIDE;
}

static void add(struct chain *chain, enum tach_marker marker)
{
	chain->words[chain->cnt++] = marker;
}

static __u64 entry(struct rig *rig)
{
	return fake_alloc(&rig->fake, 96);
}

static void hold_gil(struct rig *rig, bool hold)
{
	const struct tach_layout *layout = &rig->fake.layout;
	__u64 thread = rig->fake.thread;
	__u32 bits;

	memcpy(&bits, fake_ptr(thread + layout->ts_holds_gil), sizeof(bits));
	bits &= ~layout->ts_holds_gil_mask;
	bits |= hold ? layout->ts_holds_gil_mask & -layout->ts_holds_gil_mask : 0;
	fake_put32(thread + layout->ts_holds_gil, bits);
}

/* Where C code called Python code. At the root there is an entry frame without a caller. */
static void test_native(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	at = chain_calls(&rig->chain, at, 2);
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	at = chain_calls(&rig->chain, at, 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig); /* not asked for */

	rig->fake.layout.flags |= TACH_LAYOUT_NATIVE;
	rig->chain.words[3] = rig->chain.words[2];
	rig->chain.words[2] = TACH_MARKER_NATIVE;
	rig->chain.cnt = 4;
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);

	/* Through two of them at once. */
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	add(&rig->chain, TACH_MARKER_NATIVE);
	add(&rig->chain, TACH_MARKER_NATIVE);
	chain_calls(&rig->chain, at, 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_native_not_at_leaf(void **state)
{
	struct rig *rig = *state;

	rig->fake.layout.flags |= TACH_LAYOUT_NATIVE;
	chain_calls(&rig->chain, start(rig), 2);
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* 3.15 has a frame of its own below the entry frame of a thread. */
static void test_native_at_root(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig);

	rig->fake.layout.flags |= TACH_LAYOUT_NATIVE;
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	add(&rig->chain, TACH_MARKER_NATIVE);
	chain_calls(&rig->chain, at, 2);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* In front of the frame that began it, which its callbacks lie above; the call of those is no news. */
static void test_gc(void **state)
{
	struct rig *rig = *state;
	__u64 at = chain_calls(&rig->chain, start(rig), 2);

	rig->fake.layout.flags |= TACH_LAYOUT_NATIVE;
	fake_set_gc(&rig->fake, rig->fake.interp, rig->chain.top);
	add(&rig->chain, TACH_MARKER_GC);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);

	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	at = chain_calls(&rig->chain, at, 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	chain_push_hidden(&rig->chain, entry(rig), 0, FAKE_ENTRY);
	add(&rig->chain, TACH_MARKER_NATIVE);
	chain_calls(&rig->chain, at, 2);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_gc_of_others(void **state)
{
	struct rig *rig = *state;
	__u64 other = fake_interp(&rig->fake);

	chain_calls(&rig->chain, start(rig), 2);
	hold_gil(rig, true);
	fake_set_gc(&rig->fake, other, rig->chain.top);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	/* Of this interpreter, and not to be shown. */
	fake_set_gc(&rig->fake, rig->fake.interp, rig->chain.top);
	rig->fake.layout.is_gc = 0;
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

static void test_gc_in_another_thread(void **state)
{
	struct rig *rig = *state;

	chain_calls(&rig->chain, start(rig), 2);
	fake_set_gc(&rig->fake, rig->fake.interp, rig->chain.top + 4096);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* Without a frame published, it is the thread with the GIL, at its leaf. */
static void test_gc_without_frame(void **state)
{
	struct rig *rig = *state;

	chain_calls(&rig->chain, start(rig), 2);
	fake_set_gc(&rig->fake, rig->fake.interp, 1);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	hold_gil(rig, true);
	add(&rig->chain, TACH_MARKER_GC);
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
	fake_set_gc(&rig->fake, rig->fake.interp, 0);
	rig->chain.cnt--;
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* What cannot be read is no collection. */
static void test_gc_not_in_memory(void **state)
{
	struct rig *rig = *state;

	chain_calls(&rig->chain, start(rig), 2);
	hold_gil(rig, true);
	rig->fake.layout.is_gc = 1u << 30;
	assert_status(rig_walk(rig), SAMPLED);
	rig_check_chain(rig);
}

/* Markers are part of what a stack is, and have no code object to be described. */
static void test_known_apart(void **state)
{
	struct rig *rig = *state;
	__u64 at = start(rig), id;

	for (unsigned i = 0; i < 3; i++)
		chain_push(&rig->chain, at + i * CHAIN_STRIDE, fake_code(&rig->fake, "f"), i,
			   FAKE_BY_THREAD);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CCCS");
	id = rig_out(rig)->stack_id;
	fake_set_gc(&rig->fake, rig->fake.interp, at + CHAIN_STRIDE);
	for (unsigned i = 0; i < 2; i++) {
		assert_status(rig_intern(rig), SAMPLED);
		assert_string_equal(rig_drain(rig), i ? "" : "S");
		assert_int_equal(rig_out(rig)->frame_cnt, 4);
		assert_true(rig_out(rig)->frames[1] == TACH_MARKER_GC);
		assert_true(rig_out(rig)->stack_id != id);
	}
	fake_set_gc(&rig->fake, rig->fake.interp, 0);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_native),
		RIG_TEST(test_native_not_at_leaf),
		RIG_TEST(test_native_at_root),
		RIG_TEST_ON(test_gc, 315),
		RIG_TEST_ON(test_gc, moved),
		RIG_TEST(test_gc_of_others),
		RIG_TEST_ON(test_gc_in_another_thread, 315),
		RIG_TEST_ON(test_gc_without_frame, 313),
		RIG_TEST(test_gc_not_in_memory),
		RIG_TEST_ON(test_known_apart, 315),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
