/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PSTATS_TABLE_H
#define TACH_PSTATS_TABLE_H

#include "write/color.h"
#include "write/pstats_rows.h"
#include "write/text.h"
#include "write/writer.h"

/* The text table, and the summary below it. Layout, arithmetic and order follow CPython v3.15.0
 * Lib/profiling/sampling/pstats_collector.py print_stats(), to the byte. */

/* Rows of files with the same base name are one here, as after pstats.Stats.strip_dirs(). */
struct tach_table_row {
	struct tach_text file; /* base name */
	struct tach_text func;
	__s32 line;
	__u32 file_rank; /* number of the base name */
	tach_str_id func_id;
	__u32 order;	  /* among equals */
	__u64 direct;	  /* samples */
	__u64 cumulative; /* " */
	double tottime_s;
	double cumtime_s;
	double sort_key;
	struct tach_text sort_name; /* only when sorting by name, points into memory of the table */
};

static inline double tach_percent(__u64 part, __u64 total)
{
	return total ? (double)part / total * 100 : 0;
}

/* Where it is written, and in which colours. */
struct tach_table_out {
	struct tach_sink *sink;
	const struct tach_palette *color;
};

/* The lists of interesting functions among @rows. 0 or -ENOMEM. */
int tach_pstats__write_summary(const struct tach_table_row *rows, __u32 cnt, __u64 total,
			       const struct tach_table_out *out);

/* "file:line(function)", @line "" in the summary; for a terminal. */
void tach_pstats__write_name(struct tach_text file, const char *line, struct tach_text func,
			     const struct tach_table_out *out);

#endif
