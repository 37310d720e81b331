// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The encoder against the examples of https://protobuf.dev/programming-guides/encoding, gzip against zlib's
 * own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/write/gzip.c"
#include "user/write/proto.c"

/* As string literals, whose own zero at the end is not meant. */
#define expect_bytes(proto, want)                                                                  \
	do {                                                                                       \
		assert_int_equal((proto)->err, 0);                                                 \
		assert_int_equal((proto)->used, sizeof(want) - 1);                                 \
		assert_memory_equal((proto)->data, want, sizeof(want) - 1);                        \
		(proto)->used = 0;                                                                 \
	} while (0)

static void test_encoding(void **state)
{
	struct tach_proto proto = {0};
	size_t outer, inner;

	(void)state;
	tach_proto__number(&proto, 1, 150);
	expect_bytes(&proto, "\x08\x96\x01");

	outer = tach_proto__open(&proto, 2);
	tach_proto__bytes(&proto, "testing", 7);
	tach_proto__close(&proto, outer);
	expect_bytes(&proto, "\x12\x07testing");

	outer = tach_proto__open(&proto, 3);
	tach_proto__number(&proto, 1, 150);
	tach_proto__close(&proto, outer);
	expect_bytes(&proto, "\x1a\x03\x08\x96\x01");

	outer = tach_proto__open(&proto, 6);
	tach_proto__packed(&proto, 3);
	tach_proto__packed(&proto, 270);
	tach_proto__packed(&proto, 86942);
	tach_proto__close(&proto, outer);
	expect_bytes(&proto, "\x32\x06\x03\x8e\x02\x9e\xa7\x05");

	tach_proto__number(&proto, 1, 0);
	tach_proto__number(&proto, 16, UINT64_MAX);
	expect_bytes(&proto, "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");

	outer = tach_proto__open(&proto, 1);
	inner = tach_proto__open(&proto, 2);
	tach_proto__close(&proto, inner);
	inner = tach_proto__open(&proto, 3);
	tach_proto__packed(&proto, 0);
	tach_proto__close(&proto, inner);
	tach_proto__close(&proto, outer);
	expect_bytes(&proto, "\x0a\x05\x12\x00\x1a\x01\x00");
	tach_proto__free(&proto);
}

/* A length that itself takes several bytes, in one that does. */
static void test_long(void **state)
{
	enum { SZ = 200000 };
	struct tach_proto proto = {0};
	size_t outer, inner;
	char *text = malloc(SZ);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', SZ);
	outer = tach_proto__open(&proto, 1);
	inner = tach_proto__open(&proto, 2);
	tach_proto__bytes(&proto, text, SZ);
	tach_proto__close(&proto, inner);
	tach_proto__close(&proto, outer);
	assert_int_equal(proto.used, SZ + 8);
	assert_memory_equal(proto.data, "\x0a\xc4\x9a\x0c\x12\xc0\x9a\x0c", 8); /* SZ + 4, SZ */
	assert_memory_equal(proto.data + 8, text, SZ);
	free(text);
	tach_proto__free(&proto);
}

static void test_without_memory(void **state)
{
	struct tach_proto proto = {0};
	size_t opened;

	(void)state;
	fail_alloc_left = 0;
	opened = tach_proto__open(&proto, 1);
	fail_alloc_left = -1;
	assert_int_equal(proto.err, -ENOMEM);
	/* Nothing comes behind a hole. */
	tach_proto__bytes(&proto, "text", 4);
	tach_proto__number(&proto, 1, 1);
	tach_proto__close(&proto, opened);
	assert_int_equal(proto.used, 0);
	assert_null(tach_proto__reserve(&proto, 1));
	tach_proto__free(&proto);
	assert_int_equal(proto.err, 0);
}

/* @parts times @sz bytes, which do not repeat soon. */
static void through_gzip(size_t parts, size_t sz)
{
	int fd = memfd_create("out", 0);
	unsigned char *in = malloc(parts * sz + 1), *out = malloc(parts * sz + 1);
	struct tach_sink *sink;
	struct tach_gzip *gzip;
	struct tach_why why;
	gzFile file;
	size_t i;

	assert_true(fd >= 0);
	for (i = 0; i < parts * sz; i++)
		in[i] = (unsigned char)(i * 2654435761u >> 13);
	sink = tach_sink__fd(fd, "memory", &why);
	gzip = tach_gzip__new(sink);
	assert_non_null(gzip);
	for (i = 0; i < parts; i++)
		tach_gzip__write(gzip, in + i * sz, sz);
	tach_gzip__close(gzip);
	assert_int_equal(tach_sink__close(sink, &why), 0);

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	file = gzdopen(fd, "r");
	assert_non_null(file);
	assert_false(gzdirect(file)); /* it is a gzip file */
	assert_int_equal(gzread(file, out, parts * sz + 1), parts * sz);
	assert_memory_equal(in, out, parts * sz);
	assert_int_equal(gzclose(file), Z_OK);
	free(in);
	free(out);
}

static void test_gzip(void **state)
{
	(void)state;
	through_gzip(0, 0);
	through_gzip(1, 1);
	through_gzip(5000, 7);
	through_gzip(3, 1000000);
}

static void test_gzip_without_memory(void **state)
{
	struct tach_why why;
	struct tach_sink *sink = tach_sink__fd(STDERR_FILENO, "stderr", &why);

	(void)state;
	fail_alloc_left = 0;
	assert_null(tach_gzip__new(sink));
	fail_alloc_left = -1;
	tach_gzip__close(NULL);
	tach_sink__abort(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_gzip_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
