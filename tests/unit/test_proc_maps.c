// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/proc_maps.h"

/* Parse a line from memory of exactly its size. The map's path lives until free(*copy). */
static int parse(const char *line, struct tach_map *out, char **copy)
{
	*copy = strdup(line);
	assert_non_null(*copy);
	return tach_map__parse(*copy, out);
}

static void test_file(void **state)
{
	struct tach_map map;
	char *copy;

	(void)state;
	assert_int_equal(parse("00be6000-00c96000 rw-p 007e5000 fe:0a 1187212                    "
			       "/usr/bin/python3.15",
			       &map, &copy),
			 0);
	assert_int_equal(map.start, 0xbe6000);
	assert_int_equal(map.end, 0xc96000);
	assert_true(map.read && map.write && !map.exec && !map.shared && !map.deleted);
	assert_int_equal(map.offset, 0x7e5000);
	assert_int_equal(map.dev_major, 0xfe);
	assert_int_equal(map.dev_minor, 0xa);
	assert_int_equal(map.inode, 1187212);
	assert_string_equal(map.path, "/usr/bin/python3.15");
	assert_true(tach_map__is_file(&map));
	assert_string_equal(tach_map__basename(&map), "python3.15");
	free(copy);
}

static void test_limits(void **state)
{
	struct tach_map map;
	char *copy;

	(void)state;
	assert_int_equal(parse("0-ffffffffffffffff r-xs ffffffffffffffff fff:fffff "
			       "18446744073709551615 /x",
			       &map, &copy),
			 0);
	assert_int_equal(map.start, 0);
	assert_true(map.end == ~0ull && map.offset == ~0ull && map.inode == ~0ull);
	assert_true(map.exec && map.shared && !map.write);
	assert_int_equal(map.dev_minor, 0xfffff);
	free(copy);
}

static void test_no_path(void **state)
{
	static const char *const lines[] = {
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ",
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0",
	};
	struct tach_map map;
	char *copy;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i], &map, &copy), 0);
		assert_string_equal(map.path, "");
		assert_string_equal(tach_map__basename(&map), "");
		assert_false(tach_map__is_file(&map));
		free(copy);
	}
}

static void test_special_paths(void **state)
{
	static const struct {
		const char *text, *path, *base;
		bool deleted, is_file;
	} cases[] = {
		{"12 /opt/my app/py thon", "/opt/my app/py thon", "py thon", false, true},
		{"12 /opt/python3.15 (deleted)", "/opt/python3.15", "python3.15", true, true},
		{"12 /opt/x (deleted) (deleted)", "/opt/x (deleted)", "x (deleted)", true, true},
		{"12 /opt/x(deleted)", "/opt/x(deleted)", "x(deleted)", false, true},
		{"12 /x\\012y", "/x\\012y", "x\\012y", false, true},
		{"12 /memfd:name (deleted)", "/memfd:name", "memfd:name", true, true},
		{"12 / (deleted)", "/", "", true, true},
		{"0      [heap]", "[heap]", "[heap]", false, false},
		{"0 [anon: glibc: malloc]", "[anon: glibc: malloc]", "[anon: glibc: malloc]", false,
		 false},
		{"7 anon_inode:[io_uring]", "anon_inode:[io_uring]", "anon_inode:[io_uring]", false,
		 false},
		{"0 /dev/zero (deleted)", "/dev/zero", "zero", true, false},
	};
	struct tach_map map;
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "1000-2000 rw-p 00000000 fe:00 %s", cases[i].text);
		assert_int_equal(tach_map__parse(line, &map), 0);
		assert_string_equal(map.path, cases[i].path);
		assert_string_equal(tach_map__basename(&map), cases[i].base);
		assert_int_equal(map.deleted, cases[i].deleted);
		assert_int_equal(tach_map__is_file(&map), cases[i].is_file);
	}
}

static void test_bad_lines(void **state)
{
	static const char *const lines[] = {
		"",
		"x",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 rw-",
		"1000-2000 rw-p",
		"1000-2000 rw-p ",
		"1000-2000 rw-p 0",
		"1000-2000 rw-p 0 fe",
		"1000-2000 rw-p 0 fe:",
		"1000-2000 rw-p 0 fe:00",
		"1000-2000 rw-p 0 fe:00 ",
		"1000-2000 rw-p 0 fe:00 x",
		"1000-2000 rw-p 0 fe:00 12x",
		"1000-2000 rw-pp 0 fe:00 12",
		"1000 2000 rw-p 0 fe:00 12",
		"-1000-2000 rw-p 0 fe:00 12",
		"1000-+2000 rw-p 0 fe:00 12",
		" 1000-2000 rw-p 0 fe:00 12",
		"2000-1000 rw-p 0 fe:00 12",
		"1000-1000 rw-p 0 fe:00 12",
		"10000000000000000-20000000000000000 rw-p 0 fe:00 12",
	};
	struct tach_map map;
	char *copy;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse(lines[i], &map, &copy) != -EINVAL)
			fail_msg("\"%s\" was taken", lines[i]);
		free(copy);
	}
}

static void test_listing(void **state)
{
	struct tach_maps maps;

	(void)state;
	assert_int_equal(tach_maps__parse(strdup("1000-2000 rw-p 0 fe:00 12 /a\n"
						 "garbage\n"
						 "\n"
						 "3000-4000 r--p 0 fe:00 12 /b"),
					  &maps),
			 0);
	assert_int_equal(maps.cnt, 2);
	assert_string_equal(maps.items[0].path, "/a");
	assert_string_equal(maps.items[1].path, "/b");
	tach_maps__free(&maps);

	assert_int_equal(tach_maps__parse(strdup(""), &maps), 0);
	assert_int_equal(maps.cnt, 0);
	tach_maps__free(&maps);
	tach_maps__free(&maps);
}

/* The kernel's own listing of this process, longer than the reader's first buffer. */
static void test_own(void **state)
{
	const size_t page = sysconf(_SC_PAGESIZE), pages = 2000;
	struct tach_maps maps;
	const struct tach_map *here = NULL;
	char *area;
	int fd;

	(void)state;
	area = mmap(NULL, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	for (size_t i = 1; i < pages; i += 2)
		assert_int_equal(mprotect(area + i * page, page, PROT_READ | PROT_WRITE), 0);

	fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(tach_maps__read(fd, &maps), 0);
	close(fd);
	assert_true(maps.cnt >= pages);
	for (size_t i = 0; i < maps.cnt; i++) {
		assert_true(maps.items[i].start < maps.items[i].end);
		assert_true(!i || maps.items[i].start >= maps.items[i - 1].end);
		if (maps.items[i].start <= (uintptr_t)&test_own &&
		    (uintptr_t)&test_own < maps.items[i].end)
			here = &maps.items[i];
	}
	assert_non_null(here);
	assert_true(here->exec && tach_map__is_file(here));
	assert_non_null(strstr(here->path, "test_proc_maps"));
	tach_maps__free(&maps);
	munmap(area, pages * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),	  cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_path),	  cmocka_unit_test(test_special_paths),
		cmocka_unit_test(test_bad_lines), cmocka_unit_test(test_listing),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
