// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Stacks are defined once, code objects described once, and always before they are named. */
#include "tests/bpf/rig.h"

#define MAX_CAPTURES 64 /* TACH_MAX_CAPTURES of bpf/intern.bpf.h */

/* A stack of the @cnt code objects, root first; @lasti of its youngest frame. */
static void call(struct rig *rig, __u64 stack, const __u64 *codes, unsigned cnt, __u64 lasti)
{
	chain_init(&rig->chain, &rig->fake, stack);
	for (unsigned i = 0; i < cnt; i++) {
		stack += CHAIN_STRIDE;
		chain_push(&rig->chain, stack, codes[i], i + 1 == cnt ? lasti : i, FAKE_BY_THREAD);
	}
}

static void make_codes(struct rig *rig, __u64 *codes, unsigned cnt)
{
	char name[32];

	for (unsigned i = 0; i < cnt; i++) {
		snprintf(name, sizeof(name), "function_%u", i);
		codes[i] = fake_code(&rig->fake, name);
	}
}

/* The stack record that was drained says what was walked. */
static void check_stack_record(const struct rig *rig)
{
	const struct tach_rec_stack *rec = rig_stack(rig);

	assert_true(rec->stack_id == rig_out(rig)->stack_id);
	assert_int_equal(rec->target, rig->skel->bss->probe_in.target);
	assert_int_equal(rec->flags, rig_out(rig)->flags);
	assert_int_equal(rec->frame_cnt, rig_out(rig)->frame_cnt);
	assert_memory_equal(rec->frames, rig_out(rig)->frames,
			    rec->frame_cnt * sizeof(rec->frames[0]));
}

static void test_defined_once(void **state)
{
	struct rig *rig = *state;
	__u64 codes[3], id;

	make_codes(rig, codes, 3);
	call(rig, fake_pages(&rig->fake, 1), codes, 3, 9);
	assert_status(rig_intern(rig), SAMPLED);
	rig_check_chain(rig);
	assert_string_equal(rig_drain(rig), "CCCS");
	check_stack_record(rig);
	for (unsigned i = 0; i < 3; i++) /* the youngest first */
		assert_true(rig_code(rig, i)->code_addr == codes[2 - i]);
	id = rig_out(rig)->stack_id;
	assert_true(id != 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_status(rig_intern(rig), SAMPLED);
		assert_true(rig_out(rig)->stack_id == id);
	}
	assert_string_equal(rig_drain(rig), "");
	assert_int_equal(rig_count(rig, TACH_CT_STACKS), 1);
	assert_int_equal(rig_count(rig, TACH_CT_CODES), 3);
	assert_int_equal(rig_count(rig, TACH_CT_STALE), 0);
	assert_int_equal(rig_count(rig, TACH_CT_TRUNCATED), 0);
}

static void test_recursion_describes_once(void **state)
{
	struct rig *rig = *state;
	__u64 codes[2], stack = fake_pages(&rig->fake, 4), calls[100];

	make_codes(rig, codes, 2);
	for (unsigned i = 0; i < 100; i++)
		calls[i] = codes[0];
	call(rig, stack, calls, 100, 3);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	check_stack_record(rig);
	for (unsigned i = 0; i < 100; i++)
		calls[i] = codes[i % 2];
	call(rig, stack, calls, 100, 3);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	check_stack_record(rig);
}

static void test_stacks_share_code_objects(void **state)
{
	struct rig *rig = *state;
	__u64 codes[4], stack = fake_pages(&rig->fake, 1), first;

	make_codes(rig, codes, 4);
	call(rig, stack, codes, 3, 1);
	assert_status(rig_intern(rig), SAMPLED);
	first = rig_out(rig)->stack_id;
	assert_string_equal(rig_drain(rig), "CCCS");

	call(rig, stack, codes, 4, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == codes[3]);
	check_stack_record(rig);
	assert_true(rig_stack(rig)->stack_id != first);

	call(rig, stack, codes, 4, 2); /* another line */
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "S");
	check_stack_record(rig);

	call(rig, stack, codes, 3, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == first);
	assert_string_equal(rig_drain(rig), "");
}

static void test_ids_are_unique(void **state)
{
	struct rig *rig = *state;
	__u64 codes[2], stack = fake_pages(&rig->fake, 1), ids[100];

	make_codes(rig, codes, 2);
	for (unsigned i = 0; i < 100; i++) {
		call(rig, stack, codes, 2, i);
		assert_status(rig_intern(rig), SAMPLED);
		ids[i] = rig_out(rig)->stack_id;
		for (unsigned j = 0; j < i; j++)
			assert_true(ids[i] != ids[j]);
	}
	for (unsigned i = 0; i < 100; i++) {
		call(rig, stack, codes, 2, i);
		assert_status(rig_intern(rig), SAMPLED);
		assert_true(rig_out(rig)->stack_id == ids[i]);
	}
}

/* What one target or program image has at an address says nothing about another. */
static void test_targets_and_images_are_apart(void **state)
{
	struct rig *rig = *state;
	__u64 codes[2], ids[3];

	make_codes(rig, codes, 2);
	call(rig, fake_pages(&rig->fake, 1), codes, 2, 1);
	for (unsigned i = 0; i < 3; i++) {
		rig->skel->bss->probe_in.target = i == 1;
		rig->skel->bss->probe_in.image = i == 2;
		assert_status(rig_intern(rig), SAMPLED);
		assert_string_equal(rig_drain(rig), "CCS");
		check_stack_record(rig);
		assert_int_equal(rig_code(rig, 0)->target, i == 1);
		ids[i] = rig_out(rig)->stack_id;
	}
	assert_true(ids[0] != ids[1] && ids[1] != ids[2] && ids[2] != ids[0]);
}

static void test_cut_stack(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 300), at = stack, codes[3];

	make_codes(rig, codes, 3);
	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < TACH_MAX_FRAMES + 1; i++)
		chain_push(&rig->chain, at += CHAIN_STRIDE, codes[i % 3], i, FAKE_BY_THREAD);
	for (unsigned i = 0; i < 2; i++) {
		assert_status(rig_intern(rig), SAMPLED);
		assert_string_equal(rig_drain(rig), i ? "" : "CCCS");
		assert_int_equal(rig_count(rig, TACH_CT_TRUNCATED), 1);
		if (!i)
			check_stack_record(rig);
	}
	rig_check_both_ends(rig);
}

/* The same frames, but one stack ends there and the other was cut there. */
static void test_cut_stack_is_not_the_whole_one(void **state)
{
	struct rig *rig = *state;
	__u64 stack = fake_pages(&rig->fake, 300), at = stack, code, id;

	make_codes(rig, &code, 1);
	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < TACH_MAX_FRAMES; i++)
		chain_push(&rig->chain, at += CHAIN_STRIDE, code, 4, FAKE_BY_THREAD);
	assert_status(rig_intern(rig), SAMPLED);
	assert_int_equal(rig_out(rig)->flags, 0);
	id = rig_out(rig)->stack_id;
	chain_push(&rig->chain, at + CHAIN_STRIDE, code, 4, FAKE_BY_THREAD);
	rig_drain(rig);
	assert_status(rig_intern(rig), SAMPLED);
	assert_int_equal(rig_out(rig)->flags, TACH_STACK_TRUNCATED);
	assert_true(rig_out(rig)->stack_id != id);
	assert_string_equal(rig_drain(rig), "S");
	check_stack_record(rig);
}

static void test_unreadable_code_object(void **state)
{
	struct rig *rig = *state;
	struct fake_code spec = fake_code_spec(&rig->fake, "away");
	__u64 codes[3], page = fake_pages(&rig->fake, 1), id;

	make_codes(rig, codes, 3);
	codes[1] = page;
	fake_code_at(&rig->fake, page, &spec);
	call(rig, fake_pages(&rig->fake, 1), codes, 3, 1);
	fake_hide(page, true);
	assert_status(rig_intern(rig), CODE_FAULT);
	assert_string_equal(rig_drain(rig), "C");
	fake_hide(page, false);
	assert_status(rig_intern(rig), SAMPLED);
	id = rig_out(rig)->stack_id;
	assert_string_equal(rig_drain(rig), "CCS");
	check_stack_record(rig);
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == id);
}

static void test_code_object_at_the_end_of_memory(void **state)
{
	struct rig *rig = *state;
	struct fake_code spec = fake_code_spec(&rig->fake, "last");
	__u64 code = fake_page_end(&rig->fake, TACH_CODE_SZ);

	fake_code_at(&rig->fake, code, &spec);
	call(rig, fake_pages(&rig->fake, 1), &code, 1, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
}

/* Run until the stack is known: how often the quota was met. Every record must come once. */
static unsigned run_into_quota(struct rig *rig, const __u64 *codes, unsigned cnt)
{
	unsigned met = 0, sent = 0;
	const char *order;
	int status;

	do {
		status = rig_intern(rig);
		order = rig_drain(rig);
		for (unsigned i = 0; order[i] == 'C'; i++, sent++)
			assert_true(rig_code(rig, i)->code_addr == codes[cnt - 1 - sent]);
		if (status == TACH_ST_SAMPLED)
			break;
		assert_status(status, CODE_QUOTA);
		assert_int_equal(strlen(order), MAX_CAPTURES);
		assert_null(strchr(order, 'S'));
	} while (++met < 100);
	assert_int_equal(sent, cnt);
	assert_int_equal(order[strlen(order) - 1], 'S');
	check_stack_record(rig);
	return met;
}

static void test_quota(void **state)
{
	static const struct {
		unsigned cnt, met;
	} cases[] = {
		{MAX_CAPTURES - 1, 0}, {MAX_CAPTURES, 0},     {MAX_CAPTURES + 1, 1},
		{2 * MAX_CAPTURES, 1}, {5 * MAX_CAPTURES, 4}, {5 * MAX_CAPTURES + 1, 5},
	};
	struct rig *rig = *state;
	__u64 codes[5 * MAX_CAPTURES + 1], stack = fake_pages(&rig->fake, 12);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_codes(rig, codes, cases[i].cnt);
		call(rig, stack, codes, cases[i].cnt, 1);
		assert_int_equal(run_into_quota(rig, codes, cases[i].cnt), cases[i].met);
		assert_status(rig_intern(rig), SAMPLED);
		assert_string_equal(rig_drain(rig), "");
	}
}

static void test_known_code_objects_are_free(void **state)
{
	struct rig *rig = *state;
	__u64 codes[3 * MAX_CAPTURES], stack = fake_pages(&rig->fake, 12);

	make_codes(rig, codes, 3 * MAX_CAPTURES);
	call(rig, stack, codes, 2 * MAX_CAPTURES, 1);
	run_into_quota(rig, codes, 2 * MAX_CAPTURES);
	call(rig, stack, codes, 3 * MAX_CAPTURES, 1);
	assert_status(rig_intern(rig), SAMPLED);
	assert_int_equal(strlen(rig_drain(rig)), MAX_CAPTURES + 1);
	check_stack_record(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_defined_once),
		RIG_TEST(test_recursion_describes_once),
		RIG_TEST(test_stacks_share_code_objects),
		RIG_TEST(test_ids_are_unique),
		RIG_TEST(test_targets_and_images_are_apart),
		RIG_TEST(test_cut_stack),
		RIG_TEST_ON(test_cut_stack_is_not_the_whole_one, 315),
		RIG_TEST(test_unreadable_code_object),
		RIG_TEST(test_code_object_at_the_end_of_memory),
		RIG_TEST(test_quota),
		RIG_TEST(test_known_code_objects_are_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
