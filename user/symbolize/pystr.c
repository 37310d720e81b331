// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <string.h>

#include "symbolize/pystr.h"
#include "util/types.h"

#define REPLACEMENT 0xfffdu
#define UNICODE_MAX 0x10ffffu

static __u32 code_point(const unsigned char *src, unsigned kind)
{
	__u16 two;
	__u32 four;

	switch (kind) {
	case 1:
		return *src;
	case 2:
		memcpy(&two, src, sizeof(two));
		return two;
	default:
		memcpy(&four, src, sizeof(four));
		return four;
	}
}

/* Surrogates are encoded like any other code point: that is what "surrogatepass" means. */
static size_t put_utf8(__u32 point, char *dst)
{
	if (point > UNICODE_MAX)
		point = REPLACEMENT;
	if (point < 0x80) {
		dst[0] = point;
		return 1;
	}
	if (point < 0x800) {
		dst[0] = 0xc0 | point >> 6;
		dst[1] = 0x80 | (point & 0x3f);
		return 2;
	}
	if (point < 0x10000) {
		dst[0] = 0xe0 | point >> 12;
		dst[1] = 0x80 | (point >> 6 & 0x3f);
		dst[2] = 0x80 | (point & 0x3f);
		return 3;
	}
	dst[0] = 0xf0 | point >> 18;
	dst[1] = 0x80 | (point >> 12 & 0x3f);
	dst[2] = 0x80 | (point >> 6 & 0x3f);
	dst[3] = 0x80 | (point & 0x3f);
	return 4;
}

size_t tach_pystr__to_utf8(const unsigned char *src, size_t sz, unsigned kind, char *dst)
{
	char *end = dst;
	size_t i;

	if (kind != 1 && kind != 2 && kind != 4)
		return 0;
	for (i = 0; i + kind <= sz; i += kind)
		end += put_utf8(code_point(src + i, kind), end);
	return end - dst;
}
