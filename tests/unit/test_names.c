// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/names.h"

/* The kernel's own answers about ourselves. */
static void test_names(void **state)
{
	char comm[16], command[64];
	int proc_fd = open("/proc/self", O_PATH | O_DIRECTORY);

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a; \"b\"\n\xff"), 0);
	tach_names__thread(proc_fd, getpid(), comm, sizeof(comm));
	assert_string_equal(comm, "a; \"b\"\n\xff");
	tach_names__process(proc_fd, comm, sizeof(comm));
	assert_string_equal(comm, "a; \"b\"\n\xff");
	tach_names__command(proc_fd, command, sizeof(command));
	assert_non_null(strstr(command, "test_names"));
	tach_names__command(proc_fd, command, 3);
	assert_int_equal(strlen(command), 2);
	tach_names__thread(proc_fd, 1 << 30, comm, sizeof(comm));
	assert_string_equal(comm, "");
	close(proc_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
