// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/features.h"
#include "load/perf.h"

#define CPUS 8

/* @expected: which CPUs are set, one character each. */
static void check_cpus(const char *list, const char *expected)
{
	bool online[CPUS] = {false};
	char seen[CPUS + 1] = {0};
	int cnt = 0;

	for (const char *pos = expected; *pos; pos++)
		cnt += *pos == '1';
	assert_int_equal(tach_features__parse_cpus(list, online, CPUS), cnt);
	for (int cpu = 0; cpu < CPUS; cpu++)
		seen[cpu] = online[cpu] ? '1' : '0';
	assert_string_equal(seen, expected);
}

static void test_cpu_lists(void **state)
{
	(void)state;
	check_cpus("0", "10000000");
	check_cpus("0-7", "11111111");
	check_cpus("0-1,3,5-6", "11010110");
	check_cpus("7", "00000001");
	check_cpus("3-3", "00010000");
	check_cpus("", "00000000");
	/* The kernel may have more than are possible by our account: not ours to touch. */
	check_cpus("6-100,200", "00000011");
	check_cpus("0,2147483647", "10000000");
}

static void test_bad_cpu_lists(void **state)
{
	static const char *const lists[] = {
		"a", "-1", "0-", "0-a", "3-1", "0;1", "0 1", "0-3:1/2", ",0", "0,,1", "0--1",
	};
	bool online[CPUS];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(tach_features__parse_cpus(lists[i], online, CPUS), -EINVAL);
}

static void test_cpus_of_this_machine(void **state)
{
	int cnt = 0, set = 0;
	bool *online = NULL;

	(void)state;
	assert_int_equal(tach_features__online_cpus(&online, &cnt), 0);
	for (int cpu = 0; cpu < cnt; cpu++)
		set += online[cpu];
	free(online);
	assert_int_equal(set, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(cnt >= set);
}

static void test_explanations(void **state)
{
	struct tach_why why;

	(void)state;
	tach_features__explain_timer(-EACCES, 3, &why);
	assert_non_null(strstr(why.text, "CPU 3: kernel.perf_event_paranoid is "));
	assert_non_null(strstr(why.text, "sudo"));
	tach_features__explain_timer(-EPERM, 3, &why);
	assert_non_null(strstr(why.text, "CPU 3 in spite of CAP_PERFMON: a seccomp filter"));
	tach_features__explain_timer(-EMFILE, 3, &why);
	assert_string_equal(why.text, "cannot start a timer on CPU 3: Too many open files");
	tach_features__explain(-ENOMEM, &why);
	assert_non_null(strstr(why.text, "--ring-size"));
	tach_features__explain(-EPERM, &why);
	assert_non_null(strstr(why.text, "in spite of CAP_BPF and CAP_PERFMON: a seccomp filter"));
	tach_features__explain(-E2BIG, &why);
	assert_non_null(strstr(why.text, "Argument list too long"));
	assert_null(strchr(why.text, '\n'));
}

/* Ticks come faster than samples are due, of neighbours at different rates. */
static void test_tick(void **state)
{
	static const __u64 periods[] = {20000, 100000, 1000000, 1000000000};

	(void)state;
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		const __u64 period = periods[i];

		for (int cpu = 0; cpu < 512; cpu++) {
			__u64 one = tach_perf__tick_ns(period, cpu);

			assert_in_range(one, period * 0.9928, period * 0.9949);
			assert_int_not_equal(one, tach_perf__tick_ns(period, cpu + 1));
		}
	}
	/* As fast as the kernel can. */
	assert_int_equal(tach_perf__tick_ns(10000, 0), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu_lists),
		cmocka_unit_test(test_bad_cpu_lists),
		cmocka_unit_test(test_cpus_of_this_machine),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
