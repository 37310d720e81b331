// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Which thread was it, of which process, and what did it do? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile_build.h"
#include "bpf/tach_wire.h"

static void test_who(void **state)
{
	struct tach_build build;
	bool added;

	(void)state;
	build_start(&build);
	assert_int_equal(tach_profile__add_process(build.profile, 70, "first", "first -x"), 0);
	assert_int_equal(tach_profile__add_process(build.profile, 71, "", ""), 1);
	/* The same number in another process or interpreter is another thread. */
	assert_int_equal(tach_profile__who_of(build.profile, 0, 0, 5, &added), 0);
	assert_true(added);
	assert_int_equal(tach_profile__who_of(build.profile, 1, 0, 5, &added), 1);
	assert_int_equal(tach_profile__who_of(build.profile, 0, 1, 5, &added), 2);
	assert_int_equal(tach_profile__who_of(build.profile, 0, 0, 5, &added), 0);
	assert_false(added);
	tach_profile__describe(build.profile, 1, "a long name of a thread", true);
	tach_profile__describe(build.profile, 1, "", true);
	tach_profile__describe(build.profile, 1, NULL, true);
	build_freeze(&build);
	assert_int_equal(tach_profile__process_cnt(build.profile), 2);
	assert_int_equal(tach_profile__process(build.profile, 0)->pid, 70);
	assert_string_equal(tach_profile__process(build.profile, 0)->command, "first -x");
	assert_int_equal(tach_profile__who_cnt(build.profile), 3);
	assert_string_equal(tach_profile__who(build.profile, 1)->name, "a long name of ");
	assert_true(tach_profile__who(build.profile, 1)->main_thread);
	assert_string_equal(tach_profile__who(build.profile, 0)->name, "");
	assert_int_equal(tach_profile__who(build.profile, 2)->interp, 1);
	build_end(&build);
}

/* Rows say what their samples did. */
static void test_doing(void **state)
{
	static const struct {
		__u32 state;
		enum tach_doing doing;
	} cases[] = {
		{0, TACH_OFF_CPU},
		{TACH_STATE_HAS_EXCEPTION, TACH_OFF_CPU},
		{TACH_STATE_ON_CPU | TACH_STATE_MAIN_THREAD, TACH_ON_CPU},
		{TACH_STATE_HAS_GIL | TACH_STATE_REUSED, TACH_OFF_CPU_WITH_GIL},
		{TACH_STATE_HAS_GIL | TACH_STATE_ON_CPU, TACH_ON_CPU_WITH_GIL},
		{TACH_STATE_GIL_REQUESTED, TACH_WAITS_FOR_GIL},
		{TACH_STATE_GIL_REQUESTED | TACH_STATE_ON_CPU, TACH_ON_CPU},
	};
	__u64 weights[TACH_DOING__CNT] = {0};
	struct tach_event event = {0};
	struct tach_build build;
	__u64 id;
	size_t i;
	bool added;

	(void)state;
	build_start(&build);
	id = build_stack(&build, "a");
	event.who = tach_profile__who_of(build.profile, 0, 0, 9, &added);
	event.node = tach_profile__leaf(build.profile, id);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		event.state = cases[i].state;
		event.weight = 1 << i;
		weights[cases[i].doing] += event.weight;
		assert_int_equal(tach_profile__add(build.profile, &event), 0);
	}
	build_freeze(&build);
	assert_int_equal(tach_profile__row_cnt(build.profile), 1);
	assert_int_equal(tach_profile__row(build.profile, 0)->weight, (1 << i) - 1);
	assert_memory_equal(tach_profile__row(build.profile, 0)->weights, weights, sizeof(weights));
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_doing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
