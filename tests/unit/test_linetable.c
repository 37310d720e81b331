// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbolize/frametab.h"
#include "symbolize/linetable.h"

/* First byte of an entry of @cnt code units. */
#define ENTRY(code, cnt) (0x80 | (code) << 3 | ((cnt) - 1))

enum { NO_COLUMNS = 13, LONG = 14, NONE = 15 };

/* The table lies in a block of its own size: reading behind it is seen by the sanitizer. */
static int find(const unsigned char *tab, size_t sz, int first, unsigned lasti,
		struct tach_position *pos)
{
	unsigned char *copy = malloc(sz + !sz);
	int err;

	assert_non_null(copy);
	memcpy(copy, tab, sz);
	memset(pos, 0x55, sizeof(*pos));
	err = tach_linetable__find(copy, sz, first, lasti, pos);
	free(copy);
	return err;
}

static void check(const unsigned char *tab, size_t sz, int first, unsigned lasti, int line,
		  int end_line, int col, int end_col)
{
	struct tach_position pos;

	assert_int_equal(find(tab, sz, first, lasti, &pos), 0);
	assert_int_equal(pos.line, line);
	assert_int_equal(pos.end_line, end_line);
	assert_int_equal(pos.col, col);
	assert_int_equal(pos.end_col, end_col);
}

static void check_bad(const unsigned char *tab, size_t sz, int first, unsigned lasti)
{
	struct tach_position pos;

	assert_int_equal(find(tab, sz, first, lasti, &pos), -EINVAL);
	assert_int_equal(pos.line, TACH_LINE_BAD);
	assert_int_equal(pos.end_line, TACH_LINE_BAD);
	assert_int_equal(pos.col, TACH_COL_NONE);
	assert_int_equal(pos.end_col, TACH_COL_NONE);
}

#define CHECK(tab, ...)	    check(tab, sizeof(tab), __VA_ARGS__)
#define CHECK_BAD(tab, ...) check_bad(tab, sizeof(tab), __VA_ARGS__)

static void test_short(void **state)
{
	static const unsigned char tab[] = {ENTRY(0, 1), 0x00,	      ENTRY(3, 8),
					    0x5f,	 ENTRY(9, 2), 0x7f};

	(void)state;
	CHECK(tab, 10, 0, 10, 10, 0, 0);
	CHECK(tab, 10, 1, 10, 10, 29, 44);
	CHECK(tab, 10, 8, 10, 10, 29, 44);
	CHECK(tab, 10, 9, 10, 10, 79, 94);
	CHECK(tab, 10, 10, 10, 10, 79, 94);
	CHECK_BAD(tab, 10, 11);
}

static void test_one_line(void **state)
{
	static const unsigned char tab[] = {ENTRY(10, 1), 4, 9, ENTRY(11, 1), 0, 127,
					    ENTRY(12, 1), 8, 8};

	(void)state;
	CHECK(tab, 5, 0, 5, 5, 4, 9);
	CHECK(tab, 5, 1, 6, 6, 0, 127);
	CHECK(tab, 5, 2, 8, 8, 8, 8);
}

static void test_no_columns(void **state)
{
	/* svarint: 6 is +3, 5 is -2. */
	static const unsigned char tab[] = {ENTRY(NO_COLUMNS, 2), 6, ENTRY(NO_COLUMNS, 1), 5};

	(void)state;
	CHECK(tab, 100, 1, 103, 103, TACH_COL_NONE, TACH_COL_NONE);
	CHECK(tab, 100, 2, 101, 101, TACH_COL_NONE, TACH_COL_NONE);
}

static void test_long(void **state)
{
	/* line -100 (svarint 201: 9 + 64, then 3), end line +70 (6 + 64, then 1), columns 199 and none. */
	static const unsigned char tab[] = {ENTRY(LONG, 3), 0x40 | 9, 3, 0x40 | 6, 1,
					    0x40 | 8,	    3,	      0};

	(void)state;
	CHECK(tab, 150, 2, 50, 120, 199, TACH_COL_NONE);
}

/* The rule that several profilers got wrong: an instruction without location does not change the line
 * from which the next entry counts. */
static void test_no_location_keeps_the_line(void **state)
{
	static const unsigned char tab[] = {ENTRY(11, 1),
					    1,
					    2,
					    ENTRY(NONE, 8),
					    ENTRY(NONE, 1),
					    ENTRY(0, 1),
					    0x12,
					    ENTRY(NONE, 1),
					    ENTRY(11, 1),
					    3,
					    4,
					    ENTRY(NONE, 1),
					    ENTRY(LONG, 1),
					    2,
					    0,
					    1,
					    2};

	(void)state;
	CHECK(tab, 20, 0, 21, 21, 1, 2);
	CHECK(tab, 20, 1, TACH_LINE_NONE, TACH_LINE_NONE, TACH_COL_NONE, TACH_COL_NONE);
	CHECK(tab, 20, 9, TACH_LINE_NONE, TACH_LINE_NONE, TACH_COL_NONE, TACH_COL_NONE);
	CHECK(tab, 20, 10, 21, 21, 1, 3);
	CHECK(tab, 20, 11, TACH_LINE_NONE, TACH_LINE_NONE, TACH_COL_NONE, TACH_COL_NONE);
	CHECK(tab, 20, 12, 22, 22, 3, 4);
	CHECK(tab, 20, 14, 23, 23, 0, 1);
}

/* A module's first instruction is on line 0, with columns: that is a position. */
static void test_line_zero(void **state)
{
	static const unsigned char tab[] = {ENTRY(LONG, 1), 3, 1, 1, 1, ENTRY(11, 1), 0, 5};

	(void)state;
	CHECK(tab, 1, 0, 0, 1, 0, 0);
	CHECK(tab, 1, 1, 1, 1, 0, 5);
}

static void test_largest_values(void **state)
{
	/* firstlineno INT_MAX; end line, column as large as an int. */
	static const unsigned char tab[] = {ENTRY(LONG, 1), 0,	  0,	0x7f, 0x7f,
					    0x7f,	    0x7f, 0x7f, 0x01, 0};
	static const unsigned char lowest[] = {
		ENTRY(NO_COLUMNS, 1), 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 1};

	(void)state;
	CHECK(tab, INT_MAX, 0, INT_MAX, INT_MAX, INT_MAX - 1, TACH_COL_NONE);
	CHECK(lowest, INT_MAX, 0, INT_MAX / 2 + 1, INT_MAX / 2 + 1, TACH_COL_NONE, TACH_COL_NONE);
}

static void test_overflow(void **state)
{
	static const unsigned char too_long[] = {
		ENTRY(NO_COLUMNS, 1), 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x01};
	static const unsigned char too_large[] = {ENTRY(LONG, 1), 0,	0x40, 0x40, 0x40,
						  0x40,		  0x40, 2,    0,    0};
	static const unsigned char end_line[] = {ENTRY(LONG, 1), 0, 1, 0, 0};
	static const unsigned char up[] = {ENTRY(11, 1), 0, 0};
	static const unsigned char negative[] = {ENTRY(NO_COLUMNS, 1), 5};

	(void)state;
	CHECK_BAD(too_long, 1, 0);
	CHECK_BAD(too_large, 1, 0);
	CHECK_BAD(end_line, INT_MAX, 0);
	CHECK_BAD(up, INT_MAX, 0);
	CHECK_BAD(negative, 1, 0);
	CHECK_BAD(up, INT_MIN, 0);
}

/* A column whose lower 32 bits are the smallest number: one less is not to be computed. */
static void test_column_overflow(void **state)
{
	static const unsigned char end_col[] = {ENTRY(LONG, 1), 0,    0,    1,	  0x40,
						0x40,		0x40, 0x40, 0x40, 2};
	static const unsigned char col[] = {ENTRY(LONG, 1), 0,	  0,	0x40, 0x40,
					    0x40,	    0x40, 0x40, 2,    0};

	(void)state;
	CHECK_BAD(end_col, 10, 0);
	CHECK_BAD(col, 10, 0);
}

static void test_malformed(void **state)
{
	static const unsigned char not_an_entry[] = {0x05, 0x01};
	static const unsigned char nul[] = {ENTRY(0, 1), 0x12, 0, ENTRY(0, 1), 0x12};
	static const unsigned char high_bit[] = {ENTRY(0, 1), 0x92};
	static const unsigned char high_column[] = {ENTRY(11, 1), 0x80, 0x80};
	static const unsigned char bad_before[] = {ENTRY(NO_COLUMNS, 1), ENTRY(NONE, 1),
						   ENTRY(NONE, 1)};

	(void)state;
	check_bad((const unsigned char *)"", 0, 1, 0);
	CHECK_BAD(not_an_entry, 1, 0);
	CHECK(nul, 1, 0, 1, 1, 1, 3);
	CHECK_BAD(nul, 1, 1);
	CHECK_BAD(high_bit, 1, 0);
	CHECK_BAD(high_column, 1, 0);
	CHECK_BAD(bad_before, 1, 2);
}

static void test_no_table(void **state)
{
	struct tach_position pos;

	(void)state;
	assert_int_equal(tach_linetable__find(NULL, 0, 1, 0, &pos), -EINVAL);
	assert_int_equal(pos.line, TACH_LINE_BAD);
}

/* A table cut anywhere is right up to the cut and malformed behind it. */
static void test_every_cut(void **state)
{
	static const unsigned char tab[] = {ENTRY(LONG, 1),
					    0x42,
					    1,
					    0x41,
					    1,
					    0x41,
					    1,
					    0x42,
					    1,
					    ENTRY(12, 1),
					    7,
					    9,
					    ENTRY(5, 1),
					    0x33,
					    ENTRY(NO_COLUMNS, 1),
					    0x42,
					    1};
	static const size_t ends[] = {9, 12, 14, 17};
	struct tach_position whole, cut;
	unsigned lasti;
	size_t sz;

	(void)state;
	for (sz = 0; sz <= sizeof(tab); sz++) {
		for (lasti = 0; lasti < 4; lasti++) {
			if (sz < ends[lasti]) {
				check_bad(tab, sz, 1, lasti);
				continue;
			}
			assert_int_equal(find(tab, sizeof(tab), 1, lasti, &whole), 0);
			assert_int_equal(find(tab, sz, 1, lasti, &cut), 0);
			assert_memory_equal(&whole, &cut, sizeof(cut));
		}
	}
}

/* Whatever the bytes, the answer is one of the two that the header knows. */
static void test_random_bytes(void **state)
{
	uint64_t seed = 1;
	unsigned char tab[64];
	struct tach_position pos;
	int round, err;
	size_t i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < sizeof(tab); i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			tab[i] = seed >> 56;
			if (i % 3 == 0)
				tab[i] |= 0x80;
		}
		err = find(tab, seed >> 40 & 63, (int)(seed >> 32), seed >> 20 & 31, &pos);
		assert_true(err == 0 || (err == -EINVAL && pos.line == TACH_LINE_BAD));
		if (!err)
			assert_true(pos.line >= 0 && pos.end_line >= pos.line && pos.col >= -1 &&
				    pos.end_col >= -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_no_columns),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_no_location_keeps_the_line),
		cmocka_unit_test(test_line_zero),
		cmocka_unit_test(test_largest_values),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_column_overflow),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_table),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
