// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The file that Python's pstats module loads: one dictionary in marshal format,
 *	{(file, line, func): (direct, cumulative, tottime, cumtime, {caller: (n, n, tottime, cumtime)})}
 * Source: CPython v3.13.0 Lib/pstats.py (Stats, print_call_line), Lib/profile.py. */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "write/formats.h"
#include "write/pstats_rows.h"
#include "write/text.h"

/* Version 2 of the format, which every Python 3 reads: CPython v3.13.0 Python/marshal.c. Numbers are
 * little endian. */
static void put_u32(struct tach_sink *sink, __u32 value)
{
	value = htole32(value);
	tach_sink__write(sink, &value, sizeof(value));
}

static void put_type(struct tach_sink *sink, char type)
{
	tach_sink__write(sink, &type, 1);
}

static void put_tuple(struct tach_sink *sink, __u32 cnt)
{
	put_type(sink, '(');
	put_u32(sink, cnt);
}

static void put_text(struct tach_sink *sink, struct tach_text text)
{
	put_type(sink, 'u');
	put_u32(sink, text.sz);
	tach_sink__write(sink, text.ptr, text.sz);
}

static void put_float(struct tach_sink *sink, double value)
{
	__u64 bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = htole64(bits);
	put_type(sink, 'g');
	tach_sink__write(sink, &bits, sizeof(bits));
}

static void put_int(struct tach_sink *sink, __u64 value)
{
	__u16 digits[5]; /* of 15 bits */
	__u32 cnt = 0;

	if (value <= INT_MAX) {
		put_type(sink, 'i');
		put_u32(sink, value);
		return;
	}
	for (; value; value >>= 15)
		digits[cnt++] = htole16(value & 0x7fff);
	put_type(sink, 'l');
	put_u32(sink, cnt);
	tach_sink__write(sink, digits, cnt * sizeof(digits[0]));
}

struct dump {
	const struct tach_pstats *pstats;
	const struct tach_frametab *tab;
	double period_s;
	struct tach_sink *sink;
};

static void put_key(const struct dump *dump, __u32 row_idx)
{
	const struct tach_pstats_row *row = &dump->pstats->rows[row_idx];

	put_tuple(dump->sink, 3);
	put_text(dump->sink, tach_text__of(dump->tab, row->file));
	put_type(dump->sink, 'i');
	put_u32(dump->sink, row->line);
	put_text(dump->sink, tach_text__of(dump->tab, row->func));
}

static void put_numbers(const struct dump *dump, __u64 first, __u64 second, __u64 direct,
			__u64 cumulative)
{
	put_int(dump->sink, first);
	put_int(dump->sink, second);
	put_float(dump->sink, direct * dump->period_s);
	put_float(dump->sink, cumulative * dump->period_s);
}

static void put_row(const struct dump *dump, __u32 row_idx)
{
	const struct tach_pstats_row *row = &dump->pstats->rows[row_idx];
	const struct tach_pstats_edge *edge;
	__u32 i;

	put_key(dump, row_idx);
	put_tuple(dump->sink, 5);
	put_numbers(dump, row->direct, row->cumulative, row->direct, row->cumulative);
	put_type(dump->sink, '{');
	for (i = row->first_edge; i != TACH_NO_ID; i = edge->next) {
		edge = &dump->pstats->edges[i];
		put_key(dump, edge->caller);
		put_tuple(dump->sink, 4);
		put_numbers(dump, edge->cumulative, edge->cumulative, edge->direct,
			    edge->cumulative);
	}
	put_type(dump->sink, '0');
}

/* Source: CPython v3.15.0 Lib/pstats.py Stats.load_stats() */
static void put_sampled_marker(struct tach_sink *sink)
{
	static const char name[] = "__sampled__";

	put_tuple(sink, 1);
	put_text(sink, (struct tach_text){name, sizeof(name) - 1});
	put_type(sink, 'T');
}

int tach_pstats__write_file(const struct tach_profile *profile, const struct tach_write_opts *opts,
			    struct tach_sink *sink)
{
	struct tach_pstats *pstats = tach_pstats__collect(profile);
	struct dump dump = {
		.pstats = pstats,
		.tab = tach_profile__frames(profile),
		.period_s = tach_profile__summary(profile)->period_ns / 1e9,
		.sink = sink,
	};
	__u32 i;

	if (!pstats)
		return -errno;
	put_type(sink, '{');
	for (i = 0; i < pstats->row_cnt; i++)
		put_row(&dump, i);
	if (opts->sampled_marker)
		put_sampled_marker(sink);
	put_type(sink, '0');
	tach_pstats__free(pstats);
	return 0;
}
