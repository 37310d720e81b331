// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Which interpreter `run` takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/launch.h"

/* A directory tree of the test: DIR/{one,two,venv/bin}. */
static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void make_file(const char *name, mode_t mode)
{
	FILE *file = fopen(in_dir(name), "w");

	assert_non_null(file);
	fputs("#!/bin/sh\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/tachyon-python-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	mkdir(in_dir("one"), 0755);
	mkdir(in_dir("two"), 0755);
	mkdir(in_dir("one/python3"), 0755); /* a directory is no interpreter */
	make_file("two/python3", 0755);
	make_file("two/python3.15", 0755);
	make_file("one/plain", 0644);
	mkdir(in_dir("venv"), 0755);
	mkdir(in_dir("venv/bin"), 0755);
	make_file("venv/bin/python", 0755);
	unsetenv("VIRTUAL_ENV");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"one/python3", "one/plain",	  "one",      "two/python3", "two/python3.15",
		"two",	       "venv/bin/python", "venv/bin", "venv",	     ""};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(in_dir(names[i]));
	return 0;
}

static void set_path(const char *format)
{
	char path[256];

	snprintf(path, sizeof(path), format, dir, dir);
	setenv("PATH", path, 1);
}

static void expect(const char *python, const char *found)
{
	struct tach_why why = {""};
	char *path = tach_launch__python(python, &why);

	if (!path)
		print_error("%s\n", why.text);
	assert_non_null(path);
	assert_string_equal(path, found);
	free(path);
}

static void refuse(const char *python, const char *text)
{
	struct tach_why why = {""};

	assert_null(tach_launch__python(python, &why));
	if (!strstr(why.text, text))
		print_error("want: %s\ngot: %s\n", text, why.text);
	assert_non_null(strstr(why.text, text));
	assert_null(strchr(why.text, '\n'));
}

static void test_path(void **state)
{
	(void)state;
	unsetenv("VIRTUAL_ENV");
	set_path("%s/one:%s/two");
	expect(NULL, in_dir("two/python3"));
	expect("python3.15", in_dir("two/python3.15"));
	refuse("python9", "cannot find python9 on PATH (");
	refuse("plain", "cannot find plain on PATH (");
	set_path("%s/one:%s/none");
	refuse(NULL, "cannot find python3 on PATH (");
	refuse(NULL, "--python EXE");
}

static void test_empty_entry_is_here(void **state)
{
	char old[1024];

	(void)state;
	assert_non_null(getcwd(old, sizeof(old)));
	set_path("%s/one:");
	assert_int_equal(chdir(in_dir("two")), 0);
	expect(NULL, "./python3");
	assert_int_equal(chdir(old), 0);
}

static void test_no_path(void **state)
{
	struct tach_why why;

	(void)state;
	unsetenv("PATH");
	free(tach_launch__python(NULL, &why)); /* whatever stands in the standard places */
	expect("sh", access("/usr/bin/sh", X_OK) == 0 ? "/usr/bin/sh" : "/bin/sh");
}

static void test_virtual_env(void **state)
{
	(void)state;
	set_path("%s/one:%s/two");
	setenv("VIRTUAL_ENV", in_dir("venv"), 1);
	expect(NULL, in_dir("venv/bin/python"));
	expect("python3", in_dir("two/python3")); /* --python wins */
	setenv("VIRTUAL_ENV", in_dir("one"), 1);
	refuse(NULL, "bin/python: No such file or directory (VIRTUAL_ENV is set");
	setenv("VIRTUAL_ENV", "", 1);
	expect(NULL, in_dir("two/python3"));
	unsetenv("VIRTUAL_ENV");
}

static void test_explicit(void **state)
{
	(void)state;
	expect(in_dir("two/python3"), in_dir("two/python3"));
	refuse(in_dir("none"), "none: No such file or directory");
	refuse(in_dir("one"), "one: Is a directory");
	refuse(in_dir("one/plain"), "plain: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),	 cmocka_unit_test(test_empty_entry_is_here),
		cmocka_unit_test(test_no_path),	 cmocka_unit_test(test_virtual_env),
		cmocka_unit_test(test_explicit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
