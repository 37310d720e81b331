// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/write/text.c"

#define TEXT(literal) ((struct tach_text){literal, sizeof(literal) - 1})

static void expect_escape(struct tach_text text, unsigned flags, const char *expected)
{
	char buf[TACH_ESCAPE_MAX(64)];
	size_t sz = tach_text__escape(buf, text, flags);

	assert_true(sz <= TACH_ESCAPE_MAX(text.sz));
	assert_int_equal(sz, strlen(expected));
	assert_memory_equal(buf, expected, sz);
}

static void test_escape(void **state)
{
	(void)state;
	expect_escape(TEXT(""), 0, "");
	expect_escape(TEXT("a b\xc3\xa4\xe6\x95\xb0\xf0\x9d\x95\x8c"), 0,
		      "a b\xc3\xa4\xe6\x95\xb0\xf0\x9d\x95\x8c");
	expect_escape(TEXT("\0\n\r\t\x1b\x7f~"), 0, "\\x00\\x0a\\x0d\\x09\\x1b\\x7f~");
	/* U+0085, U+009F, U+00A0; U+2027, U+2028, U+2029 */
	expect_escape(TEXT("\xc2\x85\xc2\x9f\xc2\xa0"), 0, "\\x85\\x9f\xc2\xa0");
	expect_escape(TEXT("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9"), 0,
		      "\xe2\x80\xa7\\u2028\\u2029");
	expect_escape(TEXT("a;b"), 0, "a;b");
	expect_escape(TEXT("a;b"), TACH_ESCAPE_SEMICOLON, "a\\x3bb");
	expect_escape(TEXT("\xed\xa0\x80"), 0, "\xed\xa0\x80");
	expect_escape(TEXT("\xed\xa0\x80"), TACH_ESCAPE_SURROGATES, "\\ud800");
	/* An escape is not escaped again: a name may look like one. */
	expect_escape(TEXT("\\x0a"), 0, "\\x0a");
}

/* Bytes that are no UTF-8: none may pass, none may be read behind the end. */
static void test_escape_stray_bytes(void **state)
{
	char *end;

	(void)state;
	expect_escape(TEXT("\x80\xbf\xff\xfe"), 0, "\\x80\\xbf\\xff\\xfe");
	expect_escape(TEXT("\xc3"), 0, "\\xc3");
	expect_escape(TEXT("\xe2\x82"), 0, "\\xe2\\x82");
	expect_escape(TEXT("\xf0\x9d\x95z"), 0, "\\xf0\\x9d\\x95z");
	expect_escape(TEXT("\xc0\xaf\xc1\x81"), 0, "\\xc0\\xaf\\xc1\\x81"); /* overlong */
	expect_escape(TEXT("\xe0\x80\x8a"), 0, "\\xe0\\x80\\x8a");	    /* " */
	expect_escape(TEXT("\xf4\x90\x80\x80"), 0, "\\xf4\\x90\\x80\\x80"); /* > U+10FFFF */
	end = memcpy(malloc(1), "\xf0", 1);
	expect_escape((struct tach_text){end, 1}, 0, "\\xf0");
	free(end);
}

static void expect_repr(struct tach_text text, const char *expected)
{
	char buf[TACH_REPR_MAX(64)];
	size_t sz = tach_text__repr(buf, text);

	assert_true(sz <= TACH_REPR_MAX(text.sz));
	assert_int_equal(sz, strlen(expected));
	assert_memory_equal(buf, expected, sz);
}

/* Right sides: what Python 3.13 prints. */
static void test_repr(void **state)
{
	(void)state;
	expect_repr(TEXT(""), "''");
	expect_repr(TEXT("it's"), "\"it's\"");
	expect_repr(TEXT("\"q\""), "'\"q\"'");
	expect_repr(TEXT("'\""), "'\\'\"'");
	expect_repr(TEXT("a\\b\n\t\r\x01"), "'a\\\\b\\n\\t\\r\\x01'");
	expect_repr(TEXT("\xc3\xa4\xc2\xa0\xe2\x80\x8b"), "'\xc3\xa4\\xa0\\u200b'");
	expect_repr(TEXT("\xed\xb2\x80\xf3\xa0\x80\x81"), "'\\udc80\\U000e0001'");
}

static void expect_basename(struct tach_text path, const char *expected)
{
	struct tach_text base = tach_text__basename(path);

	assert_int_equal(base.sz, strlen(expected));
	assert_memory_equal(base.ptr, expected, base.sz);
}

static void test_basename(void **state)
{
	(void)state;
	expect_basename(TEXT(""), "");
	expect_basename(TEXT("a.py"), "a.py");
	expect_basename(TEXT("/a.py"), "a.py");
	expect_basename(TEXT("/x/y/a.py"), "a.py");
	expect_basename(TEXT("/x/y/"), "");
	expect_basename(TEXT("<frozen runpy>"), "<frozen runpy>");
}

static void test_rank(void **state)
{
	const struct tach_text texts[] = {TEXT("b"), TEXT("a"),	       TEXT("ab"),
					  TEXT("b"), TEXT("\xc3\xa4"), TEXT("")};
	__u32 ranks[6];

	(void)state;
	assert_int_equal(tach_text__rank(texts, 0, ranks), 0);
	assert_int_equal(tach_text__rank(texts, 6, ranks), 0);
	assert_int_equal(ranks[5], 0);
	assert_int_equal(ranks[1], 1);
	assert_int_equal(ranks[2], 2);
	assert_int_equal(ranks[0], 3);
	assert_int_equal(ranks[3], 3);
	assert_int_equal(ranks[4], 4);
	fail_alloc_left = 0;
	assert_int_equal(tach_text__rank(texts, 6, ranks), -ENOMEM);
	fail_alloc_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape), cmocka_unit_test(test_escape_stray_bytes),
		cmocka_unit_test(test_repr),   cmocka_unit_test(test_basename),
		cmocka_unit_test(test_rank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
