// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "child.h"
#include "target/target.h"

/* This program defines what an interpreter older than the table of offsets defines. */
const unsigned long Py_Version = 0x030b07f0;
const char *Py_GetVersion(void);
const char *Py_GetVersion(void)
{
	return "3.11.7";
}

static void test_old_python(void **state)
{
	struct tach_target *target;
	struct tach_layout layout;
	struct tach_why why;
	pid_t pid;

	(void)state;
	pid = child_start(NULL);
	assert_int_equal(tach_target__open(pid, &target, &why), 0);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ENOTSUP);
	assert_non_null(
		strstr(why.text, ") runs Python 3.11.7: supported are 3.13, 3.14 and 3.15"));
	tach_target__free(target);
	child_kill(pid);
	child_reap(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
