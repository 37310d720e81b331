// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "util/idmap.h"
#include "write/pstats_table.h"

#define TOP_CNT 3

/* A function with all of its lines. */
struct func {
	struct tach_text file;
	struct tach_text name;
	__u32 order; /* among equals */
	__u64 direct;
	__u64 cumulative;
	double sort_key;
};

struct list {
	const char *title;
	double (*key)(const struct func *func);
	/* Begins the line of a function; false: it does not belong into the list. */
	bool (*write)(const struct func *func, __u64 total, struct tach_sink *sink);
};

static double hot_key(const struct func *func)
{
	return func->cumulative ? (double)func->direct / func->cumulative : 0;
}

static bool write_hot(const struct func *func, __u64 total, struct tach_sink *sink)
{
	if (!func->direct || !func->cumulative)
		return false;
	tach_sink__printf(sink,
			  "  %.3f direct/cumulative ratio, %.1f%% direct samples: ", hot_key(func),
			  tach_percent(func->direct, total));
	return true;
}

/* A row's leaf samples are among its cumulative ones. */
static double called_key(const struct func *func)
{
	return func->cumulative - func->direct;
}

static bool write_called(const struct func *func, __u64 total, struct tach_sink *sink)
{
	if (func->cumulative <= func->direct)
		return false;
	tach_sink__printf(sink, "  %llu indirect calls, %.1f%% total stack presence: ",
			  func->cumulative - func->direct, tach_percent(func->cumulative, total));
	return true;
}

static double magnified_key(const struct func *func)
{
	return func->direct ? (double)func->cumulative / func->direct : 0;
}

static bool write_magnified(const struct func *func, __u64 total, struct tach_sink *sink)
{
	(void)total;
	if (!func->direct || func->cumulative <= func->direct)
		return false;
	tach_sink__printf(sink,
			  "  %.1fx call magnification, %llu indirect calls from %llu direct: ",
			  magnified_key(func), func->cumulative - func->direct, func->direct);
	return true;
}

static const struct list lists[] = {
	{"Functions with Highest Direct/Cumulative Ratio (Hot Spots)", hot_key, write_hot},
	{"Functions with Highest Call Frequency (Indirect Calls)", called_key, write_called},
	{"Functions with Highest Call Magnification (Cumulative/Direct)", magnified_key,
	 write_magnified},
};

/* Add up the rows of each function in @funcs, which has room for @row_cnt. */
static int sum_funcs(const struct tach_table_row *rows, __u32 row_cnt, struct func *funcs,
		     __u32 *func_cnt)
{
	struct tach_idmap seen = {0};
	__u32 i, idx;
	__u64 key;
	int err = 0;

	*func_cnt = 0;
	for (i = 0; !err && i < row_cnt; i++) {
		key = tach_idmap__pair(rows[i].file_rank, rows[i].func_id);
		idx = tach_idmap__get(&seen, key);
		if (idx == TACH_IDMAP_NONE) {
			idx = (*func_cnt)++;
			funcs[idx] = (struct func){
				.file = rows[i].file,
				.name = rows[i].func,
				.order = idx,
			};
			err = tach_idmap__put(&seen, key, idx);
		}
		funcs[idx].direct += rows[i].direct;
		funcs[idx].cumulative += rows[i].cumulative;
	}
	tach_idmap__clear(&seen);
	return err;
}

static int func_cmp(const void *left, const void *right)
{
	const struct func *a = left, *b = right;

	if (a->sort_key != b->sort_key)
		return a->sort_key > b->sort_key ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void write_list(const struct list *list, struct func *funcs, __u32 cnt, __u64 total,
		       const struct tach_table_out *out)
{
	__u32 i;

	for (i = 0; i < cnt; i++)
		funcs[i].sort_key = list->key(&funcs[i]);
	qsort(funcs, cnt, sizeof(*funcs), func_cmp);
	tach_sink__printf(out->sink, "\n%s%s:%s\n", out->color->heading, list->title,
			  out->color->end);
	for (i = 0; i < cnt && i < TOP_CNT; i++) {
		if (!list->write(&funcs[i], total, out->sink))
			continue;
		tach_pstats__write_name(funcs[i].file, "", funcs[i].name, out);
		tach_sink__write(out->sink, "\n", 1);
	}
}

int tach_pstats__write_summary(const struct tach_table_row *rows, __u32 cnt, __u64 total,
			       const struct tach_table_out *out)
{
	struct func *funcs = calloc(cnt, sizeof(*funcs));
	__u32 func_cnt;
	size_t i;
	int err;

	if (!funcs)
		return -ENOMEM;
	err = sum_funcs(rows, cnt, funcs, &func_cnt);
	if (!err)
		tach_sink__printf(out->sink, "\n%sSummary of Interesting Functions:%s\n",
				  out->color->heading, out->color->end);
	for (i = 0; !err && i < sizeof(lists) / sizeof(lists[0]); i++)
		write_list(&lists[i], funcs, func_cnt, total, out);
	free(funcs);
	return err;
}
