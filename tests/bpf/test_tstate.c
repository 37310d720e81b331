// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Which thread state is the current thread's. */

#include "tests/bpf/rig.h"

static void look_for(struct rig *rig, __u32 tid)
{
	rig->skel->bss->probe_in.tid = tid;
}

#define assert_found(rig, ts)                                                                      \
	do {                                                                                       \
		assert_status(rig_find(rig), SAMPLED);                                             \
		assert_true(rig_out(rig)->tstate == (ts));                                         \
	} while (0)

static void test_anywhere_in_the_list(void **state)
{
	struct rig *rig = *state;
	__u64 threads[20];

	for (unsigned i = 0; i < 20; i++)
		threads[i] = fake_thread(&rig->fake, rig->fake.interp, 100 + i, FAKE_BOUND);
	for (unsigned i = 0; i < 20; i++) {
		look_for(rig, 100 + i);
		assert_found(rig, threads[i]);
	}
	look_for(rig, FAKE_TID);
	assert_found(rig, rig->fake.thread);
}

/* The walk of the frames must start from the thread that was found. */
static void test_frames_are_of_that_thread(void **state)
{
	struct rig *rig = *state;
	__u64 other = fake_thread(&rig->fake, rig->fake.interp, 5, FAKE_BOUND);
	__u64 stack = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, stack);
	chain_calls(&rig->chain, stack + CHAIN_STRIDE, 3);
	for (unsigned round = 0; round < 2; round++) { /* found by the list, by the cache */
		chain_run_in(&rig->chain, other);
		look_for(rig, 5);
		assert_status(rig_run(rig, TACH_PROBE_WALK), SAMPLED);
		rig_check_chain(rig);
		look_for(rig, FAKE_TID);
		assert_status(rig_run(rig, TACH_PROBE_WALK), NO_FRAMES);
	}
}

static void test_interpreters(void **state)
{
	struct rig *rig = *state;
	__u64 empty = fake_interp(&rig->fake), second = fake_interp(&rig->fake);
	__u64 thread = fake_thread(&rig->fake, second, 5, FAKE_BOUND);

	assert_true(fake_get64(empty + rig->fake.layout.is_threads_head) == 0);
	look_for(rig, 5);
	assert_found(rig, thread);
	look_for(rig, FAKE_TID);
	assert_found(rig, rig->fake.thread);
	look_for(rig, 6);
	assert_status(rig_find(rig), NO_PYTHON);
}

static void test_unknown_thread(void **state)
{
	struct rig *rig = *state;
	__u64 thread;

	fake_thread(&rig->fake, rig->fake.interp, 5, FAKE_BOUND);
	look_for(rig, 6);
	assert_status(rig_find(rig), NO_PYTHON);
	assert_status(rig_find(rig), NO_PYTHON);
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 2);
	/* It is looked for again each time, so it is found as soon as it is there. */
	look_for(rig, 7);
	assert_status(rig_find(rig), NO_PYTHON);
	thread = fake_thread(&rig->fake, rig->fake.interp, 7, FAKE_BOUND);
	assert_found(rig, thread);
}

/* A thread that is not attached keeps its gilstate: it may be running C code. */
static void test_state_bits(void **state)
{
	static const struct {
		__u32 status;
		bool mine;
	} cases[] = {
		{FAKE_BOUND, true},
		{TACH_TS_BOUND_GILSTATE, true},
		{FAKE_BOUND | ~15u, true}, /* bits of no interest: finalizing, whence, GIL held */
		{TACH_TS_INITIALIZED | TACH_TS_BOUND, false},
		{0, false},
		{TACH_TS_INITIALIZED | TACH_TS_UNBOUND, false},
		{FAKE_BOUND | TACH_TS_UNBOUND, false},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_put32(rig->fake.thread + rig->fake.layout.ts_status, cases[i].status);
		assert_string_equal(rig_status_name(rig_find(rig)),
				    cases[i].mine ? "SAMPLED" : "NO_PYTHON");
	}
}

/* One OS thread that has been in two interpreters: the state bound to its gilstate counts. */
static void test_two_states_of_a_thread(void **state)
{
	struct rig *rig = *state;
	__u32 at = rig->fake.layout.ts_status;
	__u64 second = fake_thread(&rig->fake, fake_interp(&rig->fake), FAKE_TID,
				   TACH_TS_INITIALIZED | TACH_TS_BOUND);
	__u64 third = fake_thread(&rig->fake, rig->fake.interp, FAKE_TID,
				  TACH_TS_INITIALIZED | TACH_TS_BOUND);

	for (unsigned round = 0; round < 2; round++) {
		assert_found(rig, rig->fake.thread);
		fake_put32(rig->fake.thread + at, TACH_TS_INITIALIZED | TACH_TS_BOUND);
		fake_put32(second + at, FAKE_BOUND);
		assert_found(rig, second);
		fake_put32(second + at, TACH_TS_INITIALIZED | TACH_TS_BOUND);
		fake_put32(third + at, FAKE_BOUND);
		assert_found(rig, third);
		fake_put32(third + at, TACH_TS_INITIALIZED | TACH_TS_BOUND);
		fake_put32(rig->fake.thread + at, FAKE_BOUND);
	}
}

static void test_cache(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 10; i++)
		assert_found(rig, rig->fake.thread);
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 1);
	/* A state that is remembered is read all the same: its frame is of now. */
	fake_put64(rig->fake.thread + rig->fake.layout.ts_current_frame, 0x1000);
	assert_status(rig_run(rig, TACH_PROBE_WALK), FRAME_FAULT);
	fake_put64(rig->fake.thread + rig->fake.layout.ts_current_frame, 0);
	assert_status(rig_run(rig, TACH_PROBE_WALK), NO_FRAMES);
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 1);
}

/* Threads take turns on a CPU. */
static void test_cache_of_several_threads(void **state)
{
	struct rig *rig = *state;
	__u32 at = rig->fake.layout.ts_native_tid;
	__u64 threads[3];

	for (unsigned i = 0; i < 3; i++)
		threads[i] = fake_thread(&rig->fake, rig->fake.interp, 100 + i, FAKE_BOUND);
	for (unsigned i = 0; i < 30; i++) {
		look_for(rig, 100 + i / 2 % 3); /* each twice */
		assert_found(rig, threads[i / 2 % 3]);
	}
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 3);

	/* Freed and used again for one another. */
	for (unsigned i = 0; i < 3; i++)
		fake_put64(threads[i] + at, 100 + (i + 1) % 3);
	for (unsigned i = 0; i < 30; i++) {
		look_for(rig, 100 + (i / 2 + 1) % 3);
		assert_found(rig, threads[i / 2 % 3]);
	}
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 6);
}

static void test_cache_is_per_target(void **state)
{
	struct rig *rig = *state;

	assert_found(rig, rig->fake.thread);
	rig->skel->bss->probe_in.target = 1;
	assert_found(rig, rig->fake.thread);
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 2);
}

/* Thread states are freed, and their memory used again. */
static void test_remembered_state_is_another_thread_now(void **state)
{
	struct rig *rig = *state;
	__u64 next;

	assert_found(rig, rig->fake.thread);
	fake_put64(rig->fake.thread + rig->fake.layout.ts_native_tid, 5);
	assert_status(rig_find(rig), NO_PYTHON);
	next = fake_thread(&rig->fake, rig->fake.interp, FAKE_TID, FAKE_BOUND);
	assert_found(rig, next);
	assert_found(rig, next);
	assert_int_equal(rig_count(rig, TACH_CT_TSTATE_WALKS), 3);
	look_for(rig, 5);
	assert_found(rig, rig->fake.thread);
}

static void test_remembered_state_is_rubbish_now(void **state)
{
	struct rig *rig = *state;
	__u64 next, old = fake_pages(&rig->fake, 1);

	fake_thread_at(&rig->fake, old, rig->fake.interp, 5, FAKE_BOUND);
	look_for(rig, 5);
	assert_found(rig, old);
	fake_put64(rig->fake.interp + rig->fake.layout.is_threads_head, rig->fake.thread);
	next = fake_thread(&rig->fake, rig->fake.interp, 5, FAKE_BOUND);
	memset(fake_ptr(old), 0xdd, FAKE_PAGE);
	assert_found(rig, next);
}

static void test_remembered_state_is_unmapped_now(void **state)
{
	struct rig *rig = *state;
	__u64 next, old = fake_pages(&rig->fake, 1);

	fake_thread_at(&rig->fake, old, rig->fake.interp, 5, FAKE_BOUND);
	look_for(rig, 5);
	assert_found(rig, old);
	fake_put64(rig->fake.interp + rig->fake.layout.is_threads_head, rig->fake.thread);
	fake_hide(old, true);
	assert_status(rig_find(rig), NO_PYTHON);
	next = fake_thread(&rig->fake, rig->fake.interp, 5, FAKE_BOUND);
	assert_found(rig, next);
}

static void test_not_started(void **state)
{
	struct rig *rig = *state;

	fake_put64(rig->fake.layout.runtime_addr + rig->fake.layout.rt_interpreters_head, 0);
	assert_status(rig_find(rig), NOT_STARTED);
}

/* Between the making of an interpreter and of its first thread. */
static void test_no_threads(void **state)
{
	struct rig *rig = *state;

	fake_put64(rig->fake.interp + rig->fake.layout.is_threads_head, 0);
	assert_status(rig_find(rig), NO_PYTHON);
}

static void test_unreadable(void **state)
{
	struct rig *rig = *state;
	__u64 hole = fake_pages(&rig->fake, 1), runtime = rig->fake.layout.runtime_addr;
	__u64 interp = rig->fake.interp;

	fake_hide(hole, true);
	look_for(rig, 6);
	fake_put64(rig->fake.thread + rig->fake.layout.ts_next, hole);
	assert_status(rig_find(rig), TSTATE_FAULT);
	look_for(rig, FAKE_TID); /* comes before the hole */
	assert_found(rig, rig->fake.thread);

	look_for(rig, 6);
	fake_put64(interp + rig->fake.layout.is_threads_head, hole);
	assert_status(rig_find(rig), TSTATE_FAULT);
	fake_put64(interp + rig->fake.layout.is_threads_head, 0);
	fake_put64(interp + rig->fake.layout.is_next, hole);
	assert_status(rig_find(rig), TSTATE_FAULT);
	fake_put64(runtime + rig->fake.layout.rt_interpreters_head, hole);
	assert_status(rig_find(rig), TSTATE_FAULT);
	rig->fake.layout.runtime_addr = hole;
	assert_status(rig_find(rig), TSTATE_FAULT);
}

static void test_state_at_the_end_of_memory(void **state)
{
	struct rig *rig = *state;
	__u64 ts = fake_page_end(&rig->fake, TACH_TSTATE_SZ);

	fake_thread_at(&rig->fake, ts, rig->fake.interp, 5, FAKE_BOUND);
	look_for(rig, 5);
	assert_found(rig, ts);
}

static void test_cycle_of_threads(void **state)
{
	struct rig *rig = *state;
	__u64 last = rig->fake.thread, first = last;

	for (unsigned i = 0; i < 5; i++) {
		fake_put64(last + rig->fake.layout.ts_next, first);
		look_for(rig, 6);
		assert_status(rig_find(rig), TSTATE_LIMIT);
		look_for(rig, FAKE_TID);
		assert_found(rig, last);
		first = fake_thread(&rig->fake, rig->fake.interp, 100 + i, FAKE_BOUND);
	}
}

static void test_cycle_of_interpreters(void **state)
{
	struct rig *rig = *state;
	__u64 second = fake_interp(&rig->fake);

	fake_put64(rig->fake.interp + rig->fake.layout.is_next, second);
	look_for(rig, 6);
	assert_status(rig_find(rig), TSTATE_LIMIT);
	look_for(rig, FAKE_TID);
	assert_found(rig, rig->fake.thread);
}

static void test_many_threads(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 8000; i++)
		fake_thread(&rig->fake, rig->fake.interp, 10000 + i, FAKE_BOUND);
	assert_found(rig, rig->fake.thread);
	look_for(rig, 6);
	assert_status(rig_find(rig), NO_PYTHON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_anywhere_in_the_list),
		RIG_TEST(test_frames_are_of_that_thread),
		RIG_TEST(test_interpreters),
		RIG_TEST(test_unknown_thread),
		RIG_TEST(test_state_bits),
		RIG_TEST(test_two_states_of_a_thread),
		RIG_TEST(test_cache),
		RIG_TEST(test_cache_of_several_threads),
		RIG_TEST_ON(test_cache_is_per_target, 315),
		RIG_TEST(test_remembered_state_is_another_thread_now),
		RIG_TEST(test_remembered_state_is_rubbish_now),
		RIG_TEST(test_remembered_state_is_unmapped_now),
		RIG_TEST(test_not_started),
		RIG_TEST(test_no_threads),
		RIG_TEST(test_unreadable),
		RIG_TEST(test_state_at_the_end_of_memory),
		RIG_TEST(test_cycle_of_threads),
		RIG_TEST(test_cycle_of_interpreters),
		RIG_TEST_ON(test_many_threads, 313),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
