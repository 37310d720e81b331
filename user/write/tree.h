/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TREE_H
#define TACH_TREE_H

#include "aggregate/profile.h"

/* Sums over the call tree of what formats show as one: a function, a call, a location. */
struct tach_tree_sum {
	__u64 direct; /* weight that ended in it */
	__u64 cumulative; /* weight of the stacks that have it, once each, however often it is on them */
};

/* @group: [node_cnt] of which one a node is, < @cnt, or TACH_NO_ID: of none. @sums: [@cnt], is set. 0 or
 * -ENOMEM. */
int tach_tree__sum(const struct tach_profile *profile, const __u32 *group, __u32 cnt,
		   struct tach_tree_sum *sums);

/* Call @on_row(ctx, row) for all rows in the order of their first samples. Stops where that does not return
 * 0, and returns it, or 0, or -ENOMEM. */
int tach_tree__by_seq(const struct tach_profile *profile,
		      int (*on_row)(void *ctx, const struct tach_row *row), void *ctx);

#endif
