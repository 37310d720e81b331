// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/write/json.h"

#define TEXT(literal) ((struct tach_text){literal, sizeof(literal) - 1})

struct output {
	int fd;
	struct tach_json json;
};

static void start(struct output *out)
{
	struct tach_why why;

	out->fd = memfd_create("out", 0);
	assert_true(out->fd >= 0);
	out->json = (struct tach_json){.sink = tach_sink__fd(out->fd, "memory", &why)};
	assert_non_null(out->json.sink);
}

static void expect(struct output *out, const char *expected)
{
	struct tach_why why;
	char buf[1024];
	ssize_t sz;

	assert_int_equal(tach_sink__close(out->json.sink, &why), 0);
	sz = pread(out->fd, buf, sizeof(buf) - 1, 0);
	assert_true(sz >= 0);
	buf[sz] = '\0';
	assert_string_equal(buf, expected);
	close(out->fd);
}

static void expect_text(struct tach_text text, const char *expected)
{
	struct output out;

	start(&out);
	tach_json__text(&out.json, text);
	expect(&out, expected);
}

static void test_commas(void **state)
{
	struct output out;

	(void)state;
	start(&out);
	tach_json__open(&out.json, '{');
	tach_json__key(&out.json, "a");
	tach_json__open(&out.json, '[');
	tach_json__close(&out.json, ']');
	tach_json__key(&out.json, "b");
	tach_json__open(&out.json, '[');
	tach_json__null(&out.json);
	tach_json__bool(&out.json, true);
	tach_json__open(&out.json, '{');
	tach_json__key(&out.json, "c");
	tach_json__str(&out.json, "d");
	tach_json__close(&out.json, '}');
	tach_json__raw(&out.json, "[1,2]");
	tach_json__bool(&out.json, false);
	tach_json__close(&out.json, ']');
	tach_json__close(&out.json, '}');
	expect(&out, "{\"a\":[],\"b\":[null,true,{\"c\":\"d\"},[1,2],false]}");
}

static void test_numbers(void **state)
{
	struct output out;

	(void)state;
	start(&out);
	tach_json__open(&out.json, '[');
	tach_json__int(&out.json, 0);
	tach_json__int(&out.json, -1);
	tach_json__int(&out.json, INT64_MIN);
	tach_json__int(&out.json, INT64_MAX);
	tach_json__fixed(&out.json, 0, 3);
	tach_json__fixed(&out.json, 1, 3);
	tach_json__fixed(&out.json, 1500, 3);
	tach_json__fixed(&out.json, 2000, 3);
	tach_json__fixed(&out.json, 10203040, 6);
	tach_json__fixed(&out.json, 7, 0);
	tach_json__fixed(&out.json, UINT64_MAX, 9);
	tach_json__close(&out.json, ']');
	expect(&out, "[0,-1,-9223372036854775808,9223372036854775807,"
		     "0,0.001,1.5,2,10.20304,7,18446744073.709551615]");
}

static void test_text(void **state)
{
	(void)state;
	expect_text(TEXT(""), "\"\"");
	expect_text(TEXT("say \"x\" \\ /"), "\"say \\\"x\\\" \\\\ /\"");
	expect_text(TEXT("\0\n\x1f~\x7f"), "\"\\u0000\\u000a\\u001f~\\u007f\"");
	expect_text(TEXT("\xc3\xa4\xe6\x95\xb0\xf0\x9d\x95\x8c;"),
		    "\"\xc3\xa4\xe6\x95\xb0\xf0\x9d\x95\x8c;\"");
	expect_text(TEXT("\xc2\x85"), "\"\\u0085\"");
	expect_text(TEXT("\xed\xa0\x80.\xed\xb3\xbf"), "\"\\ud800.\\udcff\"");
	/* What is no UTF-8, in the middle and at the end. */
	expect_text(TEXT("a\xff\xc3"), "\"a\\udcff\\udcc3\"");
	expect_text(TEXT("\xf0\x9d\x95z"), "\"\\udcf0\\udc9d\\udc95z\"");
}

/* No text ends the element that the JSON stands in. */
static void test_html(void **state)
{
	struct output out;

	(void)state;
	expect_text(TEXT("</script>\xe2\x80\xa8"), "\"</script>\xe2\x80\xa8\"");
	start(&out);
	out.json.html = true;
	tach_json__open(&out.json, '[');
	tach_json__str(&out.json, "a</script><!--b>");
	tach_json__str(&out.json, "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa");
	tach_json__close(&out.json, ']');
	expect(&out, "[\"a\\u003c/script>\\u003c!--b>\",\"\\u2028\\u2029\xe2\x80\xaa\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
