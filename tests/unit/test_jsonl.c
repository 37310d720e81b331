// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Lines of JSON, byte by byte. Beside the reference's own: tests/interop/test_binary.py. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/symbolize/frametab.c"
#include "user/write/tree.c"
#undef ROOT
#include "user/write/jsonl.c"
#include "profile_build.h"

static ssize_t write_to(const struct tach_build *build, char *buf, size_t sz)
{
	const struct tach_write_opts opts = {0};
	int fd = memfd_create("out", 0), err;
	struct tach_why why;
	struct tach_sink *sink = tach_sink__fd(fd, "memory", &why);
	ssize_t len;

	assert_non_null(sink);
	err = tach_jsonl__write(build->profile, &opts, sink);
	assert_int_equal(tach_sink__close(sink, &why), 0);
	len = pread(fd, buf, sz - 1, 0);
	assert_true(len >= 0);
	buf[len] = '\0';
	close(fd);
	return err ? err : len;
}

/* Take out what all lines have, of which the number of the run is another one each time, and make the
 * quotes such as need no backslash here. */
static void make_legible(char *buf)
{
	char begin[64], *at = strstr(buf, "\"run_id\":\""), *rest;

	assert_non_null(at);
	assert_int_equal(strspn(at + 10, "0123456789abcdef"), 32);
	assert_int_equal(at[10 + 12], '4'); /* a UUID of version 4 */
	snprintf(begin, sizeof(begin), ",\"v\":0,%.43s", at);
	for (at = buf; *at; at = rest + 1) {
		rest = strchr(at, '\n');
		assert_non_null(rest);
		at = strstr(at, begin);
		assert_true(at && at < rest);
		memmove(at, at + strlen(begin), strlen(at + strlen(begin)) + 1);
		rest -= strlen(begin);
	}
	for (at = buf; (at = strchr(at, '"')); at++)
		*at = '\'';
}

static void make(struct tach_build *build)
{
	struct tach_frame frame = {.line = 0, .end_line = -1, .col = -1, .end_col = -1};
	tach_frame_id id;

	build_start(build);
	build_sample(build, 12, "cba", 3);
	build_sample(build, 2, "aba", 2); /* recursion counts once */
	build_sample(build, 2, "cba", 1);
	frame.file = tach_frametab__str(build->tab, "~", 1);
	frame.func = tach_frametab__str(build->tab, "<\xc3\xa9\n\xed\xb3\xbf\xf0\x9d\x95\x8c>", 12);
	id = tach_frametab__frame(build->tab, &frame);
	tach_profile__define(build->profile, 50, &id, 1);
	build_add(build, 50, 2, 7);
	frame.end_line = 0; /* looks the same, is another one in the table */
	id = tach_frametab__frame(build->tab, &frame);
	tach_profile__define(build->profile, 51, &id, 1);
	build_add(build, 51, 2, 1);
	build_freeze(build);
}

static void test_lines(void **state)
{
	static const char expected[] =
		"{'type':'meta','sample_interval_usec':1000,'mode':'cpu'}\n"
		"{'type':'string_table','strings':["
		"{'str_id':0,'value':'c'},{'str_id':1,'value':'/dir/c.py'},"
		"{'str_id':2,'value':'b'},{'str_id':3,'value':'/dir/b.py'},"
		"{'str_id':4,'value':'a'},{'str_id':5,'value':'/dir/a.py'},"
		"{'str_id':6,'value':'<\\u00e9\\n\\udcff\\ud835\\udd4c>'},"
		"{'str_id':7,'value':'~'}]}\n"
		"{'type':'frame_table','frames':["
		"{'frame_id':0,'path_str_id':1,'func_str_id':0,"
		"'line':1,'end_line':1,'col':0,'end_col':1},"
		"{'frame_id':1,'path_str_id':3,'func_str_id':2,"
		"'line':1,'end_line':1,'col':0,'end_col':1},"
		"{'frame_id':2,'path_str_id':5,'func_str_id':4,"
		"'line':1,'end_line':1,'col':0,'end_col':1},"
		"{'frame_id':3,'path_str_id':7,'func_str_id':6,'line':0}]}\n"
		"{'type':'agg','kind':'frame','scope':'final','samples_total':14,'entries':["
		"{'frame_id':0,'self':4,'cumulative':4},{'frame_id':1,'self':0,'cumulative':6},"
		"{'frame_id':2,'self':2,'cumulative':6},{'frame_id':3,'self':8,'cumulative':8}]}\n"
		"{'type':'end','samples_total':14}\n";
	struct tach_build build;
	char buf[8192];

	(void)state;
	make(&build);
	assert_true(write_to(&build, buf, sizeof(buf)) > 0);
	make_legible(buf);
	assert_string_equal(buf, expected);
	build_end(&build);
}

/* Tables are cut into lines of 256 entries. */
static void test_chunks(void **state)
{
	struct tach_build build;
	static char buf[1 << 20];
	tach_frame_id frame;
	int lines = 0;

	(void)state;
	build_start(&build);
	for (__u32 i = 0; i < 600; i++) {
		frame = build_frame(&build, "f.py", "f", (int)i + 1);
		tach_profile__define(build.profile, i, &frame, 1);
		build_add(&build, i, 1, 1);
	}
	build_freeze(&build);
	assert_true(write_to(&build, buf, sizeof(buf)) > 0);
	for (const char *at = buf; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 1 + 1 + 3 + 3 + 1);
	assert_non_null(strstr(buf, "{\"frame_id\":255,\"self\":1,\"cumulative\":1}]}\n"));
	assert_non_null(strstr(buf, "[{\"frame_id\":512,\"self\":1,\"cumulative\":1},"));
	build_end(&build);
}

static void test_empty(void **state)
{
	struct tach_summary summary = {.period_ns = 2000000};
	struct tach_build build;
	char buf[1024];

	(void)state;
	build_start(&build);
	tach_profile__freeze(build.profile, &summary);
	assert_true(write_to(&build, buf, sizeof(buf)) > 0);
	make_legible(buf);
	assert_string_equal(buf, "{'type':'meta','sample_interval_usec':2000}\n"
				 "{'type':'end','samples_total':0}\n");
	build_end(&build);
}

static void test_no_memory(void **state)
{
	struct tach_build build;
	char expected[8192], buf[8192];
	ssize_t full, len;
	int n;

	(void)state;
	make(&build);
	full = write_to(&build, expected, sizeof(expected));
	make_legible(expected);
	for (n = 0, len = -1; len < 0; n++) {
		fail_alloc_left = n;
		len = write_to(&build, buf, sizeof(buf));
		if (len < 0)
			assert_int_equal(len, -ENOMEM);
	}
	fail_alloc_left = -1;
	assert_true(n > 10);
	make_legible(buf);
	assert_int_equal(len, full);
	assert_string_equal(buf, expected);
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
