/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LOCS_H
#define TACH_LOCS_H

#include "aggregate/profile.h"

/* Formats without columns: frames that differ only in columns or end lines are one location there, the
 * triple that the reference's FrameInfo is reduced to (CPython v3.15.0
 * Lib/profiling/sampling/collector.py extract_lineno()). */
struct tach_loc {
	tach_str_id file;
	tach_str_id func;
	__s32 line; /* >= 1, or TACH_LINE_* */
};

struct tach_locs {
	struct tach_loc *items; /* [cnt] distinct */
	__u32 cnt;
	__u32 *of_frame; /* [frame id] -> index into items */
};

/* 0 or -ENOMEM; *@out needs no freeing then. */
int tach_locs__init(struct tach_locs *out, const struct tach_frametab *tab);
void tach_locs__clear(struct tach_locs *locs);

#endif
