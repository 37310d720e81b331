// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The writers on one small profile, with and without memory. The formats as such are compared with the
 * reference's own output by tests/integration/test_writers.py. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/util/idmap.c"
#include "user/write/text.c"
#include "user/write/locs.c"
#include "user/write/collapsed.c"
#include "user/write/proto.c"
#include "user/write/gzip.c"
#include "user/write/pprof.c"
#include "user/write/pprof_tables.c"
#include "user/write/pstats_rows.c"
#include "user/write/pstats_table.c"
#include "user/write/pstats_summary.c"
#include "user/write/pstats_file.c"
#include "profile_build.h"

typedef int (*write_fn)(const struct tach_profile *profile, const struct tach_write_opts *opts,
			struct tach_sink *sink);

/* Write to memory. Returns the number of bytes, or a negative errno. */
static ssize_t write_to(write_fn write, const struct tach_build *build,
			const struct tach_write_opts *opts, char *buf, size_t sz)
{
	int fd = memfd_create("out", 0), err, close_err;
	struct tach_sink *sink;
	struct tach_why why;
	ssize_t len;

	assert_true(fd >= 0);
	sink = tach_sink__fd(fd, "memory", &why);
	assert_non_null(sink);
	err = write(build->profile, opts, sink);
	close_err = tach_sink__close(sink, &why);
	len = pread(fd, buf, sz - 1, 0);
	assert_true(len >= 0);
	buf[len] = '\0';
	close(fd);
	return err ? err : close_err ? close_err : len;
}

static void make(struct tach_build *build)
{
	build_start(build);
	tach_profile__add_process(build->profile, 7, "python3", "python3 a.py");
	build_sample(build, 12, "cba", 3);
	build_sample(build, 2, "ba", 3);
	build_sample(build, 12, "ba", 3);
	build_sample(build, 12, "Ba", 10);
	build_sample(build, 12, "a", 1);
	build_add(build, 99, 2, 2);
	build_freeze(build);
}

static const struct tach_write_opts plain = {.limit = 15};

static void test_collapsed(void **state)
{
	struct tach_build build;
	char buf[4096];

	(void)state;
	make(&build);
	assert_true(write_to(tach_collapsed__write, &build, &plain, buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "tid:12;a.py:a:1;b.py:b:2 10\n"
				 "tid:12;a.py:a:1;b.py:b:1 3\n"
				 "tid:12;a.py:a:1;b.py:b:1;c.py:c:1 3\n"
				 "tid:2;a.py:a:1;b.py:b:1 3\n"
				 "tid:2;<lost stack> 2\n"
				 "tid:12;a.py:a:1 1\n");
	build_end(&build);
}

static void test_table(void **state)
{
	struct tach_write_opts opts = {.sort = TACH_SORT_NAME, .limit = 2};
	struct tach_build build;
	char buf[4096];

	(void)state;
	make(&build);
	assert_true(write_to(tach_pstats__write_table, &build, &opts, buf, sizeof(buf)) > 0);
	*strstr(buf, "\nLegend:") = '\0';
	assert_string_equal(
		buf,
		"Profile Stats:\n"
		"       nsamples   sample%  tottime (ms)    cumul%  cumtime (ms)"
		"  filename:lineno(function)\n"
		"           1/20       4.5         1.000      90.9        20.000  a.py:1(a)\n"
		"            6/9      27.3         6.000      40.9         9.000  b.py:1(b)\n");
	build_end(&build);
}

/* As a Python slice: [:limit]. */
static void test_limit(void **state)
{
	(void)state;
	assert_int_equal(limited(5, 0), 0);
	assert_int_equal(limited(5, 4), 4);
	assert_int_equal(limited(5, 15), 5);
	assert_int_equal(limited(5, INT_MAX), 5);
	assert_int_equal(limited(5, -1), 4);
	assert_int_equal(limited(5, -5), 0);
	assert_int_equal(limited(5, INT_MIN), 0);
	assert_int_equal(limited(0, -1), 0);
}

static void test_file(void **state)
{
	/* ("/dir/c.py", 1, "c"): (3, */
	static const char first[] =
		"{(\3\0\0\0u\11\0\0\0/dir/c.pyi\1\0\0\0u\1\0\0\0c(\5\0\0\0i\3\0\0";
	struct tach_build build;
	char buf[4096];
	ssize_t len;

	(void)state;
	make(&build);
	len = write_to(tach_pstats__write_file, &build, &plain, buf, sizeof(buf));
	assert_true(len > 100);
	assert_memory_equal(buf, first, sizeof(first) - 1);
	assert_memory_equal(buf + len - 2, "00", 2);
	build_end(&build);
}

/* Whichever allocation fails: an error, or all is there. */
static void test_no_memory(void **state)
{
	static const write_fn writes[] = {tach_collapsed__write, tach_pstats__write_table,
					  tach_pstats__write_file, tach_pprof__write};
	struct tach_write_opts opts = {.sort = TACH_SORT_NAME, .limit = 15, .summary = true};
	char expected[8192], buf[8192];
	struct tach_build build;
	ssize_t len, full;
	size_t i;
	int n;

	(void)state;
	make(&build);
	for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		full = write_to(writes[i], &build, &opts, expected, sizeof(expected));
		assert_true(full > 0);
		for (n = 0, len = -1; len < 0; n++) {
			fail_alloc_left = n;
			len = write_to(writes[i], &build, &opts, buf, sizeof(buf));
			if (len < 0)
				assert_int_equal(len, -ENOMEM);
		}
		fail_alloc_left = -1;
		assert_true(n > 10);
		assert_int_equal(len, full);
		assert_memory_equal(buf, expected, full);
	}
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_collapsed), cmocka_unit_test(test_table),
		cmocka_unit_test(test_limit),	  cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
