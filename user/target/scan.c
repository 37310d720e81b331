// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/layout.h"
#include "target/scan.h"

#define CHUNK_SZ (1u << 20)

/* The writable data of 1,000 libraries is some 30 MB; reading this much takes about 50 ms. */
#define BUDGET_SZ (256u << 20)

/* The data of an interpreter is a few MB. Larger mappings are arenas of a heap, which would use the
 * budget up. */
#define MAP_MAX_SZ (64u << 20)

/* A memory full of marks is no interpreter. */
#define HITS_MAX 64

int tach_scan__init(struct tach_scan *scan, const struct tach_memory *mem)
{
	*scan = (struct tach_scan){.mem = mem, .left = BUDGET_SZ, .hits_left = HITS_MAX};
	scan->chunk = malloc(CHUNK_SZ);
	return scan->chunk ? 0 : -ENOMEM;
}

void tach_scan__free(struct tach_scan *scan)
{
	free(scan->chunk);
	scan->chunk = NULL;
}

/* The struct has pointers, so the mark is aligned, and never cut by the end of a chunk. */
static bool scan_chunk(struct tach_scan *scan, __u64 addr, size_t sz,
		       bool (*visit)(void *ctx, __u64 addr), void *ctx)
{
	for (size_t at = 0; at + TACH_DEBUG_COOKIE_SZ <= sz; at += 8) {
		if (memcmp(scan->chunk + at, TACH_DEBUG_COOKIE, TACH_DEBUG_COOKIE_SZ) != 0)
			continue;
		if (!scan->hits_left)
			return false;
		scan->hits_left--;
		if (!visit(ctx, addr + at))
			return false;
	}
	return true;
}

void tach_scan__map(struct tach_scan *scan, const struct tach_map *map,
		    bool (*visit)(void *ctx, __u64 addr), void *ctx)
{
	__u64 addr = map->start;

	if (map->end - map->start > MAP_MAX_SZ)
		return;
	while (addr < map->end && scan->left) {
		__u64 want = map->end - addr;
		ssize_t got;

		if (want > CHUNK_SZ)
			want = CHUNK_SZ;
		if (want > scan->left)
			want = scan->left;
		scan->left -= want;
		got = tach_memory__read_some(scan->mem, addr, scan->chunk, want);
		if (got <= 0 || !scan_chunk(scan, addr, got, visit, ctx) || (__u64)got < want)
			return;
		addr += got;
	}
}
