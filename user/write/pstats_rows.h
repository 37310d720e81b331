/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PSTATS_ROWS_H
#define TACH_PSTATS_ROWS_H

#include "aggregate/profile.h"

/* A profile as a table: one row per (file, line, function), and who called it. A location that stands
 * several times in one stack counts once for that sample; so does a call. */
struct tach_pstats_row {
	tach_str_id file;
	tach_str_id func;
	__s32 line;
	__u32 first_edge; /* of its callers' list, in order of appearance; TACH_NO_ID: none */
	__u64 direct;	  /* samples in which it is the leaf */
	__u64 cumulative; /* samples in which it is on the stack */
};

struct tach_pstats_edge {
	__u32 caller; /* row */
	__u32 next;   /* in the list of the callee; TACH_NO_ID: last */
	__u64 direct; /* samples in which the callee is the leaf, called by caller */
	__u64 cumulative;
};

struct tach_pstats {
	/* In the order in which a reader of the samples, leaf to root, meets them first: the order of
	 * the reference's dictionaries, which decides between equals. */
	struct tach_pstats_row *rows; /* [row_cnt] */
	__u32 row_cnt;
	struct tach_pstats_edge *edges; /* [edge_cnt] */
	__u32 edge_cnt;
};

/* Of a frozen profile. NULL with errno without memory. */
struct tach_pstats *tach_pstats__collect(const struct tach_profile *profile);
void tach_pstats__free(struct tach_pstats *pstats); /* NULL is fine */

#endif
