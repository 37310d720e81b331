// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a recording comes to, in figures and in words. */
#include "tally_world.h"

/* --- ticks only ----------------------------------------------------------------------------------- */

static void test_all_is_well(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.cpu_ns = 5 * S;
	tick(w, TACH_ST_SAMPLED, 4999);
	tick(w, TACH_ST_NOT_STARTED, 1);
	expect(w,
	       "Captured 4999 samples in 10.00 seconds\n"
	       "Sample rate: 499.90 samples/sec\n"
	       "Error rate: 0.00\n" OWN "; 0.0 us per sample; 0.000 s before that, to start\n",
	       "");
}

static void test_nothing(void **state)
{
	(void)state;
	expect(begin(),
	       "Captured 0 samples in 10.00 seconds\n"
	       "Sample rate: 0.00 samples/sec\n"
	       "Error rate: 0.00\n" OWN "; 0.000 s before that, to start\n",
	       "");
}

static void test_errors_of_ticks(void **state)
{
	struct world *w = begin();

	(void)state;
	tick(w, TACH_ST_SAMPLED, 900);
	tick(w, TACH_ST_FRAME_FAULT, 20);
	tick(w, TACH_ST_RING_FULL, 80);
	assert_int_equal(tach_tally__errors(&w->tally), 100);
	assert_int_equal(tach_tally__attempts(&w->tally), 1000);
	expect(w,
	       "Captured 1000 samples in 10.00 seconds\n"
	       "Sample rate: 100.00 samples/sec\n"
	       "Error rate: 10.00\n" OWN "; 0.0 us per sample; 0.000 s before that, to start\n",
	       "tachyon-bpf: warning: 20 samples lost: frame unreadable\n"
	       "tachyon-bpf: warning: 80 samples lost: ring buffer full; use a larger --ring-size "
	       "or "
	       "a lower rate\n");
}

static void test_missed_ticks(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.cpu_ns = 10 * S;
	tick(w, TACH_ST_SAMPLED, 7000);
	tick(w, TACH_ST_NO_FRAMES, 500);
	assert_int_equal(tach_tally__due(&w->tally), 10000);
	assert_int_equal(tach_tally__missed(&w->tally), 2500);
	w->tally.interrupted = true; /* what is due is known all the same */
	expect_part(w, "Warning: missed 2500 samples from the expected total of 10000 (25.00%)\n",
		    NULL);
}

/* Threads that are not sampled had no tick that counts; those without Python were never due if it is the main
 * thread that is. */
static void test_ticks_on_others(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.all_threads = false;
	w->tally.cpu_ns = 1 * S;
	tick(w, TACH_ST_SAMPLED, 400);
	tick(w, TACH_ST_OTHER_THREAD, 300);
	tick(w, TACH_ST_NO_PYTHON, 300);
	assert_int_equal(tach_tally__missed(&w->tally), 600);
	w->tally.all_threads = true;
	assert_int_equal(tach_tally__missed(&w->tally), 300);
	end(w);
}

static void test_chance_is_no_loss(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.cpu_ns = S / 10;
	tick(w, TACH_ST_SAMPLED, 70); /* of 100: 3 sigma is 30 */
	assert_int_equal(tach_tally__missed(&w->tally), 0);
	w->tally.counts[TACH_ST__CNT + TACH_CT_TARGET_TICKS]--;
	tick(w, TACH_ST_SAMPLED, -1);
	assert_int_equal(tach_tally__missed(&w->tally), 32);
	end(w);
}

static void test_throttled(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.throttles = 7;
	expect_part(w, NULL,
		    "tachyon-bpf: warning: the kernel held our timers back 7 times, so samples are "
		    "missing: it allows fewer ticks a second than the rate asks for; use a lower "
		    "rate, or raise sysctl kernel.perf_event_max_sample_rate\n");
}

static void test_own_cpu(void **state)
{
	struct world *w = begin();

	(void)state;
	w->tally.setup_cpu_ns = S / 10;
	w->tally.own_cpu_ns = S / 10;
	count(w, TACH_CT_TICK_NS, S / 20);
	count(w, TACH_CT_SWITCH_NS, S / 20);
	tick(w, TACH_ST_SAMPLED, 1000);
	expect_part(w,
		    "Own CPU time: 0.200 s (2.0% of one CPU), 0.100 s of it in the kernel's BPF "
		    "programs; 200.0 us per sample; 0.100 s before that, to start\n",
		    NULL);
}

/* --- the rest ------------------------------------------------------------------------------------- */

static void test_books(void **state)
{
	struct world *w = begin();

	(void)state;
	count(w, TACH_CT_TARGET_TICKS, 3);
	w->read.bad = 2;
	expect_part(w, NULL,
		    "tachyon-bpf: warning: internal: 3 ticks on the target, but 0 accounted for\n"
		    "tachyon-bpf: warning: internal: 2 malformed records\n");
}

static void test_bare_threads(void **state)
{
	struct world *w = begin();

	(void)state;
	tick(w, TACH_ST_NO_PYTHON, 1500);
	w->tally.bare[0] = (struct tach_bare_thread){.tid = 5, .comm = "blas\x1b", .ticks = 1000};
	w->tally.bare[1] = (struct tach_bare_thread){.tid = 6, .comm = "io", .ticks = 2};
	w->tally.bare_cnt = 2;
	expect_part(w,
		    "CPU in threads without Python: 1.50 s (blas\\x1b 5: 1.00 s, others: 0.50 s)\n",
		    NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_well),	cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_errors_of_ticks), cmocka_unit_test(test_missed_ticks),
		cmocka_unit_test(test_ticks_on_others), cmocka_unit_test(test_chance_is_no_loss),
		cmocka_unit_test(test_throttled),	cmocka_unit_test(test_own_cpu),
		cmocka_unit_test(test_books),		cmocka_unit_test(test_bare_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
