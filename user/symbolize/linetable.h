/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LINETABLE_H
#define TACH_LINETABLE_H

#include <stddef.h>

#include "util/types.h"

struct tach_position {
	__s32 line;	/* >= 1; TACH_LINE_NONE: no location; TACH_LINE_BAD: see below */
	__s32 end_line; /* as line */
	__s32 col;	/* UTF-8 bytes from 0, TACH_COL_NONE if the table has none */
	__s32 end_col;	/* " */
};

/* Map an instruction to its source position.
 * @tab, @tab_sz: co_linetable and its size (bytes). @firstlineno: co_firstlineno.
 * @lasti: offset of the instruction (code units of 2 bytes).
 * Returns 0 and *@out; -EINVAL with out->line == TACH_LINE_BAD if the table is malformed or ends
 * before the instruction. Pure; any thread.
 * Source: CPython v3.13.0 - v3.15 InternalDocs/code_objects.md ("Locations table").
 */
int tach_linetable__find(const unsigned char *tab, size_t tab_sz, __s32 firstlineno, __u32 lasti,
			 struct tach_position *out);

#endif
