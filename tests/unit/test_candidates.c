// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/candidates.h"

static void collect(const char *listing, const char *exe, struct tach_maps *maps,
		    struct tach_candidates *out)
{
	assert_int_equal(tach_maps__parse(strdup(listing), maps), 0);
	assert_int_equal(tach_candidates__collect(maps, exe, out), 0);
}

static void test_order(void **state)
{
	/* The kernel's order is that of the addresses. */
	static const char listing[] = "1000-2000 r--p 0 fe:00 20 /usr/sbin/uwsgi\n"
				      "2000-3000 rw-p 1000 fe:00 20 /usr/sbin/uwsgi\n"
				      "3000-4000 rw-p 0 00:00 0 [heap]\n"
				      "4000-5000 rw-p 0 fe:00 10 /usr/lib/libc.so.6\n"
				      "5000-6000 rw-p 0 fe:00 30 /lib/_json.cpython-315.so\n"
				      "6000-7000 rw-p 0 fe:00 40 /usr/lib/libpython3.15.so.1.0\n"
				      "7000-8000 rw-s 0 fe:00 50 /dev/shm/python\n"
				      "8000-9000 rw-p 0 00:00 0 \n";
	static const struct {
		__u64 start;
		enum tach_rank rank;
		bool is_exe;
	} want[] = {
		{0x6000, TACH_RANK_PYTHON, false},
		{0x5000, TACH_RANK_NAMED, false},
		{0x2000, TACH_RANK_EXE, true},
		{0x4000, TACH_RANK_OTHER, false},
	};
	struct tach_candidates found;
	struct tach_maps maps;

	(void)state;
	collect(listing, "/usr/sbin/uwsgi", &maps, &found);
	assert_int_equal(found.cnt, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(found.items[i].map->start, want[i].start);
		assert_int_equal(found.items[i].rank, want[i].rank);
		assert_int_equal(found.items[i].is_exe, want[i].is_exe);
		assert_int_equal(tach_candidates__file_cnt(&found, i), 1);
	}
	tach_candidates__free(&found);
	tach_maps__free(&maps);
}

/* The same file mapped twice is one candidate with all its mappings; the same path with another inode
 * (replaced while it ran), or the same inode on another device, is another file. */
static void test_files(void **state)
{
	static const char listing[] = "1000-2000 rw-p 0 fe:00 40 /l/libpython3.15.so\n"
				      "2000-3000 rw-p 0 fe:00 41 /l/libpython3.15.so\n"
				      "3000-4000 rw-p 1000 fe:00 40 /l/libpython3.15.so\n"
				      "4000-5000 rw-p 0 fe:01 40 /l/libpython3.15.so\n"
				      "5000-6000 rw-p 0 fe:00 40 /l/libpython3.15.so (deleted)\n";
	struct tach_candidates found;
	struct tach_maps maps;

	(void)state;
	collect(listing, "", &maps, &found);
	assert_int_equal(found.cnt, 5);
	assert_int_equal(tach_candidates__file_cnt(&found, 0), 3);
	assert_int_equal(found.items[0].map->start, 0x1000);
	assert_int_equal(found.items[1].map->start, 0x3000);
	assert_int_equal(found.items[2].map->start, 0x5000);
	assert_int_equal(tach_candidates__file_cnt(&found, 3), 1);
	assert_int_equal(found.items[3].map->dev_minor, 1);
	assert_int_equal(tach_candidates__file_cnt(&found, 4), 1);
	assert_int_equal(found.items[4].map->inode, 41);
	tach_candidates__free(&found);
	tach_maps__free(&maps);
}

static void test_none(void **state)
{
	struct tach_candidates found;
	struct tach_maps maps;

	(void)state;
	collect("", "", &maps, &found);
	assert_int_equal(found.cnt, 0);
	tach_candidates__free(&found);
	tach_maps__free(&maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
