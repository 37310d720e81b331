// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "util/grow.h"
#include "util/idmap.h"
#include "write/locs.h"
#include "write/pstats_rows.h"
#include "write/tree.h"

#define ROOT 0

struct collector {
	const struct tach_profile *profile;
	struct tach_locs locs;
	__u32 *rows;  /* [node_cnt] of each node; TACH_NO_ID: no sample passes through */
	__u32 *edges; /* [node_cnt] from the parent's row; TACH_NO_ID: the parent is the root */
	struct tach_pstats *out;
	size_t edge_cap;
	__u32 *row_of_loc;	   /* [locs.cnt], TACH_NO_ID: none yet */
	__u32 *last_edge;	   /* [locs.cnt], by row: end of its callers' list */
	struct tach_idmap edge_of; /* (callee row, caller row) -> edge */
};

static __u32 row_of(struct collector *col, __u32 node)
{
	tach_frame_id frame = tach_profile__node(col->profile, node)->frame;
	__u32 loc_idx = col->locs.of_frame[frame], *row = &col->row_of_loc[loc_idx];
	const struct tach_loc *loc = &col->locs.items[loc_idx];

	if (*row == TACH_NO_ID) {
		*row = col->out->row_cnt++;
		col->out->rows[*row] = (struct tach_pstats_row){
			.file = loc->file,
			.func = loc->func,
			.line = loc->line,
			.first_edge = TACH_NO_ID,
		};
	}
	return *row;
}

static int edge_of(struct collector *col, __u32 callee, __u32 caller, __u32 *out)
{
	__u64 key = tach_idmap__pair(callee, caller);
	struct tach_pstats *pstats = col->out;
	struct tach_pstats_edge *edges;
	int err;

	*out = tach_idmap__get(&col->edge_of, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	edges = tach_grow(pstats->edges, &col->edge_cap, (size_t)pstats->edge_cnt + 1,
			  sizeof(*edges));
	if (!edges)
		return -ENOMEM;
	pstats->edges = edges;
	*out = pstats->edge_cnt;
	err = tach_idmap__put(&col->edge_of, key, *out);
	if (err)
		return err;
	pstats->edge_cnt++;
	edges[*out] = (struct tach_pstats_edge){.caller = caller, .next = TACH_NO_ID};
	if (pstats->rows[callee].first_edge == TACH_NO_ID)
		pstats->rows[callee].first_edge = *out;
	else
		edges[col->last_edge[callee]].next = *out;
	col->last_edge[callee] = *out;
	return 0;
}

/* Give the nodes of one stack their rows and edges. Where a node has them, so have all towards the
 * root. */
static int visit_stack(void *ctx, const struct tach_row *of)
{
	struct collector *col = ctx;
	__u32 node, parent;
	int err;

	for (node = of->node; node != ROOT && col->rows[node] == TACH_NO_ID; node = parent) {
		parent = tach_profile__node(col->profile, node)->parent;
		col->rows[node] = row_of(col, node);
		if (parent == ROOT)
			continue;
		err = edge_of(col, col->rows[node], row_of(col, parent), &col->edges[node]);
		if (err)
			return err;
	}
	return 0;
}

static int sum_up(struct collector *col)
{
	struct tach_pstats *out = col->out;
	__u32 cnt = out->row_cnt > out->edge_cnt ? out->row_cnt : out->edge_cnt, i;
	struct tach_tree_sum *sums = calloc((size_t)cnt + 1, sizeof(*sums));
	int err = sums ? tach_tree__sum(col->profile, col->rows, out->row_cnt, sums) : -ENOMEM;

	for (i = 0; !err && i < out->row_cnt; i++) {
		out->rows[i].direct = sums[i].direct;
		out->rows[i].cumulative = sums[i].cumulative;
	}
	if (!err)
		err = tach_tree__sum(col->profile, col->edges, out->edge_cnt, sums);
	for (i = 0; !err && i < out->edge_cnt; i++) {
		out->edges[i].direct = sums[i].direct;
		out->edges[i].cumulative = sums[i].cumulative;
	}
	free(sums);
	return err;
}

static int prepare(struct collector *col)
{
	__u32 i, node_cnt = tach_profile__node_cnt(col->profile);
	size_t loc_cnt;
	int err;

	err = tach_locs__init(&col->locs, tach_profile__frames(col->profile));
	if (err)
		return err;
	loc_cnt = (size_t)col->locs.cnt + 1;
	col->rows = calloc(node_cnt, sizeof(*col->rows));
	col->edges = calloc(node_cnt, sizeof(*col->edges));
	col->row_of_loc = calloc(loc_cnt, sizeof(*col->row_of_loc));
	col->last_edge = calloc(loc_cnt, sizeof(*col->last_edge));
	col->out = calloc(1, sizeof(*col->out));
	if (!col->rows || !col->edges || !col->row_of_loc || !col->last_edge || !col->out)
		return -ENOMEM;
	col->out->rows = calloc(loc_cnt, sizeof(*col->out->rows));
	if (!col->out->rows)
		return -ENOMEM;
	for (i = 0; i < col->locs.cnt; i++)
		col->row_of_loc[i] = TACH_NO_ID;
	for (i = 0; i < node_cnt; i++)
		col->rows[i] = col->edges[i] = TACH_NO_ID;
	return 0;
}

static int collect(struct collector *col)
{
	int err = prepare(col);

	if (!err)
		err = tach_tree__by_seq(col->profile, visit_stack, col);
	return err ?: sum_up(col);
}

struct tach_pstats *tach_pstats__collect(const struct tach_profile *profile)
{
	struct collector col = {.profile = profile};
	int err;

	err = collect(&col);
	tach_idmap__clear(&col.edge_of);
	free(col.last_edge);
	free(col.row_of_loc);
	free(col.edges);
	free(col.rows);
	tach_locs__clear(&col.locs);
	if (err) {
		tach_pstats__free(col.out);
		errno = -err;
		return NULL;
	}
	return col.out;
}

void tach_pstats__free(struct tach_pstats *pstats)
{
	if (!pstats)
		return;
	free(pstats->edges);
	free(pstats->rows);
	free(pstats);
}
