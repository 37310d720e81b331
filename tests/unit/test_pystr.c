// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbolize/pystr.h"

/* The destination is exactly as large as the header promises to be enough. */
static void check(const void *src, size_t sz, unsigned kind, const char *want, size_t want_sz)
{
	char *dst = malloc(TACH_PYSTR_MAX(sz) + 1);
	size_t got;

	assert_non_null(dst);
	got = tach_pystr__to_utf8(src, sz, kind, dst);
	assert_int_equal(got, want_sz);
	assert_memory_equal(dst, want, want_sz);
	free(dst);
}

#define CHECK(src, kind, want) check(src, sizeof(src), kind, want, sizeof(want) - 1)

static void test_latin1(void **state)
{
	static const unsigned char ascii[] = {'f', '.', '<', 'l', '>'};
	static const unsigned char high[] = {'a', 0x7f, 0x80, 0xe9, 0xff};

	(void)state;
	CHECK(ascii, 1, "f.<l>");
	CHECK(high, 1, "a\x7f\xc2\x80\xc3\xa9\xc3\xbf");
}

static void test_ucs2(void **state)
{
	static const uint16_t text[] = {'x', 0x7ff, 0x800, 0x65e5, 0xffff};
	static const uint16_t surrogates[] = {0xd800, 0xdcff, 0xdfff};

	(void)state;
	CHECK(text, 2, "x\xdf\xbf\xe0\xa0\x80\xe6\x97\xa5\xef\xbf\xbf");
	CHECK(surrogates, 2, "\xed\xa0\x80\xed\xb3\xbf\xed\xbf\xbf");
}

static void test_ucs4(void **state)
{
	static const uint32_t text[] = {'y', 0xdc80, 0x10000, 0x1f40d, 0x10ffff};
	static const uint32_t broken[] = {0x110000, 0xffffffff, 'z'};

	(void)state;
	CHECK(text, 4, "y\xed\xb2\x80\xf0\x90\x80\x80\xf0\x9f\x90\x8d\xf4\x8f\xbf\xbf");
	CHECK(broken, 4, "\xef\xbf\xbd\xef\xbf\xbdz");
}

static void test_nul_stays(void **state)
{
	static const unsigned char text[] = {'a', 0, 'b'};

	(void)state;
	CHECK(text, 1, "a\0b");
}

static void test_cut_character_is_dropped(void **state)
{
	static const uint16_t two[] = {'a', 0x65e5};
	static const uint32_t four[] = {'a', 0x1f40d};

	(void)state;
	check(two, 3, 2, "a", 1);
	check(two, 1, 2, "", 0);
	check(four, 7, 4, "a", 1);
	check(four, 5, 4, "a", 1);
	check(four, 3, 4, "", 0);
}

static void test_unaligned(void **state)
{
	unsigned char bytes[9];
	static const uint32_t four[] = {'a', 0x1f40d};

	(void)state;
	memcpy(bytes + 1, four, sizeof(four));
	check(bytes + 1, 8, 4, "a\xf0\x9f\x90\x8d", 5);
}

static void test_empty_and_unknown_kind(void **state)
{
	(void)state;
	check("", 0, 1, "", 0);
	check("abcdefgh", 8, 0, "", 0);
	check("abcdefgh", 8, 3, "", 0);
	check("abcdefgh", 8, 8, "", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_latin1),
		cmocka_unit_test(test_ucs2),
		cmocka_unit_test(test_ucs4),
		cmocka_unit_test(test_nul_stays),
		cmocka_unit_test(test_cut_character_is_dropped),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_empty_and_unknown_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
