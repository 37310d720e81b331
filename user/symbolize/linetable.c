// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "symbolize/frametab.h"
#include "symbolize/linetable.h"

/* Format: CPython v3.13.0 - v3.15 InternalDocs/code_objects.md "Locations table", and as read by
 * Objects/codeobject.c advance_with_locations(). The codes of an entry: */
enum {
	/* 0 - 9: short forms, see read_entry() */
	CODE_ONE_LINE_FIRST = 10,
	CODE_ONE_LINE_LAST = 12,
	CODE_NO_COLUMNS = 13,
	CODE_LONG = 14,
	CODE_NONE = 15,
};

struct reader {
	const unsigned char *pos;
	const unsigned char *end;
	bool bad;
};

/* Only the first byte of an entry has bit 7 set. */
static unsigned read_byte(struct reader *in)
{
	if (in->pos == in->end || *in->pos & 0x80) {
		in->bad = true;
		return 0;
	}
	return *in->pos++;
}

/* Groups of 6 bits, the lowest first; bit 6 says that more follow. At most INT_MAX. */
static __u32 read_varint(struct reader *in)
{
	unsigned shift = 0;
	__u64 value = 0;
	unsigned byte;

	do {
		byte = read_byte(in);
		value |= (__u64)(byte & 0x3f) << shift;
		shift += 6;
	} while (byte & 0x40 && shift < 36);
	if (!(byte & 0x40) && value <= INT_MAX)
		return value;
	in->bad = true;
	return 0;
}

static __s32 read_svarint(struct reader *in)
{
	__u32 value = read_varint(in);

	return value & 1 ? -(__s32)(value >> 1) : (__s32)(value >> 1);
}

/* A varint that is one more than the column, 0 for none. */
static __s32 read_column(struct reader *in)
{
	return (__s32)read_varint(in) - 1;
}

static const struct tach_position nowhere = {
	.line = TACH_LINE_NONE,
	.end_line = TACH_LINE_NONE,
	.col = TACH_COL_NONE,
	.end_col = TACH_COL_NONE,
};

static const struct tach_position bad_position = {
	.line = TACH_LINE_BAD,
	.end_line = TACH_LINE_BAD,
	.col = TACH_COL_NONE,
	.end_col = TACH_COL_NONE,
};

static void set_line(struct reader *in, __s64 line, __s64 end_line, struct tach_position *out)
{
	if (line < 0 || end_line > INT_MAX)
		in->bad = true;
	out->line = line;
	out->end_line = end_line;
}

/* Read the rest of an entry. *line runs on from entry to entry; an entry without location leaves it
 * alone: the next one counts from the line before. */
static void read_entry(struct reader *in, unsigned code, __s64 *line, struct tach_position *out)
{
	unsigned byte;

	*out = nowhere;
	switch (code) {
	case CODE_NONE:
		return;
	case CODE_LONG:
		*line += read_svarint(in);
		set_line(in, *line, *line + read_varint(in), out);
		out->col = read_column(in);
		out->end_col = read_column(in);
		return;
	case CODE_NO_COLUMNS:
		*line += read_svarint(in);
		set_line(in, *line, *line, out);
		return;
	case CODE_ONE_LINE_FIRST ... CODE_ONE_LINE_LAST:
		*line += code - CODE_ONE_LINE_FIRST;
		set_line(in, *line, *line, out);
		out->col = read_byte(in);
		out->end_col = read_byte(in);
		return;
	default: /* short form: same line, the column's high bits are the code */
		byte = read_byte(in);
		set_line(in, *line, *line, out);
		out->col = code << 3 | byte >> 4;
		out->end_col = out->col + (byte & 15);
		return;
	}
}

int tach_linetable__find(const unsigned char *tab, size_t tab_sz, __s32 firstlineno, __u32 lasti,
			 struct tach_position *out)
{
	struct reader in = {.pos = tab, .end = tab_sz ? tab + tab_sz : tab};
	__s64 line = firstlineno;
	__u64 next = 0; /* offset at which the entry after this one starts */

	while (in.pos < in.end && !in.bad) {
		unsigned first = *in.pos++;

		if (!(first & 0x80))
			break;
		next += (first & 7) + 1;
		read_entry(&in, first >> 3 & 15, &line, out);
		if (lasti < next && !in.bad)
			return 0;
	}
	*out = bad_position;
	return -EINVAL;
}
