// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/util/idmap.c"
#include "user/write/locs.c"
#include "user/write/pstats_rows.c"
#include "profile_build.h"

/* "a" is line 1, "A" line 2: see profile_build.h. */
static const struct tach_pstats_row *find_row(const struct tach_build *build,
					      const struct tach_pstats *pstats, char letter)
{
	const char *func;
	__u32 i;

	for (i = 0; i < pstats->row_cnt; i++) {
		func = tach_frametab__text(build->tab, pstats->rows[i].func, NULL);
		if (*func == (letter | 0x20) && pstats->rows[i].line == (letter == *func ? 1 : 2))
			return &pstats->rows[i];
	}
	return NULL;
}

static void expect_row(const struct tach_build *build, const struct tach_pstats *pstats,
		       char letter, __u64 direct, __u64 cumulative)
{
	const struct tach_pstats_row *row = find_row(build, pstats, letter);

	assert_non_null(row);
	assert_int_equal(row->direct, direct);
	assert_int_equal(row->cumulative, cumulative);
}

static void expect_edge(const struct tach_build *build, const struct tach_pstats *pstats,
			char callee, char caller, __u64 direct, __u64 cumulative)
{
	const struct tach_pstats_row *row = find_row(build, pstats, callee);
	__u32 i;

	assert_non_null(row);
	for (i = row->first_edge; i != TACH_NO_ID; i = pstats->edges[i].next) {
		if (&pstats->rows[pstats->edges[i].caller] != find_row(build, pstats, caller))
			continue;
		assert_int_equal(pstats->edges[i].direct, direct);
		assert_int_equal(pstats->edges[i].cumulative, cumulative);
		return;
	}
	fail_msg("%c is not called by %c", callee, caller);
}

/* What must be true of any profile. */
static void check_sums(const struct tach_build *build, const struct tach_pstats *pstats)
{
	__u64 total = tach_profile__total(build->profile), direct = 0, called;
	const struct tach_pstats_row *row;
	__u32 i, edge;

	for (i = 0; i < pstats->row_cnt; i++) {
		row = &pstats->rows[i];
		direct += row->direct;
		assert_true(row->direct <= row->cumulative);
		assert_true(row->cumulative <= total);
		called = 0;
		for (edge = row->first_edge; edge != TACH_NO_ID; edge = pstats->edges[edge].next)
			called += pstats->edges[edge].direct;
		assert_true(called <= row->direct);
	}
	assert_int_equal(direct, total);
}

static void test_plain(void **state)
{
	struct tach_pstats *pstats;
	struct tach_build build;

	(void)state;
	build_start(&build);
	build_sample(&build, 2, "cba", 3);
	build_sample(&build, 1, "ba", 4);
	build_sample(&build, 1, "dba", 5);
	build_sample(&build, 1, "dca", 6);
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	check_sums(&build, pstats);
	assert_int_equal(pstats->row_cnt, 4);
	expect_row(&build, pstats, 'a', 0, 18); /* the root of all is in every sample */
	expect_row(&build, pstats, 'b', 4, 12);
	expect_row(&build, pstats, 'c', 3, 9);
	expect_row(&build, pstats, 'd', 11, 11);
	assert_int_equal(pstats->edge_cnt, 5);
	expect_edge(&build, pstats, 'b', 'a', 4, 12);
	expect_edge(&build, pstats, 'c', 'b', 3, 3);
	expect_edge(&build, pstats, 'c', 'a', 0, 6);
	expect_edge(&build, pstats, 'd', 'b', 5, 5);
	expect_edge(&build, pstats, 'd', 'c', 6, 6);
	/* First seen first, leaf before root, whatever the thread's number. */
	assert_ptr_equal(find_row(&build, pstats, 'c'), &pstats->rows[0]);
	assert_ptr_equal(find_row(&build, pstats, 'b'), &pstats->rows[1]);
	assert_ptr_equal(find_row(&build, pstats, 'a'), &pstats->rows[2]);
	assert_ptr_equal(find_row(&build, pstats, 'd'), &pstats->rows[3]);
	tach_pstats__free(pstats);
	build_end(&build);
}

static void test_recursion(void **state)
{
	struct tach_pstats *pstats;
	struct tach_build build;

	(void)state;
	build_start(&build);
	build_sample(&build, 1, "bbbba", 1);
	build_sample(&build, 1, "cbcbcba", 10);
	build_sample(&build, 1, "abab", 100);
	build_sample(&build, 1, "Bba", 1000); /* another line of b */
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	check_sums(&build, pstats);
	expect_row(&build, pstats, 'a', 100, 1111);
	expect_row(&build, pstats, 'b', 1, 1111);
	expect_row(&build, pstats, 'B', 1000, 1000);
	expect_row(&build, pstats, 'c', 10, 10);
	expect_edge(&build, pstats, 'b', 'b', 1, 1);
	expect_edge(&build, pstats, 'b', 'a', 0, 1111);
	expect_edge(&build, pstats, 'c', 'b', 10, 10);
	expect_edge(&build, pstats, 'b', 'c', 0, 10);
	expect_edge(&build, pstats, 'a', 'b', 100, 100);
	expect_edge(&build, pstats, 'B', 'b', 1000, 1000);
	tach_pstats__free(pstats);
	build_end(&build);
}

/* A stack that was defined but never sampled is not there. */
static void test_unsampled(void **state)
{
	struct tach_pstats *pstats;
	struct tach_build build;

	(void)state;
	build_start(&build);
	build_stack(&build, "zya");
	build_sample(&build, 1, "ba", 1);
	build_add(&build, 99, 1, 2);
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	check_sums(&build, pstats);
	assert_int_equal(pstats->row_cnt, 3);
	assert_null(find_row(&build, pstats, 'y'));
	assert_string_equal(tach_frametab__text(build.tab, pstats->rows[2].func, NULL),
			    "<lost stack>");
	assert_int_equal(pstats->rows[2].direct, 2);
	tach_pstats__free(pstats);
	build_end(&build);
}

/* Frames that differ in columns only are one row, and one recursion. */
static void test_columns(void **state)
{
	struct tach_frame frame = {.line = 5, .end_line = 5, .col = 1, .end_col = 2};
	tach_frame_id frames[2];
	struct tach_pstats *pstats;
	struct tach_build build;

	(void)state;
	build_start(&build);
	frame.file = frame.func = tach_frametab__str(build.tab, "x", 1);
	frames[0] = tach_frametab__frame(build.tab, &frame);
	frame.col = 8;
	frames[1] = tach_frametab__frame(build.tab, &frame);
	assert_int_not_equal(frames[0], frames[1]);
	tach_profile__define(build.profile, 1, frames, 2);
	build_add(&build, 1, 1, 3);
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	check_sums(&build, pstats);
	assert_int_equal(pstats->row_cnt, 1);
	assert_int_equal(pstats->rows[0].cumulative, 3);
	tach_pstats__free(pstats);
	build_end(&build);
}

static void test_deep(void **state)
{
	enum { DEPTH = 8193 };
	static tach_frame_id frames[DEPTH];
	struct tach_pstats *pstats;
	struct tach_build build;
	__u32 i;

	(void)state;
	build_start(&build);
	for (i = 0; i < DEPTH; i++)
		frames[i] = build_frame(&build, "f.py", "f", i % 1000 + 1);
	assert_int_equal(tach_profile__define(build.profile, 1, frames, DEPTH), 0);
	build_add(&build, 1, 1, 2);
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	check_sums(&build, pstats);
	assert_int_equal(pstats->row_cnt, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(pstats->rows[i].cumulative, 2);
	tach_pstats__free(pstats);
	build_end(&build);
}

static void test_empty(void **state)
{
	struct tach_pstats *pstats;
	struct tach_build build;

	(void)state;
	build_start(&build);
	build_freeze(&build);
	pstats = tach_pstats__collect(build.profile);
	assert_non_null(pstats);
	assert_int_equal(pstats->row_cnt, 0);
	tach_pstats__free(pstats);
	tach_pstats__free(NULL);
	build_end(&build);
}

static void test_no_memory(void **state)
{
	struct tach_pstats *pstats = NULL;
	struct tach_build build;
	int n;

	(void)state;
	build_start(&build);
	build_sample(&build, 1, "cba", 1);
	build_sample(&build, 1, "da", 1);
	build_freeze(&build);
	for (n = 0; !pstats; n++) {
		fail_alloc_left = n;
		pstats = tach_pstats__collect(build.profile);
		if (!pstats)
			assert_int_equal(errno, ENOMEM);
	}
	fail_alloc_left = -1;
	assert_true(n > 10);
	check_sums(&build, pstats);
	tach_pstats__free(pstats);
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	  cmocka_unit_test(test_recursion),
		cmocka_unit_test(test_unsampled), cmocka_unit_test(test_columns),
		cmocka_unit_test(test_deep),	  cmocka_unit_test(test_empty),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
