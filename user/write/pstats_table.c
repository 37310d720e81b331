// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/idmap.h"
#include "write/formats.h"
#include "write/pstats_table.h"

struct table {
	struct tach_table_row *rows; /* [cnt] */
	__u32 cnt;
	char *names; /* what sort_name points to */
	__u64 total; /* direct samples of all rows */
};

struct unit {
	const char *name;
	const char *pad; /* "tottime (s)" is one character short of the column's 12 */
	double scale;
};

/* The numbers of the base names of the rows' files; *@out is malloc'd. */
static int rank_files(const struct tach_pstats *pstats, const struct tach_frametab *tab,
		      __u32 **out)
{
	struct tach_text *files = calloc((size_t)pstats->row_cnt + 1, sizeof(*files));
	__u32 *ranks = calloc((size_t)pstats->row_cnt + 1, sizeof(*ranks)), i;
	int err = -ENOMEM;

	if (files && ranks) {
		for (i = 0; i < pstats->row_cnt; i++)
			files[i] = tach_text__basename(tach_text__of(tab, pstats->rows[i].file));
		err = tach_text__rank(files, pstats->row_cnt, ranks);
	}
	free(files);
	if (err)
		free(ranks);
	else
		*out = ranks;
	return err;
}

struct merger {
	struct table *table;
	struct tach_idmap names; /* (file rank, func) -> number */
	struct tach_idmap lines; /* (number, line) -> row of the table */
};

/* The table's row for @row, a new one at the end if there is none. */
static int merged_row(struct merger *merger, const struct tach_table_row *row, __u32 *out)
{
	__u64 key = tach_idmap__pair(row->file_rank, row->func_id);
	struct table *table = merger->table;
	__u32 name;
	int err;

	name = tach_idmap__get(&merger->names, key);
	if (name == TACH_IDMAP_NONE) {
		name = merger->names.cnt;
		err = tach_idmap__put(&merger->names, key, name);
		if (err)
			return err;
	}
	key = tach_idmap__pair(name, row->line);
	*out = tach_idmap__get(&merger->lines, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	*out = table->cnt++;
	table->rows[*out] = *row;
	table->rows[*out].order = *out;
	return tach_idmap__put(&merger->lines, key, *out);
}

static int merge_rows(struct table *table, const struct tach_pstats *pstats,
		      const struct tach_frametab *tab, double period_s, const __u32 *ranks)
{
	struct merger merger = {.table = table};
	const struct tach_pstats_row *from;
	struct tach_table_row row, *to;
	__u32 i, idx;
	int err = 0;

	for (i = 0; !err && i < pstats->row_cnt; i++) {
		from = &pstats->rows[i];
		row = (struct tach_table_row){
			.file = tach_text__basename(tach_text__of(tab, from->file)),
			.func = tach_text__of(tab, from->func),
			.line = from->line,
			.file_rank = ranks[i],
			.func_id = from->func,
		};
		err = merged_row(&merger, &row, &idx);
		if (err)
			break;
		to = &table->rows[idx];
		to->direct += from->direct;
		to->cumulative += from->cumulative;
		to->tottime_s += from->direct * period_s;
		to->cumtime_s += from->cumulative * period_s;
		table->total += from->direct;
	}
	tach_idmap__clear(&merger.lines);
	tach_idmap__clear(&merger.names);
	return err;
}

static double sort_key(const struct tach_table_row *row, enum tach_sort sort, __u64 total)
{
	switch (sort) {
	case TACH_SORT_TOTTIME:
		return row->tottime_s;
	case TACH_SORT_CUMTIME:
		return row->cumtime_s;
	case TACH_SORT_SAMPLE_PCT:
		return tach_percent(row->direct, total);
	case TACH_SORT_CUMUL_PCT:
		return tach_percent(row->cumulative, total);
	case TACH_SORT_NSAMPLES_CUMUL:
		return row->cumulative;
	case TACH_SORT_NSAMPLES:
	case TACH_SORT_NAME:
		break;
	}
	return row->direct;
}

static int key_cmp(const void *left, const void *right)
{
	const struct tach_table_row *a = left, *b = right;

	if (a->sort_key != b->sort_key)
		return a->sort_key > b->sort_key ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int name_cmp(const void *left, const void *right)
{
	const struct tach_table_row *a = left, *b = right;

	return tach_text__cmp(a->sort_name, b->sort_name);
}

/* The reference sorts by str((file, line, func)): line 10 before line 9. */
static int make_sort_names(struct table *table)
{
	struct tach_table_row *row, *end = table->rows + table->cnt;
	size_t sz = 1;
	char *dst;

	for (row = table->rows; row < end; row++)
		sz += TACH_REPR_MAX(row->file.sz) + TACH_REPR_MAX(row->func.sz) +
		      sizeof("(, -2147483648, )");
	table->names = dst = malloc(sz);
	if (!dst)
		return -ENOMEM;
	for (row = table->rows; row < end; row++) {
		row->sort_name.ptr = dst;
		*dst++ = '(';
		dst += tach_text__repr(dst, row->file);
		dst += sprintf(dst, ", %d, ", row->line);
		dst += tach_text__repr(dst, row->func);
		*dst++ = ')';
		row->sort_name.sz = dst - row->sort_name.ptr;
	}
	return 0;
}

static int sort_table(struct table *table, enum tach_sort sort)
{
	bool by_name = sort == TACH_SORT_NAME;
	__u32 i;
	int err = 0;

	if (by_name)
		err = make_sort_names(table);
	for (i = 0; i < table->cnt; i++)
		table->rows[i].sort_key = sort_key(&table->rows[i], sort, table->total);
	if (!err && table->cnt)
		qsort(table->rows, table->cnt, sizeof(*table->rows), by_name ? name_cmp : key_cmp);
	return err;
}

static struct unit unit_of(double max_s)
{
	if (max_s >= 1)
		return (struct unit){"s", " ", 1};
	if (max_s >= 0.001)
		return (struct unit){"ms", "", 1000};
	return (struct unit){"\u03bcs", "", 1000000};
}

/* A part of a name. */
static void write_part(const struct tach_table_out *out, const char *color, struct tach_text text)
{
	char *buf = malloc(TACH_ESCAPE_MAX(text.sz) + 1);
	size_t sz;

	if (!buf) {
		tach_sink__fail(out->sink, -ENOMEM);
		return;
	}
	sz = tach_text__escape(buf, text, TACH_ESCAPE_SURROGATES);
	tach_sink__printf(out->sink, "%s", color);
	tach_sink__write(out->sink, buf, sz);
	tach_sink__printf(out->sink, "%s", out->color->end);
	free(buf);
}

void tach_pstats__write_name(struct tach_text file, const char *line, struct tach_text func,
			     const struct tach_table_out *out)
{
	write_part(out, out->color->file, file);
	tach_sink__printf(out->sink, ":%s%s%s(", out->color->line, line, out->color->end);
	write_part(out, out->color->func, func);
	tach_sink__write(out->sink, ")", 1);
}

static void write_head(const struct unit *tot, const struct unit *cum,
		       const struct tach_table_out *out)
{
	const char *on = out->color->heading, *off = out->color->end;

	tach_sink__printf(out->sink, "%sProfile Stats:%s\n%s%15s%s  %s%8s%s  %s%stottime (%s)%s  ",
			  on, off, on, "nsamples", off, on, "sample%", off, on, tot->pad, tot->name,
			  off);
	tach_sink__printf(out->sink, "%s%8s%s  %s%scumtime (%s)%s  %sfilename:lineno(function)%s\n",
			  on, "cumul%", off, on, cum->pad, cum->name, off, on, off);
}

static void write_rows(const struct table *table, __u32 cnt, const struct tach_table_out *out)
{
	double max_tot_s = 0, max_cum_s = 0;
	const struct tach_table_row *row, *end = table->rows + cnt;
	struct unit tot, cum;
	char samples[48], line[16];

	for (row = table->rows; row < end; row++) {
		if (row->tottime_s > max_tot_s)
			max_tot_s = row->tottime_s;
		if (row->cumtime_s > max_cum_s)
			max_cum_s = row->cumtime_s;
	}
	tot = unit_of(max_tot_s);
	cum = unit_of(max_cum_s);
	write_head(&tot, &cum, out);
	for (row = table->rows; row < end; row++) {
		snprintf(samples, sizeof(samples), "%llu/%llu", row->direct, row->cumulative);
		snprintf(line, sizeof(line), "%d", row->line);
		tach_sink__printf(
			out->sink, "%15s  %8.1f  %12.3f  %8.1f  %12.3f  ", samples,
			tach_percent(row->direct, table->total), row->tottime_s * tot.scale,
			tach_percent(row->cumulative, table->total), row->cumtime_s * cum.scale);
		tach_pstats__write_name(row->file, line, row->func, out);
		tach_sink__write(out->sink, "\n", 1);
	}
}

static void write_legend(const struct tach_table_out *out)
{
	static const struct {
		const char *term, *text;
	} terms[] = {
		{"nsamples", "Direct/Cumulative samples (direct executing / on call stack)"},
		{"sample%", "Percentage of total samples this function was directly executing"},
		{"tottime", "Estimated total time spent directly in this function"},
		{"cumul%", "Percentage of total samples when this function was on the call stack"},
		{"cumtime", "Estimated cumulative time (including time in called functions)"},
		{"filename:lineno(function)", "Function location and name"},
	};

	tach_sink__printf(out->sink, "\n%sLegend:%s\n", out->color->heading, out->color->end);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		tach_sink__printf(out->sink, "  %s%s%s: %s\n", out->color->term, terms[i].term,
				  out->color->end, terms[i].text);
}

static void write_empty(const struct tach_profile *profile, struct tach_sink *sink)
{
	const char *mode = tach_profile__summary(profile)->mode;

	tach_sink__printf(sink, "No samples were collected.\n");
	if (mode && !strcmp(mode, "cpu"))
		tach_sink__printf(sink, "This can happen in CPU mode when all threads are idle.\n");
}

/* As a slice [:limit] of a Python list. */
static __u32 limited(__u32 cnt, int limit)
{
	if (limit < 0)
		return cnt > -(__u32)limit ? cnt + limit : 0;
	return (__u32)limit < cnt ? (__u32)limit : cnt;
}

static int make_table(struct table *table, const struct tach_profile *profile,
		      const struct tach_pstats *pstats)
{
	const struct tach_frametab *tab = tach_profile__frames(profile);
	double period_s = tach_profile__summary(profile)->period_ns / 1e9;
	__u32 *ranks;
	int err;

	table->rows = calloc((size_t)pstats->row_cnt + 1, sizeof(*table->rows));
	if (!table->rows)
		return -ENOMEM;
	err = rank_files(pstats, tab, &ranks);
	if (err)
		return err;
	err = merge_rows(table, pstats, tab, period_s, ranks);
	free(ranks);
	return err;
}

int tach_pstats__write_table(const struct tach_profile *profile, const struct tach_write_opts *opts,
			     struct tach_sink *sink)
{
	const struct tach_table_out to = {
		.sink = sink,
		.color = tach_color__palette(tach_color__wanted(STDOUT_FILENO)),
	};
	struct tach_pstats *pstats = tach_pstats__collect(profile);
	struct table table = {0};
	__u32 cnt;
	int err;

	if (!pstats)
		return -errno;
	err = make_table(&table, profile, pstats);
	if (!err)
		err = sort_table(&table, opts->sort);
	if (err)
		goto out;
	if (!table.cnt) {
		write_empty(profile, sink);
		goto out;
	}
	cnt = limited(table.cnt, opts->limit);
	write_rows(&table, cnt, &to);
	write_legend(&to);
	if (opts->summary && cnt)
		err = tach_pstats__write_summary(table.rows, cnt, table.total, &to);
out:
	free(table.names);
	free(table.rows);
	tach_pstats__free(pstats);
	return err;
}
