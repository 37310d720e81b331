// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "util/grow.h"
#include "util/idmap.h"
#include "write/locs.h"
#include "write/pstats_rows.h"

#define ROOT 0

/* What is known of one node of the call tree. */
struct node_info {
	__u64 self;    /* weight that ended here */
	__u64 subtree; /* and below */
	__u32 row;     /* TACH_NO_ID: no sample passes through */
	__u32 edge;    /* from the parent's row; TACH_NO_ID: the parent is the root */
	__u32 child;   /* first; ROOT: none */
	__u32 sibling; /* next; ROOT: none */
};

struct collector {
	const struct tach_profile *profile;
	struct tach_locs locs;
	struct node_info *nodes; /* [node_cnt] */
	struct tach_pstats *out;
	size_t edge_cap;
	__u32 *row_of_loc;	   /* [locs.cnt], TACH_NO_ID: none yet */
	__u32 *last_edge;	   /* [locs.cnt], by row: end of its callers' list */
	struct tach_idmap edge_of; /* (callee row, caller row) -> edge */
	__u32 *row_depth;	   /* [row_cnt] how often it is on the path being walked */
	__u32 *edge_depth;	   /* [edge_cnt] " */
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
static int visit_stack(struct collector *col, __u32 node)
{
	struct node_info *info;
	__u32 parent;
	int err;

	for (; node != ROOT && col->nodes[node].row == TACH_NO_ID; node = parent) {
		info = &col->nodes[node];
		parent = tach_profile__node(col->profile, node)->parent;
		info->row = row_of(col, node);
		if (parent == ROOT)
			continue;
		err = edge_of(col, info->row, row_of(col, parent), &info->edge);
		if (err)
			return err;
	}
	return 0;
}

static int visit_stacks(struct collector *col)
{
	__u32 i, row_cnt = tach_profile__row_cnt(col->profile);
	const struct tach_row *row;
	__u32 *by_seq;
	int err = 0;

	by_seq = calloc((size_t)row_cnt + 1, sizeof(*by_seq));
	if (!by_seq)
		return -ENOMEM;
	for (i = 0; i < row_cnt; i++)
		by_seq[tach_profile__row(col->profile, i)->seq] = i;
	for (i = 0; !err && i < row_cnt; i++) {
		row = tach_profile__row(col->profile, by_seq[i]);
		col->nodes[row->node].self += row->weight;
		err = visit_stack(col, row->node);
	}
	free(by_seq);
	return err;
}

/* A node's parent has a smaller index. */
static void link_tree(struct collector *col)
{
	__u32 node, parent;

	for (node = tach_profile__node_cnt(col->profile) - 1; node != ROOT; node--) {
		parent = tach_profile__node(col->profile, node)->parent;
		col->nodes[node].subtree += col->nodes[node].self;
		col->nodes[parent].subtree += col->nodes[node].subtree;
		if (col->nodes[node].row == TACH_NO_ID)
			continue;
		col->nodes[node].sibling = col->nodes[parent].child;
		col->nodes[parent].child = node;
	}
}

static void enter(struct collector *col, const struct node_info *info)
{
	struct tach_pstats_row *row = &col->out->rows[info->row];
	struct tach_pstats_edge *edge;

	row->direct += info->self;
	if (!col->row_depth[info->row]++)
		row->cumulative += info->subtree;
	if (info->edge == TACH_NO_ID)
		return;
	edge = &col->out->edges[info->edge];
	edge->direct += info->self;
	if (!col->edge_depth[info->edge]++)
		edge->cumulative += info->subtree;
}

static void leave(struct collector *col, const struct node_info *info)
{
	col->row_depth[info->row]--;
	if (info->edge != TACH_NO_ID)
		col->edge_depth[info->edge]--;
}

/* Depth first, without recursion: stacks are up to 8192 deep. */
static void sum_tree(struct collector *col)
{
	__u32 node = ROOT;

	for (;;) {
		if (col->nodes[node].child) {
			node = col->nodes[node].child;
		} else {
			while (node != ROOT && !col->nodes[node].sibling) {
				leave(col, &col->nodes[node]);
				node = tach_profile__node(col->profile, node)->parent;
			}
			if (node == ROOT)
				return;
			leave(col, &col->nodes[node]);
			node = col->nodes[node].sibling;
		}
		enter(col, &col->nodes[node]);
	}
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
	col->nodes = calloc(node_cnt, sizeof(*col->nodes));
	col->row_of_loc = calloc(loc_cnt, sizeof(*col->row_of_loc));
	col->last_edge = calloc(loc_cnt, sizeof(*col->last_edge));
	col->out = calloc(1, sizeof(*col->out));
	if (!col->nodes || !col->row_of_loc || !col->last_edge || !col->out)
		return -ENOMEM;
	col->out->rows = calloc(loc_cnt, sizeof(*col->out->rows));
	if (!col->out->rows)
		return -ENOMEM;
	for (i = 0; i < col->locs.cnt; i++)
		col->row_of_loc[i] = TACH_NO_ID;
	for (i = 0; i < node_cnt; i++)
		col->nodes[i].row = col->nodes[i].edge = TACH_NO_ID;
	return 0;
}

static int collect(struct collector *col)
{
	int err;

	err = prepare(col);
	if (!err)
		err = visit_stacks(col);
	if (err)
		return err;
	col->row_depth = calloc((size_t)col->out->row_cnt + 1, sizeof(*col->row_depth));
	col->edge_depth = calloc((size_t)col->out->edge_cnt + 1, sizeof(*col->edge_depth));
	if (!col->row_depth || !col->edge_depth)
		return -ENOMEM;
	link_tree(col);
	sum_tree(col);
	return 0;
}

struct tach_pstats *tach_pstats__collect(const struct tach_profile *profile)
{
	struct collector col = {.profile = profile};
	int err;

	err = collect(&col);
	free(col.edge_depth);
	free(col.row_depth);
	tach_idmap__clear(&col.edge_of);
	free(col.last_edge);
	free(col.row_of_loc);
	free(col.nodes);
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
