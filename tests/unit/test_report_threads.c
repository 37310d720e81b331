// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a recording with ledgers comes to, in figures and in words. */
#include "tally_world.h"

/* --- ledgers -------------------------------------------------------------------------------------- */

/* A tick that fails is made up for by the next one. */
static void test_errors_of_ledgers(void **state)
{
	struct world *w = begin();

	(void)state;
	add(w, thread_of(1, 10, 0, 0, 0));
	tick(w, TACH_ST_SAMPLED, 9000);
	count(w, TACH_CT_ON_SAMPLES, 900);
	tick(w, TACH_ST_TSTATE_FAULT, 900);
	count(w, TACH_CT_OFF_FAILED, 60);
	count(w, TACH_CT_OFF_LOST, 40);
	assert_int_equal(tach_tally__errors(&w->tally), 100);
	assert_int_equal(tach_tally__attempts(&w->tally), 10000);
	expect_part(
		w, "Error rate: 1.00\n",
		"tachyon-bpf: warning: 900 samples have the stack of a later tick: thread state "
		"unreadable\n"
		"tachyon-bpf: warning: 60 samples of time off the CPU lost: no stack could be "
		"read\n"
		"tachyon-bpf: warning: 40 samples of time off the CPU lost: ring buffer full; "
		"use a larger --ring-size or a lower rate\n");
}

static void test_due_by_ledgers(void **state)
{
	struct world *w = begin();
	struct tach_thread_time bare = thread_of(2, 1, 0, 0, 0);

	(void)state;
	bare.skipped = 1001; /* one more than it has periods */
	add(w, bare);
	bare = thread_of(1, 3, 0, 0, 7);
	bare.skipped = 4000;
	add(w, bare);
	assert_int_equal(tach_tally__due(&w->tally), 6000);
	count(w, TACH_CT_OFF_SAMPLES, 5000);
	w->tally.settled.samples = 936; /* 1 %, and 2 for each thread */
	assert_int_equal(tach_tally__missed(&w->tally), 0);
	w->tally.settled.samples = 935;
	assert_int_equal(tach_tally__missed(&w->tally), 65);
	end(w);
}

static void test_approximated(void **state)
{
	struct world *w = begin();

	(void)state;
	add(w, thread_of(1, 0, 0, 0, 1));
	count(w, TACH_CT_OFF_SAMPLES, 1000);
	count(w, TACH_CT_OFF_REUSED, 20);
	w->tally.settled.reused = 5;
	count(w, TACH_CT_LEDGERS_LOST, 2);
	count(w, TACH_CT_CALLS_LOST, 3);
	expect_part(
		w, NULL,
		"tachyon-bpf: warning: 2 threads that ended are missing in the table of threads: "
		"ring buffer full; use a larger --ring-size or a lower rate\n"
		"tachyon-bpf: warning: 3 waits for sockets lost: ring buffer half full; use a "
		"larger "
		"--ring-size or a lower rate\n"
		"tachyon-bpf: warning: 25 samples (2.50%) have an earlier stack of their thread: "
		"theirs could not be read in time; compare with --mode cpu, which has none of "
		"them\n");
}

static void test_throttled_ledgers(void **state)
{
	struct world *w = begin();

	(void)state;
	add(w, thread_of(1, 0, 0, 0, 0.001));
	w->tally.throttles = 1;
	expect_part(w, NULL, "so stacks are taken later than they should be: ");
}

static void test_threads(void **state)
{
	struct world *w = begin();
	struct tach_thread_time t = thread_of(1, 2, 1, 3, 4);
	bool added;

	(void)state;
	t.main_thread = true;
	add(w, t);
	t = thread_of(2, 5, 0, 0, 0);
	t.wall_ns = 5.05 * S;
	t.who = tach_profile__who_of(w->build.profile, 0, 0, 1002, &added);
	tach_profile__describe(w->build.profile, t.who, "worker\n", false);
	add(w, t);
	t = thread_of(3, 1, 2, 0, 1);
	t.gil_wait_ns = 2 * S; /* by samples: one more than there is */
	add(w, t);
	tick(w, TACH_ST_SAMPLED, 18990);
	expect_part(w,
		    "Threads:       tid  wall (s)  running  runnable  GIL wait  blocked      sum  "
		    "residual\n"
		    "              1002      5.05    99.0%      0.0%      0.0%     0.0%   99.01%   "
		    "  0.99%  worker\\x0a\n"
		    "              1001     10.00    20.0%     10.0%     30.0%    40.0%  100.00%   "
		    "  0.00%  main\n"
		    "              1003      4.00    25.0%     50.0%     25.0%     0.0%  100.00%   "
		    "  0.00%\n",
		    NULL);
}

/* In mode exception nobody looks at the GIL. */
static void test_threads_without_gil(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.filter = TACH_STATE_HAS_EXCEPTION;
	add(w, thread_of(1, 2, 1, 0, 7));
	expect_part(w,
		    "Threads:       tid  wall (s)  running  runnable  blocked      sum  residual\n"
		    "              1001     10.00    20.0%     10.0%    70.0%  100.00%     0.00%\n",
		    NULL);
}

static void test_many_threads(void **state)
{
	struct world *w = begin();

	(void)state;
	for (int i = 0; i < 200; i++)
		add(w, thread_of(i, i == 7 ? 10 : 1, 0, 3, i == 7 ? 0 : 6));
	tick(w, TACH_ST_SAMPLED, 2000009);
	w->tally.filter = TACH_STATE_HAS_GIL;
	w->tally.waits = w->waits;
	expect_part(w,
		    "              1009     10.00    10.0%      0.0%     30.0%    60.0%  100.00%   "
		    "  0.00%\n"
		    "        190 others   1900.00    10.0%      0.0%     30.0%    60.0%  100.00%   "
		    "  0.00%\n"
		    "GIL:           tid  held (s)  waited (s)  ran without (s)\n"
		    "              1007      0.00        3.00            10.00\n"
		    "              1000      0.00        3.00             1.00\n",
		    NULL);
}

/* --- the GIL -------------------------------------------------------------------------------------- */

static void wait_for(struct world *w, __u32 tid, __u32 holder, double s)
{
	w->waits[w->tally.wait_cnt++] = (struct tach_gil_wait){{0, tid, holder}, s * S};
	w->tally.waits = w->waits;
	w->tally.filter = TACH_STATE_HAS_GIL;
}

static void test_waits(void **state)
{
	struct world *w = begin();
	struct tach_thread_time t = thread_of(2, 5, 0, 0, 0);

	(void)state;
	t.gil_on_ns = 6 * S; /* by ticks: more than the clock has */
	add(w, t);
	add(w, thread_of(1, 1, 0, 4, 5));
	add(w, thread_of(3, 2, 0, 2, 6));
	add(w, thread_of(4, 0, 0, 0.01, 9)); /* not worth a line */
	build_sample(&w->build, 1002, "b", 30);
	build_sample(&w->build, 1002, "c", 10);
	build_sample(&w->build, 1001, "a", 9);
	wait_for(w, 1, 2, 3.5);
	wait_for(w, 3, 1, 1.9);
	wait_for(w, 1, 1, 0.3); /* itself: it had just given it up */
	wait_for(w, 1, 9, 0.2); /* not known to us */
	wait_for(w, 3, 2, 0.03);
	expect_part(
		w,
		"GIL:           tid  held (s)  waited (s)  ran without (s)\n"
		"              1002      5.00        0.00             0.00\n"
		"              1003      0.00        2.00             2.00\n"
		"              1001      0.00        4.00             1.00\n"
		"              1004      0.00        0.01             0.00\n"
		"Thread 1001 waited 4.00 s for the GIL: 3.50 s while thread 1002 held it (75% of "
		"that in b.py:b), 0.20 s while thread 9 held it, 0.30 s while others did\n"
		"Thread 1003 waited 2.00 s for the GIL: 1.90 s while thread 1001 held it, 0.10 s "
		"while others did\n",
		NULL);
}

static void test_waits_for_many(void **state)
{
	struct world *w = begin();

	(void)state;
	add(w, thread_of(1, 1, 0, 9, 0));
	wait_for(w, 1, 2, 0.09);
	wait_for(w, 1, 3, 0.08);
	expect_part(w,
		    "Thread 1001 waited 9.00 s for the GIL: 0.09 s while thread 2 held it, 8.91 s "
		    "while others did\n",
		    NULL);
}

/* A marker has no place. */
static void test_holder_in_a_marker(void **state)
{
	struct world *w = begin();
	tach_frame_id gc = build_frame(&w->build, "~", "<GC>", 0);

	(void)state;
	add(w, thread_of(1, 1, 0, 9, 0));
	add(w, thread_of(2, 10, 0, 0, 0));
	assert_int_equal(tach_profile__define(w->build.profile, 77, &gc, 1), 0);
	assert_int_equal(build_add(&w->build, 77, 1002, 50), 0);
	wait_for(w, 1, 2, 9);
	expect_part(w,
		    "Thread 1001 waited 9.00 s for the GIL: 9.00 s while thread 1002 held it (100% "
		    "of that in <GC>)\n",
		    NULL);
}

/* Names are the program's. */
static void test_strange_names(void **state)
{
	struct world *w = begin();
	char func[200], expected[400];
	tach_frame_id frame;

	(void)state;
	memset(func, 'x', sizeof(func));
	memcpy(func, "\x1b[2J\xc3\xb6", 6);
	func[sizeof(func) - 1] = '\0';
	frame = build_frame(&w->build, "/srv/ma\nin.py", func, 1);
	add(w, thread_of(1, 1, 0, 9, 0));
	add(w, thread_of(2, 10, 0, 0, 0));
	assert_int_equal(tach_profile__define(w->build.profile, 77, &frame, 1), 0);
	assert_int_equal(build_add(&w->build, 77, 1002, 50), 0);
	wait_for(w, 1, 2, 9);
	snprintf(expected, sizeof(expected), " in ma\\x0ain.py:\\x1b[2J\xc3\xb6%.74s...)\n",
		 func + 6);
	expect_part(w, expected, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_of_ledgers),
		cmocka_unit_test(test_due_by_ledgers),
		cmocka_unit_test(test_approximated),
		cmocka_unit_test(test_throttled_ledgers),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_threads_without_gil),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_waits_for_many),
		cmocka_unit_test(test_holder_in_a_marker),
		cmocka_unit_test(test_strange_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
