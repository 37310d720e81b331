/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FRAMETAB_H
#define TACH_FRAMETAB_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"

/* Tables of distinct strings and of distinct frames. Ids count up from 0 and stay valid for the life
 * of the table, which owns everything it hands out. */

typedef __u32 tach_str_id;
typedef __u32 tach_frame_id;
#define TACH_NO_ID 0xffffffffu

enum {
	TACH_LINE_NONE = 0, /* the instruction has no source line (co_positions() says None) */
	TACH_LINE_BAD = -1, /* the line table could not be decoded */
	TACH_COL_NONE = -1,
};

struct tach_frame {
	tach_str_id file; /* path as the code object has it; "~" for markers */
	tach_str_id func; /* qualified name */
	__s32 first_line; /* of the function, decorators included; 0: not known */
	__s32 line;	  /* >= 1, or TACH_LINE_* */
	__s32 end_line;	  /* as line */
	__s32 col;	  /* UTF-8 bytes from 0, or TACH_COL_NONE */
	__s32 end_col;	  /* " */
};

struct tach_frametab;

struct tach_frametab *tach_frametab__new(void);
void tach_frametab__free(struct tach_frametab *tab); /* NULL is fine */

/* Intern @sz bytes (UTF-8, surrogates passed; no terminator needed) / a frame.
 * Returns the id, or TACH_NO_ID without memory. */
tach_str_id tach_frametab__str(struct tach_frametab *tab, const char *text, size_t sz);
tach_frame_id tach_frametab__frame(struct tach_frametab *tab, const struct tach_frame *frame);

/* Intern the frame of a marker: it stands for no code. The id, or TACH_NO_ID without memory. */
#define TACH_MARKER_FILE "~"
tach_frame_id tach_frametab__marker(struct tach_frametab *tab, const char *name);

/* NUL-terminated text; its size in *@sz if not NULL (names may contain NUL). */
const char *tach_frametab__text(const struct tach_frametab *tab, tach_str_id id, size_t *sz);
const struct tach_frame *tach_frametab__get(const struct tach_frametab *tab, tach_frame_id id);
/* Is a frame with this file and line a marker, such as "<GC>"? It has a name, but neither file nor line. */
bool tach_frametab__is_marker(const struct tach_frametab *tab, tach_str_id file, __s32 line);
__u32 tach_frametab__frame_cnt(const struct tach_frametab *tab);
__u32 tach_frametab__str_cnt(const struct tach_frametab *tab);

#endif
