// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load/kernel.h"

/* `uname -r`, `uname -v` and /proc/version_signature as machines have them. */
struct kernel {
	const char *release, *version, *signature;
};

static void check(const struct kernel *kernels, size_t cnt, enum tach_kernel_fit fit)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct kernel *k = &kernels[i];

		if (tach_kernel__judge(k->release, k->version, k->signature) != fit)
			fail_msg("%s, %s, %s: not %d", k->release, k->version, k->signature, fit);
	}
}

#define CHECK(kernels, fit) check(kernels, sizeof(kernels) / sizeof(*(kernels)), fit)

static void test_fits(void **state)
{
	static const struct kernel kernels[] = {
		{"6.1.36", "#1 SMP", ""},
		{"6.1.192", "#1 SMP", ""},
		{"6.3.10", "#1 SMP", ""},
		{"6.4.0", "#1 SMP", ""},
		{"6.4.0-rc7", "#1 SMP", ""},
		{"6.12.5-200.fc41.x86_64", "#1 SMP PREEMPT_DYNAMIC", ""},
		{"6.18.44-local", "#5 SMP", ""},
		{"10.0.0", "#1 SMP", ""},
		/* The number in the release stands still there. */
		{"6.1.0-10-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.37-1 (2023-07-03)", ""},
		{"6.1.0-40-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)", ""},
		{"6.1.0-1036-oem", "#36-Ubuntu SMP", "Ubuntu 6.1.0-1036.36-oem 6.1.75"},
		{"6.8.0-45-generic", "#45-Ubuntu SMP", "Ubuntu 6.8.0-45.45-generic 6.8.12"},
		{"6.1.115-126.197.amzn2023.x86_64", "#1 SMP", ""},
	};

	(void)state;
	CHECK(kernels, TACH_KERNEL_FITS);
}

static void test_old(void **state)
{
	static const struct kernel kernels[] = {
		{"4.18.0-553.el8_10.x86_64", "#1 SMP", ""},
		{"5.14.0-427.13.1.el9_4.x86_64", "#1 SMP PREEMPT_DYNAMIC", ""},
		{"5.15.153.1-microsoft-standard-WSL2", "#1 SMP", ""},
		{"5.10.0-28-amd64", "#1 SMP Debian 5.10.209-2 (2024-01-31)", ""},
		{"5.19.0-50-generic", "#50-Ubuntu SMP", "Ubuntu 5.19.0-50.50-generic 5.19.17"},
		{"6.0.19", "#1 SMP", ""},
		{"", "", ""},
		{"unknown", "", ""},
	};

	(void)state;
	CHECK(kernels, TACH_KERNEL_OLD);
}

static void test_freezes(void **state)
{
	static const struct kernel kernels[] = {
		{"6.1.0", "#1 SMP", ""},
		{"6.1.35", "#1 SMP", ""},
		{"6.1.35-local", "#1 SMP", ""},
		{"6.2.0", "#1 SMP", ""},
		{"6.2.16", "#1 SMP", ""},
		{"6.3.0", "#1 SMP", ""},
		{"6.3.9", "#1 SMP", ""},
		{"6.3.8-200.fc38.x86_64", "#1 SMP PREEMPT_DYNAMIC", ""},
		{"6.1.0-9-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.27-1 (2023-05-08)", ""},
		{"6.2.0-39-generic", "#40-Ubuntu SMP", "Ubuntu 6.2.0-39.40-generic 6.2.16"},
		{"6.2.16-3-pve", "#1 SMP", ""},
	};

	(void)state;
	CHECK(kernels, TACH_KERNEL_FREEZES);
}

static void test_unsure(void **state)
{
	static const struct kernel kernels[] = {
		{"6.1.0-13-vendor", "#1 SMP", ""},
		{"6.2.0-39-generic", "#40-Ubuntu SMP", ""},
		{"6.2.0-39-generic", "#40-Ubuntu SMP", "a signature without number"},
		{"6.3.0-rc2", "#1 SMP", ""},
	};

	(void)state;
	CHECK(kernels, TACH_KERNEL_UNSURE);
}

static void test_storage(void **state)
{
	(void)state;
	assert_true(tach_kernel__storage_unsure("6.1.0-40-amd64"));
	assert_true(tach_kernel__storage_unsure("5.19.3"));
	assert_true(tach_kernel__storage_unsure("strange"));
	assert_false(tach_kernel__storage_unsure("6.2.0"));
	assert_false(tach_kernel__storage_unsure("6.12.5-200.fc41.x86_64"));
	assert_false(tach_kernel__storage_unsure("10.0.0"));
}

static void test_task_work(void **state)
{
	(void)state;
	assert_int_equal(tach_kernel__task_work("6.1.0-40-amd64"), TACH_TASK_WORK_NONE);
	assert_int_equal(tach_kernel__task_work("6.17.9"), TACH_TASK_WORK_NONE);
	assert_int_equal(tach_kernel__task_work("strange"), TACH_TASK_WORK_NONE);
	assert_int_equal(tach_kernel__task_work("6.18.0"), TACH_TASK_WORK_IMPL);
	assert_int_equal(tach_kernel__task_work("6.19.3-1"), TACH_TASK_WORK_IMPL);
	assert_int_equal(tach_kernel__task_work("7.0.0"), TACH_TASK_WORK_NEW);
	assert_int_equal(tach_kernel__task_work("7.2.13-amd64"), TACH_TASK_WORK_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),	cmocka_unit_test(test_old),
		cmocka_unit_test(test_freezes), cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_storage), cmocka_unit_test(test_task_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
