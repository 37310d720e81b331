// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "write/lines.h"

/* A directory like /proc/PID, of a process whose root is <dir>/jail and whose working directory is
 * <dir>/jail/inner. */
struct place {
	char dir[64];
	int dir_fd;
	struct tach_lines *lines;
};

static void make_file(const struct place *place, const char *path, const char *text)
{
	int fd = openat(place->dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	snprintf(place->dir, sizeof(place->dir), "/tmp/tachyon-lines-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	place->dir_fd = open(place->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_return_code(mkdirat(place->dir_fd, "jail", 0700), 0);
	assert_return_code(mkdirat(place->dir_fd, "jail/inner", 0700), 0);
	assert_return_code(symlinkat("jail", place->dir_fd, "root"), 0);
	assert_return_code(symlinkat("jail/inner", place->dir_fd, "cwd"), 0);
	make_file(place, "secret", "outside\n");
	place->lines = tach_lines__new(place->dir_fd);
	assert_non_null(place->lines);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	char command[128];

	tach_lines__free(place->lines);
	close(place->dir_fd);
	snprintf(command, sizeof(command), "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

static void check(const struct place *place, const char *path, int line, const char *want)
{
	struct tach_text got = tach_lines__get(place->lines, path, line);

	assert_int_equal(got.sz, strlen(want));
	assert_memory_equal(got.ptr, want, got.sz);
}

static void test_lines(void **state)
{
	struct place *place = *state;

	make_file(place, "jail/a.py", "one\n\n  three\r\nfour\rfive\n\tsix");
	check(place, "/a.py", 1, "one");
	check(place, "/a.py", 2, "");
	check(place, "/a.py", 3, "  three");
	check(place, "/a.py", 4, "four");
	check(place, "/a.py", 5, "five");
	check(place, "/a.py", 6, "\tsix");
	check(place, "/a.py", 7, "");
	check(place, "/a.py", 0, "");
	check(place, "/a.py", -1, "");
	assert_int_equal(tach_lines__cnt(place->lines, "/a.py"), 6);
	make_file(place, "jail/empty.py", "");
	check(place, "/empty.py", 1, "");
	assert_int_equal(tach_lines__cnt(place->lines, "/empty.py"), 0);
	assert_int_equal(tach_lines__cnt(place->lines, "/missing.py"), 0);
}

static void test_relative(void **state)
{
	struct place *place = *state;

	make_file(place, "jail/inner/b.py", "below\n");
	make_file(place, "jail/a.py", "beside\n");
	check(place, "b.py", 1, "below");
	check(place, "./b.py", 1, "below");
	check(place, "../a.py", 1, "");
}

static void test_no_way_out(void **state)
{
	struct place *place = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/secret", place->dir);
	assert_return_code(symlinkat(path, place->dir_fd, "jail/absolute"), 0);
	assert_return_code(symlinkat("../secret", place->dir_fd, "jail/upwards"), 0);
	assert_return_code(symlinkat("../../secret", place->dir_fd, "jail/inner/upwards"), 0);
	check(place, "/absolute", 1, "");
	check(place, "/upwards", 1, "");
	check(place, "/../secret", 1, "");
	check(place, "upwards", 1, "");
	check(place, path, 1, "");
	/* It is not that symbolic links are refused. */
	make_file(place, "jail/secret", "inside\n");
	check(place, "/inner/../upwards", 1, "inside");
}

static void test_no_files(void **state)
{
	struct place *place = *state;

	assert_return_code(mkfifoat(place->dir_fd, "jail/fifo", 0600), 0);
	check(place, "/fifo", 1, "");
	check(place, "/inner", 1, "");
	check(place, "/missing", 1, "");
	check(place, "<string>", 1, "");
	check(place, "", 1, "");
}

static void test_large(void **state)
{
	struct place *place = *state;

	make_file(place, "jail/fits.py", "first\n");
	make_file(place, "jail/large.py", "first\n");
	for (int more = 0; more < 2; more++) {
		int fd = openat(place->dir_fd, more ? "jail/large.py" : "jail/fits.py",
				O_WRONLY | O_CLOEXEC);

		assert_return_code(ftruncate(fd, TACH_LINES_MAX_SZ + more), 0);
		close(fd);
	}
	check(place, "/fits.py", 1, "first");
	check(place, "/large.py", 1, "");
}

/* More than is kept: what was forgotten is read again. */
static void test_many_large(void **state)
{
	struct place *place = *state;
	char path[32];

	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 6; i++) {
			snprintf(path, sizeof(path), "jail/%d.py", i);
			if (!pass) {
				make_file(place, path, "first\n");
				int fd = openat(place->dir_fd, path, O_WRONLY | O_CLOEXEC);

				assert_return_code(ftruncate(fd, TACH_LINES_MAX_SZ), 0);
				close(fd);
			}
			check(place, path + strlen("jail"), 1, "first");
			assert_int_equal(tach_lines__cnt(place->lines, path + strlen("jail")), 2);
		}
	}
}

/* The target is gone. */
static void test_without_directories(void **state)
{
	struct tach_lines *lines = tach_lines__new(-1);

	(void)state;
	assert_non_null(lines);
	assert_int_equal(tach_lines__get(lines, "/etc/passwd", 1).sz, 0);
	assert_int_equal(tach_lines__get(lines, "etc/passwd", 1).sz, 0);
	tach_lines__free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relative, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_way_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_large, setup, teardown),
		cmocka_unit_test(test_without_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
