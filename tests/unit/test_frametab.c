// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/symbolize/frametab.c"

static struct tach_frame frame_at(tach_str_id file, tach_str_id func, int line)
{
	return (struct tach_frame){
		.file = file, .func = func, .line = line, .end_line = line, .col = 4, .end_col = 9};
}

static void test_empty(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();

	(void)state;
	assert_non_null(tab);
	assert_int_equal(tach_frametab__str_cnt(tab), 0);
	assert_int_equal(tach_frametab__frame_cnt(tab), 0);
	tach_frametab__free(tab);
	tach_frametab__free(NULL);
}

static void test_strings(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();
	size_t sz = 99;

	(void)state;
	assert_int_equal(tach_frametab__str(tab, "main", 4), 0);
	assert_int_equal(tach_frametab__str(tab, "mainly", 6), 1);
	assert_int_equal(tach_frametab__str(tab, "mainly", 4), 0);
	assert_int_equal(tach_frametab__str(tab, "", 0), 2);
	assert_int_equal(tach_frametab__str(tab, "x", 0), 2);
	assert_int_equal(tach_frametab__str_cnt(tab), 3);
	assert_string_equal(tach_frametab__text(tab, 0, &sz), "main");
	assert_int_equal(sz, 4);
	assert_string_equal(tach_frametab__text(tab, 2, NULL), "");
	tach_frametab__free(tab);
}

static void test_strings_with_nul(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();
	tach_str_id ab = tach_frametab__str(tab, "a\0b", 3);
	tach_str_id ac = tach_frametab__str(tab, "a\0c", 3);
	tach_str_id a = tach_frametab__str(tab, "a", 1);
	size_t sz;

	(void)state;
	assert_int_not_equal(ab, ac);
	assert_int_not_equal(ab, a);
	assert_memory_equal(tach_frametab__text(tab, ac, &sz), "a\0c", 4);
	assert_int_equal(sz, 3);
	tach_frametab__free(tab);
}

/* Every field makes a frame another one. */
static void test_frames(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();
	struct tach_frame frames[9];
	tach_frame_id i;

	(void)state;
	for (i = 0; i < 9; i++)
		frames[i] = frame_at(1, 2, 3);
	frames[1].file = 7;
	frames[2].func = 7;
	frames[3].line = TACH_LINE_BAD;
	frames[4].end_line = 7;
	frames[5].col = TACH_COL_NONE;
	frames[6].end_col = 7;
	frames[7].first_line = 7;
	for (i = 0; i < 8; i++)
		assert_int_equal(tach_frametab__frame(tab, &frames[i]), i);
	assert_int_equal(tach_frametab__frame(tab, &frames[8]), 0);
	assert_int_equal(tach_frametab__frame_cnt(tab), 8);
	for (i = 0; i < 8; i++)
		assert_memory_equal(tach_frametab__get(tab, i), &frames[i], sizeof(frames[i]));
	tach_frametab__free(tab);
}

static void test_marker(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();
	tach_str_id mark = tach_frametab__str(tab, "~", 1),
		    file = tach_frametab__str(tab, "~/a", 3);

	(void)state;
	assert_true(tach_frametab__is_marker(tab, mark, TACH_LINE_NONE));
	assert_false(tach_frametab__is_marker(tab, mark, 1));
	assert_false(tach_frametab__is_marker(tab, mark, TACH_LINE_BAD));
	assert_false(tach_frametab__is_marker(tab, file, TACH_LINE_NONE));
	tach_frametab__free(tab);
}

/* Through many growths: ids count up, what was handed out stays where it is. */
static void test_many(void **state)
{
	struct tach_frametab *tab = tach_frametab__new();
	const struct tach_frame *first_frame;
	const char *first_text;
	struct tach_frame frame;
	char text[32];
	__u32 i;
	int sz;

	(void)state;
	for (i = 0; i < 20000; i++) {
		sz = snprintf(text, sizeof(text), "name %u", i);
		assert_int_equal(tach_frametab__str(tab, text, sz), i);
		frame = frame_at(0, i, i % 3);
		assert_int_equal(tach_frametab__frame(tab, &frame), i);
		if (!i) {
			first_text = tach_frametab__text(tab, 0, NULL);
			first_frame = tach_frametab__get(tab, 0);
		}
	}
	assert_ptr_equal(first_text, tach_frametab__text(tab, 0, NULL));
	assert_ptr_equal(first_frame, tach_frametab__get(tab, 0));
	for (i = 0; i < 20000; i++) {
		sz = snprintf(text, sizeof(text), "name %u", i);
		assert_int_equal(tach_frametab__str(tab, text, sz), i);
		assert_string_equal(tach_frametab__text(tab, i, NULL), text);
		assert_int_equal(tach_frametab__get(tab, i)->func, i);
	}
	assert_int_equal(tach_frametab__str_cnt(tab), 20000);
	assert_int_equal(tach_frametab__frame_cnt(tab), 20000);
	tach_frametab__free(tab);
}

/* An allocation that fails costs one answer and nothing that was there; tried again it works. */
static void test_without_memory(void **state)
{
	struct tach_frametab *tab;
	struct tach_frame frame;
	char text[32];
	__u32 i, id;
	int fails = 0;
	int left, sz;

	(void)state;
	fail_alloc_left = 0;
	assert_null(tach_frametab__new());
	fail_alloc_left = -1;
	tab = tach_frametab__new();
	assert_non_null(tab);
	for (i = 0; i < 1000; i++) {
		sz = snprintf(text, sizeof(text), "name %u", i);
		for (left = 0;; left++) {
			fail_alloc_left = left;
			id = tach_frametab__str(tab, text, sz);
			fail_alloc_left = -1;
			if (id != TACH_NO_ID)
				break;
			fails++;
			assert_int_equal(tach_frametab__str_cnt(tab), i);
		}
		assert_int_equal(id, i);
		frame = frame_at(i, i, 1);
		for (left = 0;; left++) {
			fail_alloc_left = left;
			id = tach_frametab__frame(tab, &frame);
			fail_alloc_left = -1;
			if (id != TACH_NO_ID)
				break;
			fails++;
			assert_int_equal(tach_frametab__frame_cnt(tab), i);
		}
		assert_int_equal(id, i);
	}
	assert_true(fails > 2 * 1000);
	for (i = 0; i < 1000; i++) {
		sz = snprintf(text, sizeof(text), "name %u", i);
		assert_int_equal(tach_frametab__str(tab, text, sz), i);
	}
	tach_frametab__free(tab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_strings_with_nul),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_marker),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
