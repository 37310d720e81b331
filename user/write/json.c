// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "write/json.h"

#define DIGITS 24 /* of any number, the sign included */

static void put(struct tach_json *json, const char *data, size_t sz)
{
	tach_sink__write(json->sink, data, sz);
}

/* Before a value. */
static void begin(struct tach_json *json)
{
	if (json->comma)
		put(json, ",", 1);
	json->comma = true;
}

void tach_json__open(struct tach_json *json, char bracket)
{
	begin(json);
	put(json, &bracket, 1);
	json->comma = false;
}

void tach_json__close(struct tach_json *json, char bracket)
{
	put(json, &bracket, 1);
	json->comma = true;
}

void tach_json__key(struct tach_json *json, const char *key)
{
	begin(json);
	put(json, "\"", 1);
	put(json, key, strlen(key));
	put(json, "\":", 2);
	json->comma = false;
}

/* The digits of @value end at @end; returns where they begin. */
static char *put_digits(char *end, __u64 value)
{
	do
		*--end = (char)('0' + value % 10);
	while (value /= 10);
	return end;
}

void tach_json__int(struct tach_json *json, __s64 value)
{
	char buf[DIGITS], *end = buf + sizeof(buf);
	char *start = put_digits(end, value < 0 ? -(__u64)value : (__u64)value);

	if (value < 0)
		*--start = '-';
	begin(json);
	put(json, start, end - start);
}

void tach_json__fixed(struct tach_json *json, __u64 value, int decimals)
{
	char buf[2 * DIGITS], *end = buf + sizeof(buf), *start = end;

	for (; decimals; decimals--, value /= 10)
		if (start != end || value % 10)
			*--start = (char)('0' + value % 10);
	if (start != end)
		*--start = '.';
	start = put_digits(start, value);
	begin(json);
	put(json, start, end - start);
}

void tach_json__raw(struct tach_json *json, const char *value)
{
	begin(json);
	put(json, value, strlen(value));
}

void tach_json__bool(struct tach_json *json, bool value)
{
	tach_json__raw(json, value ? "true" : "false");
}

void tach_json__null(struct tach_json *json)
{
	tach_json__raw(json, "null");
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '<';
}

static void put_unit(struct tach_json *json, __u32 unit)
{
	static const char plain[] = "\b\f\n\r\t", names[] = "bfnrt";
	const char *hit = json->ascii && unit && unit < 0x20 ? strchr(plain, (int)unit) : NULL;
	char buf[8];

	if (hit)
		put(json, buf, (size_t)snprintf(buf, sizeof(buf), "\\%c", names[hit - plain]));
	else
		put(json, buf, (size_t)snprintf(buf, sizeof(buf), "\\u%04x", unit));
}

/* As one or two units of UTF-16. */
static void put_escaped(struct tach_json *json, __u32 code)
{
	if (code > 0xffff) {
		put_unit(json, 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + (code & 0x3ff);
	}
	put_unit(json, code);
}

static bool is_escaped(const struct tach_json *json, __u32 code)
{
	if (code == '<')
		return json->html;
	if (json->html && (code == 0x2028 || code == 0x2029))
		return true;
	return json->ascii || code < 0xa0 || (code >= 0xd800 && code <= 0xdfff);
}

void tach_json__text(struct tach_json *json, struct tach_text text)
{
	__u32 code;
	size_t sz;

	begin(json);
	put(json, "\"", 1);
	for (; text.sz; text.ptr += sz, text.sz -= sz) {
		for (sz = 0; sz < text.sz && is_plain(text.ptr[sz]);)
			sz++;
		if (sz) {
			put(json, text.ptr, sz);
			continue;
		}
		sz = tach_text__next(text, &code);
		if (code == TACH_CODE_INVALID)
			code = 0xdc00 + (unsigned char)*text.ptr;
		if (code == '"' || code == '\\') {
			put(json, "\\", 1);
			put(json, text.ptr, 1);
		} else if (is_escaped(json, code)) {
			put_escaped(json, code);
		} else {
			put(json, text.ptr, sz);
		}
	}
	put(json, "\"", 1);
}

void tach_json__str(struct tach_json *json, const char *str)
{
	tach_json__text(json, (struct tach_text){str, strlen(str)});
}
