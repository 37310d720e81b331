/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CANDIDATES_H
#define TACH_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "target/proc_maps.h"

/* The mappings that could hold _PyRuntime, the likely ones first. It is initialised data that is
 * written to, so it lies in a private writable mapping of a file. */

enum tach_rank {
	TACH_RANK_PYTHON, /* file name starts with "python" or "libpython" */
	TACH_RANK_NAMED,  /* contains "python": an extension module, most of the time */
	TACH_RANK_EXE,	  /* the main program: an interpreter under another name, or embedded */
	TACH_RANK_OTHER,
};

struct tach_candidate {
	const struct tach_map *map;
	enum tach_rank rank;
	bool is_exe; /* of the main program */
};

struct tach_candidates {
	struct tach_candidate *items; /* [cnt], owned; those of one file stand together */
	size_t cnt;
};

/* @exe: path of the main program as the kernel prints it. @maps outlives @out. 0 or -ENOMEM. Pure. */
int tach_candidates__collect(const struct tach_maps *maps, const char *exe,
			     struct tach_candidates *out);
void tach_candidates__free(struct tach_candidates *candidates);

/* Number of items from @first on that are mappings of the same file as it. */
size_t tach_candidates__file_cnt(const struct tach_candidates *candidates, size_t first);

#endif
