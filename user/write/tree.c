// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "write/tree.h"

#define ROOT 0

/* What is known of one node of the call tree. */
struct node {
	__u64 self;    /* weight that ended here */
	__u64 subtree; /* and below */
	__u32 child;   /* first; ROOT: none */
	__u32 sibling; /* next; ROOT: none */
};

struct walk {
	const struct tach_profile *profile;
	struct node *nodes; /* [node_cnt] */
	const __u32 *group;
	__u32 *depth; /* [groups] how often it is on the path being walked */
	struct tach_tree_sum *sums;
};

/* A node's parent has a smaller index. */
static void link_nodes(struct walk *walk)
{
	__u32 node, parent;

	for (node = 0; node < tach_profile__row_cnt(walk->profile); node++) {
		const struct tach_row *row = tach_profile__row(walk->profile, node);

		walk->nodes[row->node].self += row->weight;
	}
	for (node = tach_profile__node_cnt(walk->profile) - 1; node != ROOT; node--) {
		parent = tach_profile__node(walk->profile, node)->parent;
		walk->nodes[node].subtree += walk->nodes[node].self;
		if (!walk->nodes[node].subtree)
			continue;
		walk->nodes[parent].subtree += walk->nodes[node].subtree;
		walk->nodes[node].sibling = walk->nodes[parent].child;
		walk->nodes[parent].child = node;
	}
}

static void enter(struct walk *walk, __u32 node)
{
	__u32 group = walk->group[node];

	if (group == TACH_NO_ID)
		return;
	walk->sums[group].direct += walk->nodes[node].self;
	if (!walk->depth[group]++)
		walk->sums[group].cumulative += walk->nodes[node].subtree;
}

static void leave(struct walk *walk, __u32 node)
{
	if (walk->group[node] != TACH_NO_ID)
		walk->depth[walk->group[node]]--;
}

/* Depth first, without recursion: stacks are up to 8192 deep. */
static void walk_nodes(struct walk *walk)
{
	__u32 node = ROOT;

	for (;;) {
		if (walk->nodes[node].child) {
			node = walk->nodes[node].child;
		} else {
			while (node != ROOT && !walk->nodes[node].sibling) {
				leave(walk, node);
				node = tach_profile__node(walk->profile, node)->parent;
			}
			if (node == ROOT)
				return;
			leave(walk, node);
			node = walk->nodes[node].sibling;
		}
		enter(walk, node);
	}
}

int tach_tree__sum(const struct tach_profile *profile, const __u32 *group, __u32 cnt,
		   struct tach_tree_sum *sums)
{
	struct walk walk = {
		.profile = profile,
		.nodes = calloc(tach_profile__node_cnt(profile), sizeof(*walk.nodes)),
		.group = group,
		.depth = calloc((size_t)cnt + 1, sizeof(*walk.depth)),
		.sums = sums,
	};
	int err = -ENOMEM;

	if (walk.nodes && walk.depth) {
		memset(sums, 0, cnt * sizeof(*sums));
		link_nodes(&walk);
		walk_nodes(&walk);
		err = 0;
	}
	free(walk.depth);
	free(walk.nodes);
	return err;
}

int tach_tree__by_seq(const struct tach_profile *profile,
		      int (*on_row)(void *ctx, const struct tach_row *row), void *ctx)
{
	__u32 cnt = tach_profile__row_cnt(profile), i;
	__u32 *by_seq = calloc((size_t)cnt + 1, sizeof(*by_seq));
	int err = 0;

	if (!by_seq)
		return -ENOMEM;
	for (i = 0; i < cnt; i++)
		by_seq[tach_profile__row(profile, i)->seq] = i;
	for (i = 0; !err && i < cnt; i++)
		err = on_row(ctx, tach_profile__row(profile, by_seq[i]));
	free(by_seq);
	return err;
}
