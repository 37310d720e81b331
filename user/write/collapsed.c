// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* One line per thread and stack: "tid:7;root;...;leaf count", what flame graph tools read. With several
 * processes or interpreters it begins "pid:1;interp:0;". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/idmap.h"
#include "write/formats.h"
#include "write/locs.h"
#include "write/text.h"

#define ROOT	   0
#define PREFIX_MAX sizeof("pid:-2147483648;interp:4294967295;tid:4294967295;")

/* The call tree as far as lines can tell it: frames with the same label are one. */
struct branch {
	__u32 parent;
	__u32 label;
	__u32 depth; /* of the root: 0 */
};

struct line {
	__u32 prefix; /* label */
	__u32 branch;
	__u64 weight;
};

struct labels {
	struct tach_text *texts; /* [by id] sorted, distinct, point into mem */
	__u32 *of;		 /* [what they are made of] -> id */
	char *mem;
};

struct collapsed {
	const struct tach_profile *profile;
	struct tach_locs locs;
	struct labels labels;	/* of locations */
	struct labels prefixes; /* of threads: "pid:1;interp:0;tid:7;" */
	bool several_processes, several_interps;
	struct branch *branches; /* [node_cnt] at most */
	__u32 branch_cnt;
	__u32 *branch_of; /* [node] */
	struct line *lines;
	__u32 line_cnt;
	const struct line **sorted; /* [line_cnt] */
	__u32 *path;		    /* [deepest branch] scratch for printing */
};

/* Write what stands for a location to @dst. */
static size_t put_label(char *dst, const struct tach_frametab *tab, const struct tach_loc *loc)
{
	struct tach_text file = tach_text__of(tab, loc->file);
	struct tach_text func = tach_text__of(tab, loc->func);
	size_t sz = 0;

	if (tach_frametab__is_marker(tab, loc->file, loc->line))
		return tach_text__escape(dst, func, TACH_ESCAPE_SEMICOLON);
	sz += tach_text__escape(dst, tach_text__basename(file), TACH_ESCAPE_SEMICOLON);
	dst[sz++] = ':';
	sz += tach_text__escape(dst + sz, func, TACH_ESCAPE_SEMICOLON);
	return sz + sprintf(dst + sz, ":%d", loc->line);
}

static size_t label_max(const struct tach_frametab *tab, const struct tach_loc *loc)
{
	size_t file_sz, func_sz;

	tach_frametab__text(tab, loc->file, &file_sz);
	tach_frametab__text(tab, loc->func, &func_sz);
	return TACH_ESCAPE_MAX(file_sz + func_sz) + sizeof("::-2147483648");
}

/* Room for @cnt texts of @sz bytes together. The first of an array of them, which the caller frees, or NULL. */
static struct tach_text *start_labels(struct labels *labels, __u32 cnt, size_t sz)
{
	labels->texts = calloc((size_t)cnt + 1, sizeof(*labels->texts));
	labels->of = calloc((size_t)cnt + 1, sizeof(*labels->of));
	labels->mem = malloc(sz + 1);
	if (!labels->texts || !labels->of || !labels->mem)
		return NULL;
	return calloc((size_t)cnt + 1, sizeof(struct tach_text));
}

/* @by: the texts, in the order of what they are made of. */
static int rank_labels(struct labels *labels, const struct tach_text *by, __u32 cnt)
{
	int err = tach_text__rank(by, cnt, labels->of);

	for (__u32 i = 0; !err && i < cnt; i++)
		labels->texts[labels->of[i]] = by[i];
	return err;
}

static int make_labels(struct collapsed *col)
{
	const struct tach_frametab *tab = tach_profile__frames(col->profile);
	struct tach_text *by_loc;
	size_t sz = 0;
	__u32 i;
	int err;

	for (i = 0; i < col->locs.cnt; i++)
		sz += label_max(tab, &col->locs.items[i]);
	by_loc = start_labels(&col->labels, col->locs.cnt, sz);
	if (!by_loc)
		return -ENOMEM;
	for (i = 0, sz = 0; i < col->locs.cnt; i++) {
		by_loc[i].ptr = col->labels.mem + sz;
		by_loc[i].sz = put_label(col->labels.mem + sz, tab, &col->locs.items[i]);
		sz += by_loc[i].sz;
	}
	err = rank_labels(&col->labels, by_loc, col->locs.cnt);
	free(by_loc);
	return err;
}

static const struct tach_who *who_of(const struct collapsed *col, const struct tach_row *row)
{
	return tach_profile__who(col->profile, row->who);
}

static int pid_of(const struct collapsed *col, const struct tach_who *who)
{
	return who->process < tach_profile__process_cnt(col->profile)
		       ? tach_profile__process(col->profile, who->process)->pid
		       : 0;
}

/* Of samples: those of several processes, of several interpreters in one process. */
static int find_levels(struct collapsed *col)
{
	__u32 i, cnt = 1, row_cnt = tach_profile__row_cnt(col->profile);
	const struct tach_who *who, *first = NULL;
	__u32 *interps; /* [process] the first that was seen, and 1; 0: none yet */

	for (i = 0; i < tach_profile__who_cnt(col->profile); i++)
		if (tach_profile__who(col->profile, i)->process >= cnt)
			cnt = tach_profile__who(col->profile, i)->process + 1;
	interps = calloc(cnt, sizeof(*interps));
	if (!interps)
		return -ENOMEM;
	for (i = 0; i < row_cnt; i++) {
		who = who_of(col, tach_profile__row(col->profile, i));
		first = first ?: who;
		if (!interps[who->process])
			interps[who->process] = who->interp + 1;
		col->several_processes |= pid_of(col, who) != pid_of(col, first);
		col->several_interps |= who->interp + 1 != interps[who->process];
	}
	free(interps);
	return 0;
}

static size_t put_prefix(const struct collapsed *col, char *dst, const struct tach_who *who)
{
	size_t sz = 0;

	if (col->several_processes)
		sz += sprintf(dst, "pid:%d;", pid_of(col, who));
	if (col->several_interps)
		sz += sprintf(dst + sz, "interp:%u;", who->interp);
	return sz + sprintf(dst + sz, "tid:%u;", who->tid);
}

static int make_prefixes(struct collapsed *col)
{
	__u32 i, cnt = tach_profile__who_cnt(col->profile);
	struct tach_text *by_who = start_labels(&col->prefixes, cnt, cnt * PREFIX_MAX);
	size_t sz = 0;
	int err = by_who ? find_levels(col) : -ENOMEM;

	for (i = 0; !err && i < cnt; i++) {
		by_who[i].ptr = col->prefixes.mem + sz;
		by_who[i].sz =
			put_prefix(col, col->prefixes.mem + sz, tach_profile__who(col->profile, i));
		sz += by_who[i].sz;
	}
	if (!err)
		err = rank_labels(&col->prefixes, by_who, cnt);
	free(by_who);
	return err;
}

/* A node's parent has a smaller index, so has the branch of it. */
static int make_branches(struct collapsed *col)
{
	__u32 i, node_cnt = tach_profile__node_cnt(col->profile);
	const struct tach_node *node;
	struct tach_idmap seen = {0};
	struct branch branch;
	__u64 key;
	int err = 0;

	col->branches = calloc(node_cnt, sizeof(*col->branches));
	col->branch_of = calloc(node_cnt, sizeof(*col->branch_of));
	if (!col->branches || !col->branch_of)
		return -ENOMEM;
	col->branch_cnt = 1;
	for (i = 1; !err && i < node_cnt; i++) {
		node = tach_profile__node(col->profile, i);
		branch.parent = col->branch_of[node->parent];
		branch.label = col->labels.of[col->locs.of_frame[node->frame]];
		branch.depth = col->branches[branch.parent].depth + 1;
		key = tach_idmap__pair(branch.parent, branch.label);
		col->branch_of[i] = tach_idmap__get(&seen, key);
		if (col->branch_of[i] != TACH_IDMAP_NONE)
			continue;
		col->branch_of[i] = col->branch_cnt;
		col->branches[col->branch_cnt++] = branch;
		err = tach_idmap__put(&seen, key, col->branch_of[i]);
	}
	tach_idmap__clear(&seen);
	return err;
}

static int make_lines(struct collapsed *col)
{
	__u32 i, line, prefix, row_cnt = tach_profile__row_cnt(col->profile);
	const struct tach_row *row;
	struct tach_idmap seen = {0};
	__u64 key;
	int err = 0;

	col->lines = calloc((size_t)row_cnt + 1, sizeof(*col->lines));
	if (!col->lines)
		return -ENOMEM;
	for (i = 0; !err && i < row_cnt; i++) {
		row = tach_profile__row(col->profile, i);
		prefix = col->prefixes.of[row->who];
		key = tach_idmap__pair(prefix, col->branch_of[row->node]);
		line = tach_idmap__get(&seen, key);
		if (line == TACH_IDMAP_NONE) {
			line = col->line_cnt++;
			col->lines[line].prefix = prefix;
			col->lines[line].branch = col->branch_of[row->node];
			err = tach_idmap__put(&seen, key, line);
		}
		col->lines[line].weight += row->weight;
	}
	tach_idmap__clear(&seen);
	return err;
}

/* Two different labels with what follows them in their lines: a semicolon or the end. Labels have no
 * semicolon in them. */
static int label_cmp(struct tach_text a, bool a_ends, struct tach_text b, bool b_ends)
{
	size_t sz = a.sz < b.sz ? a.sz : b.sz;
	int diff = memcmp(a.ptr, b.ptr, sz);

	if (diff)
		return diff;
	if (a.sz == sz)
		return a_ends ? -1 : ';' - (unsigned char)b.ptr[sz];
	return b_ends ? 1 : (unsigned char)a.ptr[sz] - ';';
}

/* By the text of the stacks, without making the text: up to where they part, then the labels there. */
static int stack_cmp(const struct collapsed *col, __u32 a, __u32 b)
{
	const struct branch *branches = col->branches;
	__u32 x = a, y = b;

	while (branches[x].depth > branches[y].depth)
		x = branches[x].parent;
	while (branches[y].depth > branches[x].depth)
		y = branches[y].parent;
	if (x == y) /* the same, or one is the beginning of the other */
		return branches[a].depth < branches[b].depth
			       ? -1
			       : branches[a].depth > branches[b].depth;
	while (branches[x].parent != branches[y].parent) {
		x = branches[x].parent;
		y = branches[y].parent;
	}
	return label_cmp(col->labels.texts[branches[x].label], x == a,
			 col->labels.texts[branches[y].label], y == b);
}

/* Heaviest first, then by text: no two lines are equal. */
static int line_cmp(const void *left, const void *right, void *ctx)
{
	const struct line *a = *(const struct line *const *)left;
	const struct line *b = *(const struct line *const *)right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return stack_cmp(ctx, a->branch, b->branch);
}

static int sort_lines(struct collapsed *col)
{
	__u32 i, deepest = 0;

	col->sorted = calloc((size_t)col->line_cnt + 1, sizeof(*col->sorted));
	if (!col->sorted)
		return -ENOMEM;
	for (i = 0; i < col->line_cnt; i++)
		col->sorted[i] = &col->lines[i];
	if (col->line_cnt)
		qsort_r(col->sorted, col->line_cnt, sizeof(*col->sorted), line_cmp, col);
	for (i = 0; i < col->branch_cnt; i++)
		if (col->branches[i].depth > deepest)
			deepest = col->branches[i].depth;
	col->path = calloc((size_t)deepest + 1, sizeof(*col->path));
	return col->path ? 0 : -ENOMEM;
}

static void print_line(const struct collapsed *col, const struct line *line, struct tach_sink *sink)
{
	const struct tach_text *text;
	__u32 branch, i, cnt = 0;

	for (branch = line->branch; branch != ROOT; branch = col->branches[branch].parent)
		col->path[cnt++] = col->branches[branch].label;
	text = &col->prefixes.texts[line->prefix];
	tach_sink__write(sink, text->ptr, text->sz);
	for (i = cnt; i--;) {
		text = &col->labels.texts[col->path[i]];
		tach_sink__write(sink, text->ptr, text->sz);
		if (i)
			tach_sink__write(sink, ";", 1);
	}
	tach_sink__printf(sink, " %llu\n", line->weight);
}

static int collapse(struct collapsed *col)
{
	int err;

	err = tach_locs__init(&col->locs, tach_profile__frames(col->profile));
	if (!err)
		err = make_labels(col);
	if (!err)
		err = make_prefixes(col);
	if (!err)
		err = make_branches(col);
	if (!err)
		err = make_lines(col);
	return err ? err : sort_lines(col);
}

static void free_labels(struct labels *labels)
{
	free(labels->mem);
	free(labels->of);
	free(labels->texts);
}

int tach_collapsed__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			  struct tach_sink *sink)
{
	struct collapsed col = {.profile = profile};
	__u32 i;
	int err;

	(void)opts;
	err = collapse(&col);
	for (i = 0; !err && i < col.line_cnt; i++)
		print_line(&col, col.sorted[i], sink);
	free(col.path);
	free(col.sorted);
	free(col.lines);
	free(col.branch_of);
	free(col.branches);
	free_labels(&col.prefixes);
	free_labels(&col.labels);
	tach_locs__clear(&col.locs);
	return err;
}
