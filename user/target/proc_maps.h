/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROC_MAPS_H
#define TACH_PROC_MAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"

/* The memory mappings of a process, as /proc/PID/maps lists them. */
struct tach_map {
	__u64 start;  /* remote address */
	__u64 end;    /* " behind the last byte */
	__u64 offset; /* in the file (bytes) */
	__u64 inode;  /* 0: not a file */
	__u32 dev_major;
	__u32 dev_minor;
	bool read, write, exec, shared;
	bool deleted;	  /* the path ends in " (deleted)", which is cut off */
	const char *path; /* as the kernel prints it; "" for none; "[heap]" and such for no file */
};

struct tach_maps {
	char *text;		/* owned; the paths point into it */
	struct tach_map *items; /* [cnt], owned, by rising address */
	size_t cnt;
};

/* Parse one line without its newline, in place. 0, or -EINVAL. Pure.
 * Source: Linux v6.18 fs/proc/task_mmu.c, show_map_vma(). */
int tach_map__parse(char *line, struct tach_map *out);

/* Parse a whole listing; takes over @text (malloc) whatever happens. Lines that make no sense are left
 * out. 0 or -ENOMEM. */
int tach_maps__parse(char *text, struct tach_maps *out);

/* Read the listing of the process behind @proc_fd (its /proc directory). 0, with no items if it has no
 * memory of its own (kernel thread, zombie); or a negative errno: -EACCES, -ESRCH, -E2BIG, ... */
int tach_maps__read(int proc_fd, struct tach_maps *out);
void tach_maps__free(struct tach_maps *maps);

/* Whether the mapping shows a file, not anonymous memory or one of the kernel's own pages. */
bool tach_map__is_file(const struct tach_map *map);

/* Last part of the path. */
const char *tach_map__basename(const struct tach_map *map);

#endif
