// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "parse_line.h"

#include "write/writer.h"

static void test_rate(void **state)
{
	static const struct {
		const char *text;
		__u64 period_ns;
	} rates[] = {
		{"1", 1000000000},	{"1hz", 1000000000}, {"1khz", 1000000},
		{"1k", 1000000},	{"10KHz", 100000},   {"99.5hz", 10050251},
		{"0.5", 2000000000},	{"3000", 333333},    {"100khz", 10000},
		{"100000", 10000},	{"~1k~", 1000000},   {"00002k", 500000},
		{"0.001k", 1000000000}, {"1.5K", 666667},
	};
	static const char *const malformed[] = {"2mhz", "1~khz", ".5",	 "5.",	"-1",  "+1",
						"1e3",	"1,5",	 "0x10", "khz", "1hzz"};
	char line[64], message[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		snprintf(line, sizeof(line), "attach 1 --mode cpu -r %s", rates[i].text);
		assert_int_equal(good(line)->period_ns, rates[i].period_ns);
	}
	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		char shown[16], *c;

		snprintf(shown, sizeof(shown), "%s", malformed[i]);
		for (c = shown; *c; c++)
			if (*c == '~')
				*c = ' ';
		snprintf(line, sizeof(line), "attach 1 --sampling-rate=%s", malformed[i]);
		snprintf(message, sizeof(message),
			 "tachyon-bpf attach: error: argument -r/--sampling-rate: Invalid sampling "
			 "rate format: %s. Expected: number followed by optional suffix (hz, khz, "
			 "k) "
			 "with no spaces (e.g., 10khz)",
			 shown);
		wrong(line, message);
	}
	wrong("attach 1 -r 0",
	      "tachyon-bpf attach: error: argument -r/--sampling-rate: Sampling rate "
	      "must be positive: 0");
	wrong("attach 1 -r 0.0KHZ",
	      "tachyon-bpf attach: error: argument -r/--sampling-rate: Sampling "
	      "rate must be positive: 0.0khz");
	wrong("attach 1 -r 2000000",
	      "tachyon-bpf attach: error: argument -r/--sampling-rate: Sampling rate too high: "
	      "2000000 (the kernel's timer goes up to 100khz)");
	wrong("attach 1 -r 100.001khz",
	      "tachyon-bpf attach: error: argument -r/--sampling-rate: Sampling rate too high: "
	      "100.001khz (the kernel's timer goes up to 100khz)");
	wrong("attach 1 -r 0.0000000000001",
	      "tachyon-bpf attach: error: argument -r/--sampling-rate: Sampling rate too low: "
	      "0.0000000000001");
}

static void test_duration(void **state)
{
	(void)state;
	assert_true(good("attach 1 --mode cpu -d 0.25")->duration_s == 0.25);
	assert_true(good("attach 1 --mode cpu -d 10")->duration_s == 10);
	assert_true(good("attach 1 --mode cpu --duration +3")->duration_s == 3);
	wrong("attach 1 -d abc", "tachyon-bpf attach: error: argument -d/--duration: invalid float "
				 "value: 'abc'");
	wrong("attach 1 -d nan", "tachyon-bpf attach: error: argument -d/--duration: invalid float "
				 "value: 'nan'");
	wrong("attach 1 -d 1.5s",
	      "tachyon-bpf attach: error: argument -d/--duration: invalid float "
	      "value: '1.5s'");
	assert_true(good("attach 1 -d 0")->duration_s == 0);
	assert_true(good("attach 1 -d -1.5")->duration_s == 0);
	assert_true(good("attach 1 -d ~1_0~")->duration_s == 10);
	assert_true(good("attach 1 -d .5")->duration_s == 0.5);
	assert_true(good("attach 1 -d 5.")->duration_s == 5);
	assert_true(good("attach 1 -d 99999999999999999999")->duration_s == INT32_MAX);
	wrong("attach 1 -d .", "tachyon-bpf attach: error: argument -d/--duration: invalid float "
			       "value: '.'");
	wrong("attach 1 -d 1_", "tachyon-bpf attach: error: argument -d/--duration: invalid float "
				"value: '1_'");
	wrong("attach 1 -d -a", "tachyon-bpf attach: error: argument -d/--duration: expected one "
				"argument");
}

static void test_limit(void **state)
{
	(void)state;
	assert_int_equal(good("attach 1 --mode cpu -l 0")->limit, 0);
	assert_int_equal(good("attach 1 --mode cpu -l99999999999999999999")->limit, INT32_MAX);
	wrong("attach 1 -l 1.5",
	      "tachyon-bpf attach: error: argument -l/--limit: invalid int value: '1.5'");
	wrong("attach 1 --limit=",
	      "tachyon-bpf attach: error: argument -l/--limit: invalid int value: ''");
	assert_int_equal(good("attach 1 -l -3")->limit, -3);
	assert_int_equal(good("attach 1 -l -99999999999")->limit, INT32_MIN);
	wrong("attach 1 -l 1__0",
	      "tachyon-bpf attach: error: argument -l/--limit: invalid int value: '1__0'");
}

static void test_ring_size(void **state)
{
	static const char *const bad[] = {"0", "3k", "2k", "2g", "5000", "18446744073709551616k"};
	char line[64];
	size_t i;

	(void)state;
	assert_int_equal(good("attach 1 --mode cpu --ring-size 4096")->ring_sz, 4096);
	assert_int_equal(good("attach 1 --mode cpu --ring-size 16M")->ring_sz, 16 << 20);
	assert_int_equal(good("attach 1 --mode cpu --ring-size 1g")->ring_sz, 1 << 30);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct answer *answer;

		snprintf(line, sizeof(line), "attach 1 --mode cpu --ring-size %s", bad[i]);
		answer = parse(line);
		assert_int_equal(answer->exit_code, TACH_EXIT_USAGE);
		assert_non_null(strstr(answer->err, "argument --ring-size: "));
	}
	wrong("attach 1 --ring-size 64kb",
	      "tachyon-bpf attach: error: argument --ring-size: invalid size: '64kb' (e.g., 64k, "
	      "16m)");
	wrong("attach 1 --ring-size 3k", "tachyon-bpf attach: error: argument --ring-size: must be "
					 "a power of two from 4k to 1g "
					 "(e.g., 64k, 16m): '3k'");
}

static void test_modes(void **state)
{
	(void)state;
	assert_string_equal(tach_mode__name(TACH_MODE_WALL), "wall");
	assert_string_equal(tach_mode__name(TACH_MODE_CPU), "cpu");
	assert_string_equal(tach_mode__name(TACH_MODE_GIL), "gil");
	assert_string_equal(tach_mode__name(TACH_MODE_EXCEPTION), "exception");
	assert_int_equal(good("attach 1")->mode, TACH_MODE_WALL);
	assert_int_equal(good("attach 1 --mode cpu")->mode, TACH_MODE_CPU);
	assert_int_equal(good("run --mode gil x.py")->mode, TACH_MODE_GIL);
	assert_int_equal(good("attach --mode exception 1")->mode, TACH_MODE_EXCEPTION);
	wrong("run --mode foo x.py",
	      "tachyon-bpf run: error: argument --mode: invalid choice: 'foo' (choose from 'wall', "
	      "'cpu', 'gil', 'exception')");
}

static void test_sort_is_the_writers(void **state)
{
	static const char *const names[] = {
		[TACH_SORT_NSAMPLES] = "nsamples",   [TACH_SORT_TOTTIME] = "tottime",
		[TACH_SORT_CUMTIME] = "cumtime",     [TACH_SORT_SAMPLE_PCT] = "sample-pct",
		[TACH_SORT_CUMUL_PCT] = "cumul-pct", [TACH_SORT_NSAMPLES_CUMUL] = "nsamples-cumul",
		[TACH_SORT_NAME] = "name",
	};
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "attach 1 --mode cpu --sort %s", names[i]);
		assert_int_equal(good(line)->sort, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),  cmocka_unit_test(test_duration),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_ring_size),
		cmocka_unit_test(test_modes), cmocka_unit_test(test_sort_is_the_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
