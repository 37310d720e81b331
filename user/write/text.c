// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/types.h"
#include "write/text.h"

struct tach_text tach_text__of(const struct tach_frametab *tab, tach_str_id id)
{
	struct tach_text text;

	text.ptr = tach_frametab__text(tab, id, &text.sz);
	return text;
}

struct tach_text tach_text__basename(struct tach_text path)
{
	const char *slash = memrchr(path.ptr, '/', path.sz);

	if (slash) {
		path.sz -= slash + 1 - path.ptr;
		path.ptr = slash + 1;
	}
	return path;
}

bool tach_text__is(struct tach_text text, const char *str)
{
	return text.sz == strlen(str) && !memcmp(text.ptr, str, text.sz);
}

int tach_text__cmp(struct tach_text a, struct tach_text b)
{
	int diff = memcmp(a.ptr, b.ptr, a.sz < b.sz ? a.sz : b.sz);

	if (diff)
		return diff;
	return a.sz < b.sz ? -1 : a.sz > b.sz;
}

size_t tach_text__next(struct tach_text text, __u32 *code)
{
	static const __u32 smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *ptr = (const unsigned char *)text.ptr;
	size_t sz, i;

	*code = ptr[0];
	if (ptr[0] < 0x80)
		return 1;
	sz = ptr[0] >= 0xf0 ? 4 : ptr[0] >= 0xe0 ? 3 : 2;
	*code = ptr[0] & (0x7f >> sz);
	for (i = 1; i < sz && i < text.sz && (ptr[i] & 0xc0) == 0x80; i++)
		*code = *code << 6 | (ptr[i] & 0x3f);
	if (ptr[0] < 0xc2 || ptr[0] > 0xf4 || i < sz || *code < smallest[sz] || *code > 0x10ffff) {
		*code = TACH_CODE_INVALID;
		return 1;
	}
	return sz;
}

static bool is_surrogate(__u32 code)
{
	return code >= 0xd800 && code <= 0xdfff;
}

/* What ends a line for str.splitlines() or moves a terminal's cursor: C0, DEL, C1, U+2028, U+2029. */
static bool is_control(__u32 code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

/* Returns the number of bytes written: 4, 6 or 10. */
static size_t put_code(char *dst, __u32 code)
{
	char buf[11];
	int len;

	if (code <= 0xff)
		len = snprintf(buf, sizeof(buf), "\\x%02x", code);
	else if (code <= 0xffff)
		len = snprintf(buf, sizeof(buf), "\\u%04x", code);
	else
		len = snprintf(buf, sizeof(buf), "\\U%08x", code);
	memcpy(dst, buf, len);
	return len;
}

static struct tach_text after(struct tach_text text, size_t sz)
{
	return (struct tach_text){text.ptr + sz, text.sz - sz};
}

size_t tach_text__escape(char *dst, struct tach_text text, unsigned flags)
{
	char *start = dst;
	__u32 code;
	size_t sz;

	for (; text.sz; text = after(text, sz)) {
		sz = tach_text__next(text, &code);
		if (code == TACH_CODE_INVALID) {
			dst += put_code(dst, (unsigned char)*text.ptr);
		} else if (is_control(code) ||
			   (is_surrogate(code) && flags & TACH_ESCAPE_SURROGATES) ||
			   (code == ';' && flags & TACH_ESCAPE_SEMICOLON)) {
			dst += put_code(dst, code);
		} else {
			memcpy(dst, text.ptr, sz);
			dst += sz;
		}
	}
	return dst - start;
}

/* The common ones of what str.isprintable() refuses: separators, format characters, surrogates,
 * private use, non-characters. (Unicode categories Z*, C*; unassigned characters are left out.) */
static bool is_printable(__u32 code)
{
	static const struct {
		__u32 first, last;
	} ranges[] = {
		{0x0080, 0x00a0}, {0x00ad, 0x00ad}, {0x0600, 0x0605},	{0x061c, 0x061c},
		{0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f},	{0x2028, 0x202f},
		{0x205f, 0x206f}, {0x3000, 0x3000}, {0xd800, 0xf8ff},	{0xfeff, 0xfeff},
		{0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return false;
	return code >= 0x20 && code != 0x7f;
}

/* Source: CPython v3.13.0 Objects/unicodeobject.c unicode_repr() */
size_t tach_text__repr(char *dst, struct tach_text text)
{
	bool apostrophe = text.sz && memchr(text.ptr, '\'', text.sz);
	bool quotation = text.sz && memchr(text.ptr, '"', text.sz);
	char quote = apostrophe && !quotation ? '"' : '\'';
	char *start = dst;
	__u32 code;
	size_t sz;

	*dst++ = quote;
	for (; text.sz; text = after(text, sz)) {
		sz = tach_text__next(text, &code);
		if (code == '\n' || code == '\r' || code == '\t') {
			*dst++ = '\\';
			*dst++ = code == '\n' ? 'n' : code == '\r' ? 'r' : 't';
		} else if (code == TACH_CODE_INVALID) {
			dst += put_code(dst, (unsigned char)*text.ptr);
		} else if (!is_printable(code)) {
			dst += put_code(dst, code);
		} else {
			if (code == '\\' || code == (unsigned char)quote)
				*dst++ = '\\';
			memcpy(dst, text.ptr, sz);
			dst += sz;
		}
	}
	*dst++ = quote;
	return dst - start;
}

struct ranked {
	struct tach_text text;
	__u32 idx;
};

static int ranked_cmp(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	return tach_text__cmp(a->text, b->text);
}

int tach_text__rank(const struct tach_text *texts, __u32 cnt, __u32 *rank)
{
	struct ranked *sorted;
	__u32 i, next = 0;

	if (!cnt)
		return 0;
	sorted = calloc(cnt, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < cnt; i++)
		sorted[i] = (struct ranked){texts[i], i};
	qsort(sorted, cnt, sizeof(*sorted), ranked_cmp);
	for (i = 0; i < cnt; i++) {
		if (i && tach_text__cmp(sorted[i - 1].text, sorted[i].text))
			next++;
		rank[sorted[i].idx] = next;
	}
	free(sorted);
	return 0;
}
