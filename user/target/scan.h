/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SCAN_H
#define TACH_SCAN_H

#include <stdbool.h>

#include "target/memory.h"
#include "target/proc_maps.h"

/* Search memory of a process for the mark with which _PyRuntime starts, within a budget. */
struct tach_scan {
	const struct tach_memory *mem; /* not owned */
	unsigned char *chunk;	       /* owned */
	__u64 left;		       /* bytes that may still be read */
	unsigned int hits_left;
};

int tach_scan__init(struct tach_scan *scan, const struct tach_memory *mem); /* 0 or -ENOMEM */
void tach_scan__free(struct tach_scan *scan);

/* Call @visit with the address of each mark in the mapping, until it returns false. Mappings too large
 * for the data of a program are left out. */
void tach_scan__map(struct tach_scan *scan, const struct tach_map *map,
		    bool (*visit)(void *ctx, __u64 addr), void *ctx);

#endif
