// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Code objects are freed and others made at their addresses: a known stack must not be taken for
 * another one whose frames have the same addresses. */
#include "tests/bpf/rig.h"

struct stale {
	struct fake_code spec;
	__u64 codes[3]; /* root first; spec is of the one in the middle */
	__u64 generation;
	__u64 id;
};

/* A stack that user space knows. */
static void begin(struct rig *rig, struct stale *stale)
{
	__u64 at = fake_pages(&rig->fake, 1);

	stale->spec = fake_code_spec(&rig->fake, "first");
	stale->generation = 5;
	stale->codes[0] = fake_code(&rig->fake, "root");
	stale->codes[1] = fake_alloc(&rig->fake, TACH_CODE_SZ);
	stale->codes[2] = fake_code(&rig->fake, "leaf");
	fake_code_at(&rig->fake, stale->codes[1], &stale->spec);
	fake_set_generation(&rig->fake, rig->fake.interp, stale->generation);
	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < 3; i++)
		chain_push(&rig->chain, at += CHAIN_STRIDE, stale->codes[i], i, FAKE_BY_THREAD);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CCCS");
	stale->id = rig_out(rig)->stack_id;
}

/* Another code object at the same address; where the interpreter counts that, it has counted. */
static void replace(struct rig *rig, struct stale *stale)
{
	fake_code_at(&rig->fake, stale->codes[1], &stale->spec);
	if (rig->fake.layout.is_code_generation)
		fake_set_generation(&rig->fake, rig->fake.interp, ++stale->generation);
}

static void check_known(struct rig *rig, const struct stale *stale)
{
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == stale->id);
	assert_string_equal(rig_drain(rig), "");
}

static void check_new(struct rig *rig, struct stale *stale)
{
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id != stale->id);
	stale->id = rig_out(rig)->stack_id;
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == stale->codes[1]);
	assert_true(rig_stack(rig)->stack_id == stale->id);
	assert_int_equal(rig_code(rig, 0)->firstlineno, stale->spec.firstlineno);
	check_known(rig, stale);
}

static void test_replaced(void **state)
{
	static const char name[] = "second";
	struct rig *rig = *state;
	struct stale stale;
	__u64 before;

	begin(rig, &stale);
	before = rig_code(rig, 1)->fingerprint;
	stale.spec = fake_code_spec(&rig->fake, name);
	replace(rig, &stale);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id != stale.id);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == stale.codes[1]);
	assert_true(rig_code(rig, 0)->fingerprint != before);
	assert_memory_equal(rig_code(rig, 0)->data + rig_code(rig, 0)->filename.sz, name,
			    sizeof(name) - 1);
	assert_int_equal(rig_count(rig, TACH_CT_STALE), 1);
	stale.id = rig_out(rig)->stack_id;
	check_known(rig, &stale);
}

/* Back again: user space has heard of another one in between, of which not all could be sent. */
static void test_replaced_and_back(void **state)
{
	struct rig *rig = *state;
	__u64 hidden = fake_pages(&rig->fake, 1), stack = fake_alloc(&rig->fake, 512);
	struct fake_code first;
	struct stale stale;

	begin(rig, &stale);
	first = stale.spec;
	stale.spec = fake_code_spec(&rig->fake, "second");
	stale.spec.filename = hidden;
	fake_hide(hidden, true);
	replace(rig, &stale);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_int_equal(rig_code(rig, 0)->miss, TACH_CODE_MISS_FILENAME);

	stale.spec = first;
	replace(rig, &stale);
	chain_init(&rig->chain, &rig->fake, stack);
	chain_push(&rig->chain, stack + CHAIN_STRIDE, stale.codes[1], 9, FAKE_BY_THREAD);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_int_equal(rig_code(rig, 0)->firstlineno, first.firstlineno);
	assert_int_equal(rig_code(rig, 0)->miss, 0);
}

/* Each part of the identity tells by itself; the pointers once the counter of versions has overflowed. */
static void test_every_part_counts(void **state)
{
	struct rig *rig = *state;
	struct fake_code other = fake_code_spec(&rig->fake, "other");
	struct stale stale;

	begin(rig, &stale);
	stale.spec.version += 1000;
	replace(rig, &stale);
	check_new(rig, &stale);
	stale.spec.firstlineno++;
	replace(rig, &stale);
	check_new(rig, &stale);
	stale.spec.version = 0;
	replace(rig, &stale);
	check_new(rig, &stale);
	stale.spec.filename = other.filename;
	replace(rig, &stale);
	check_new(rig, &stale);
	stale.spec.qualname = other.qualname;
	replace(rig, &stale);
	check_new(rig, &stale);
	stale.spec.linetable = other.linetable;
	replace(rig, &stale);
	check_new(rig, &stale);
	assert_int_equal(rig_count(rig, TACH_CT_STALE), 6);
}

/* Not every version says where co_version is. */
static void test_without_version(void **state)
{
	struct rig *rig = *state;
	struct stale stale;

	rig->fake.layout.co_version = 0;
	begin(rig, &stale);
	fake_put64(stale.codes[1], 12345); /* the reference count */
	replace(rig, &stale);
	check_known(rig, &stale);
	stale.spec = fake_code_spec(&rig->fake, "second");
	replace(rig, &stale);
	check_new(rig, &stale);
}

/* A swap of two code objects is a change too. */
static void test_swapped(void **state)
{
	struct rig *rig = *state;
	struct fake_code other = fake_code_spec(&rig->fake, "other");
	struct stale stale;

	begin(rig, &stale);
	fake_code_at(&rig->fake, stale.codes[2], &other);
	replace(rig, &stale);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	stale.id = rig_out(rig)->stack_id;

	fake_code_at(&rig->fake, stale.codes[2], &stale.spec);
	stale.spec = other;
	replace(rig, &stale);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id != stale.id);
	assert_string_equal(rig_drain(rig), "CCS");
}

/* While no code object was freed, none is read. */
static void test_generation_saves_the_comparison(void **state)
{
	struct rig *rig = *state;
	struct stale stale;

	begin(rig, &stale);
	for (unsigned i = 0; i < 3; i++)
		check_known(rig, &stale);
	assert_int_equal(rig_count(rig, TACH_CT_REVALIDATED), 0);

	fake_set_generation(&rig->fake, rig->fake.interp, ++stale.generation);
	for (unsigned i = 0; i < 3; i++) {
		check_known(rig, &stale);
		assert_int_equal(rig_count(rig, TACH_CT_REVALIDATED), 1);
	}
	assert_int_equal(rig_count(rig, TACH_CT_STALE), 0);

	stale.spec = fake_code_spec(&rig->fake, "second");
	replace(rig, &stale);
	check_new(rig, &stale);
	assert_int_equal(rig_count(rig, TACH_CT_REVALIDATED), 1);
	assert_int_equal(rig_count(rig, TACH_CT_STALE), 1);
}

static void test_compared_each_time_without_generation(void **state)
{
	struct rig *rig = *state;
	struct stale stale;

	begin(rig, &stale);
	for (unsigned i = 1; i < 4; i++) {
		check_known(rig, &stale);
		assert_int_equal(rig_count(rig, TACH_CT_REVALIDATED), i);
	}
	stale.spec.version += 1000;
	replace(rig, &stale);
	check_new(rig, &stale);
}

static void test_unreadable_generation(void **state)
{
	struct rig *rig = *state;
	__u64 hole = fake_pages(&rig->fake, 3);
	struct stale stale;

	begin(rig, &stale);
	for (unsigned i = 0; i < 3; i++)
		fake_hide(hole + i * FAKE_PAGE, true);
	fake_put64(rig->fake.thread + rig->fake.layout.ts_interp, hole);
	assert_status(rig_intern(rig), TSTATE_FAULT);
	fake_put64(rig->fake.thread + rig->fake.layout.ts_interp, rig->fake.interp);
	check_known(rig, &stale);
}

/* A comparison that failed has compared nothing. */
static void test_unreadable_at_comparison(void **state)
{
	struct rig *rig = *state;
	__u64 page = fake_pages(&rig->fake, 1);
	struct stale stale;

	begin(rig, &stale);
	stale.codes[1] = page;
	chain_frame(&rig->fake, rig->chain.top - CHAIN_STRIDE, rig->chain.top - 2 * CHAIN_STRIDE,
		    page, 0, FAKE_BY_THREAD);
	replace(rig, &stale);
	check_new(rig, &stale);

	stale.spec = fake_code_spec(&rig->fake, "second");
	replace(rig, &stale);
	fake_hide(page, true);
	assert_status(rig_intern(rig), CODE_FAULT);
	assert_string_equal(rig_drain(rig), "");
	fake_hide(page, false);
	check_new(rig, &stale);
}

/* Each interpreter counts for itself: equal numbers of two of them mean nothing. */
static void test_generations_of_two_interpreters(void **state)
{
	struct rig *rig = *state;
	__u64 second = fake_interp(&rig->fake);
	__u64 thread = fake_thread(&rig->fake, second, 5, FAKE_BOUND);
	struct stale stale;

	begin(rig, &stale);
	stale.spec = fake_code_spec(&rig->fake, "second");
	fake_code_at(&rig->fake, stale.codes[1], &stale.spec);
	fake_set_generation(&rig->fake, rig->fake.interp, stale.generation + 1);
	fake_set_generation(&rig->fake, second, stale.generation);
	chain_run_in(&rig->chain, thread);
	rig->skel->bss->probe_in.tid = 5;
	assert_status(rig_run(rig, TACH_PROBE_INTERN), SAMPLED);
	assert_true(rig_out(rig)->stack_id != stale.id);
}

/* Version numbers and generations are an interpreter's own: one that makes as many code objects as another
 * gives them the same numbers, and memory is used again. */
static void check_other_interpreter(struct rig *rig, struct stale *stale, __u64 interp_id)
{
	__u64 known = stale->id;

	stale->spec.qualname = fake_ascii(&rig->fake, "same number, other name");
	fake_code_at(&rig->fake, stale->codes[1], &stale->spec);
	assert_status(rig_run(rig, TACH_PROBE_INTERN), SAMPLED);
	assert_true(rig_out(rig)->stack_id != known);
	assert_string_equal(rig_drain(rig), "CCCS");
	assert_int_equal(rig_code(rig, 1)->qualname.sz, strlen("same number, other name"));
	assert_int_equal(rig_stack(rig)->interp_id, interp_id);
}

static void test_code_of_two_interpreters(void **state)
{
	struct rig *rig = *state;
	__u64 second = fake_interp(&rig->fake);
	__u64 thread = fake_thread(&rig->fake, second, 5, FAKE_BOUND);
	struct stale stale;

	begin(rig, &stale);
	if (rig->fake.layout.is_code_generation)
		fake_set_generation(&rig->fake, second, stale.generation);
	chain_run_in(&rig->chain, thread);
	rig->skel->bss->probe_in.tid = 5;
	check_other_interpreter(rig, &stale, 1);
}

static void test_interpreter_at_the_same_address(void **state)
{
	struct rig *rig = *state;
	struct stale stale;

	begin(rig, &stale);
	fake_put64(rig->fake.interp + rig->fake.layout.is_id, 7);
	check_other_interpreter(rig, &stale, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_replaced),
		RIG_TEST(test_replaced_and_back),
		RIG_TEST(test_every_part_counts),
		RIG_TEST_ON(test_without_version, 313),
		RIG_TEST_ON(test_without_version, 315),
		RIG_TEST(test_swapped),
		RIG_TEST_ON(test_generation_saves_the_comparison, 315),
		RIG_TEST_ON(test_generation_saves_the_comparison, moved),
		RIG_TEST_ON(test_compared_each_time_without_generation, 313),
		RIG_TEST_ON(test_unreadable_generation, 315),
		RIG_TEST_ON(test_unreadable_generation, moved),
		RIG_TEST(test_unreadable_at_comparison),
		RIG_TEST_ON(test_generations_of_two_interpreters, 315),
		RIG_TEST(test_code_of_two_interpreters),
		RIG_TEST(test_interpreter_at_the_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
