// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* When the ring is full, and when its reader is woken. */
#include <poll.h>

#include "tests/bpf/rig.h"

#define WAKE_SZ 4096

static int setup_small(void **state)
{
	*state = rig_new(*state, 64 << 10, 64 << 10);
	return 0;
}

/* Room for one stack of the greatest depth, not for two. */
static int setup_medium(void **state)
{
	*state = rig_new(*state, 128 << 10, 128 << 10);
	return 0;
}

static int setup_wake(void **state)
{
	*state = rig_new(*state, 64 << 10, WAKE_SZ);
	return 0;
}

static void call_one(struct rig *rig, __u64 code, unsigned depth, __u64 lasti)
{
	__u64 at = fake_pages(&rig->fake, (depth + 2) * CHAIN_STRIDE / FAKE_PAGE + 1);

	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < depth; i++)
		chain_push(&rig->chain, at += CHAIN_STRIDE, code, lasti, FAKE_BY_THREAD);
}

/* A code object that did not get through must not be taken as known. */
static void test_full_at_code_object(void **state)
{
	static const unsigned char table[16 << 10];
	struct rig *rig = *state;
	__u64 codes[4], at = fake_pages(&rig->fake, 1);

	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < 4; i++) { /* three of them fit */
		struct fake_code spec = fake_code_spec(&rig->fake, "large");

		spec.linetable = fake_bytes(&rig->fake, table, sizeof(table));
		codes[i] = fake_alloc(&rig->fake, TACH_CODE_SZ);
		fake_code_at(&rig->fake, codes[i], &spec);
		chain_push(&rig->chain, at += CHAIN_STRIDE, codes[i], 1, FAKE_BY_THREAD);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_status(rig_intern(rig), RING_FULL);
	assert_int_equal(rig_count(rig, TACH_CT_CODES), 3);
	assert_int_equal(rig_count(rig, TACH_CT_STACKS), 0);
	assert_string_equal(rig_drain(rig), "CCC");
	for (unsigned i = 0; i < 3; i++)
		assert_true(rig_code(rig, i)->code_addr == codes[3 - i]);

	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == codes[0]);
	assert_true(rig_stack(rig)->stack_id == rig_out(rig)->stack_id);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "");
}

/* Nor a stack. Its code objects did get through. */
static void test_full_at_stack(void **state)
{
	struct rig *rig = *state;
	__u64 first, id;

	call_one(rig, fake_code(&rig->fake, "first"), TACH_MAX_FRAMES, 1);
	assert_status(rig_intern(rig), SAMPLED);
	first = rig_out(rig)->stack_id;
	call_one(rig, fake_code(&rig->fake, "second"), TACH_MAX_FRAMES, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_status(rig_intern(rig), RING_FULL);
	assert_int_equal(rig_count(rig, TACH_CT_STACKS), 1);
	assert_string_equal(rig_drain(rig), "CSC");
	assert_true(rig_stack(rig)->stack_id == first);

	assert_status(rig_intern(rig), SAMPLED);
	id = rig_out(rig)->stack_id;
	assert_true(id != first);
	assert_string_equal(rig_drain(rig), "S");
	assert_true(rig_stack(rig)->stack_id == id);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == id);
	assert_string_equal(rig_drain(rig), "");
}

/* What became stale while the ring was full is still stale when there is room again. */
static void test_full_at_stale_stack(void **state)
{
	struct rig *rig = *state;
	struct fake_code spec = fake_code_spec(&rig->fake, "other");
	__u64 code = fake_code(&rig->fake, "first"), known;

	call_one(rig, code, TACH_MAX_FRAMES, 1);
	assert_status(rig_intern(rig), SAMPLED);
	known = rig_out(rig)->stack_id;
	fake_code_at(&rig->fake, code, &spec);
	if (rig->fake.layout.is_code_generation)
		fake_set_generation(&rig->fake, rig->fake.interp, 1);
	assert_status(rig_intern(rig), RING_FULL);
	assert_status(rig_intern(rig), RING_FULL);
	assert_string_equal(rig_drain(rig), "CSC");
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id != known);
	assert_string_equal(rig_drain(rig), "S");
}

/* A known stack needs no room of its own. */
static void test_known_stack_in_full_ring(void **state)
{
	struct rig *rig = *state;
	__u64 code = fake_code(&rig->fake, "known"), id;

	call_one(rig, code, 3, 1);
	assert_status(rig_intern(rig), SAMPLED);
	id = rig_out(rig)->stack_id;
	for (unsigned lasti = 1; lasti < 3; lasti++) {
		call_one(rig, code, TACH_MAX_FRAMES, lasti);
		rig_intern(rig);
	}
	assert_status(rig_intern(rig), RING_FULL);
	call_one(rig, code, 3, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == id);
}

static void test_stack_larger_than_the_ring(void **state)
{
	struct rig *rig = *state;
	__u64 code = fake_code(&rig->fake, "deep");

	call_one(rig, code, TACH_MAX_FRAMES, 1);
	assert_status(rig_intern(rig), RING_FULL);
	assert_string_equal(rig_drain(rig), "C");
	assert_status(rig_intern(rig), RING_FULL);
	assert_string_equal(rig_drain(rig), "");
	call_one(rig, code, 100, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "S");
}

static bool awake(struct rig *rig, int timeout_ms)
{
	struct pollfd fd = {.fd = tach_source__fd(rig->source), .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

/* Little by little does not wake the reader, a full measure does. */
static void test_wake_up(void **state)
{
	struct rig *rig = *state;
	__u64 code = fake_code(&rig->fake, "name"), lasti = 1;

	for (unsigned round = 0; round < 2; round++) {
		call_one(rig, code, 300, lasti++); /* 2.4 kB each */
		assert_status(rig_intern(rig), SAMPLED);
		assert_false(awake(rig, 20));
		call_one(rig, code, 300, lasti++);
		assert_status(rig_intern(rig), SAMPLED);
		call_one(rig, code, 300, lasti++);
		assert_status(rig_intern(rig), SAMPLED);
		assert_true(awake(rig, 5000));
		rig_drain(rig);
		assert_false(awake(rig, 0));
	}
}

#define TEST(test, setup, layout)                                                                  \
	{#test "/" #layout, test, setup, rig_teardown, (void *)&layout_##layout}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_full_at_code_object, setup_small, 313),
		TEST(test_full_at_code_object, setup_small, 315),
		TEST(test_full_at_stack, setup_medium, 313),
		TEST(test_full_at_stack, setup_medium, 315),
		TEST(test_full_at_stale_stack, setup_medium, 313),
		TEST(test_full_at_stale_stack, setup_medium, 315),
		TEST(test_known_stack_in_full_ring, setup_medium, 315),
		TEST(test_stack_larger_than_the_ring, setup_small, 315),
		TEST(test_wake_up, setup_wake, 315),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
