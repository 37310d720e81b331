/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_IDMAP_H
#define TACH_IDMAP_H

#include "util/types.h"

/* Hash table from a 64-bit key to a 32-bit number, open addressing. For tables that are asked once
 * per sample, where a node per entry (uthash) costs a cache miss more. Zero-initialize; not shared
 * between threads. */
#define TACH_IDMAP_NONE 0xffffffffu /* never a value */

struct tach_idmap_slot {
	__u64 key;
	__u32 val; /* value + 1; 0: the slot is free */
	__u32 pad;
};

struct tach_idmap {
	struct tach_idmap_slot *slots; /* [mask + 1], NULL while empty */
	__u32 mask;
	__u32 cnt;
};

void tach_idmap__clear(struct tach_idmap *map); /* frees; the map is empty and usable after it */

/* Two 32-bit numbers as one key. */
static inline __u64 tach_idmap__pair(__u32 high, __u32 low)
{
	return (__u64)high << 32 | low;
}

/* Finalizer of MurmurHash3 (public domain, Austin Appleby): ids are small and close together. */
static inline __u32 tach_idmap__hash(__u64 key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdull;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ull;
	return key >> 32;
}

/* The value of @key, or TACH_IDMAP_NONE. */
static inline __u32 tach_idmap__get(const struct tach_idmap *map, __u64 key)
{
	const struct tach_idmap_slot *slot;
	__u32 i;

	if (!map->slots)
		return TACH_IDMAP_NONE;
	for (i = tach_idmap__hash(key);; i++) {
		slot = &map->slots[i & map->mask];
		if (!slot->val || slot->key == key)
			return slot->val - 1;
	}
}

/* Add @key, which must not be there yet. 0 or -ENOMEM. */
int tach_idmap__put(struct tach_idmap *map, __u64 key, __u32 val);

#endif
