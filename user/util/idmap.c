// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/idmap.h"

#define FIRST_CNT 64
#define LAST_CNT  (1u << 31) /* slots; a mask of 32 bits cannot address more */

/* The slot of @key, or the free one where it belongs. */
static struct tach_idmap_slot *find(const struct tach_idmap *map, __u64 key)
{
	__u32 i = tach_idmap__hash(key) & map->mask;

	while (map->slots[i].val && map->slots[i].key != key)
		i = (i + 1) & map->mask;
	return &map->slots[i];
}

static int resize(struct tach_idmap *map, __u32 slot_cnt)
{
	struct tach_idmap bigger = {.mask = slot_cnt - 1, .cnt = map->cnt};
	__u32 i;

	bigger.slots = calloc(slot_cnt, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; map->slots && i <= map->mask; i++)
		if (map->slots[i].val)
			*find(&bigger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = bigger;
	return 0;
}

int tach_idmap__put(struct tach_idmap *map, __u64 key, __u32 val)
{
	__u32 slot_cnt = map->slots ? map->mask + 1 : 0;
	struct tach_idmap_slot *slot;
	int err;

	/* At most two thirds full: a miss looks at 5 slots on average. */
	if (map->cnt >= slot_cnt / 3 * 2) {
		if (slot_cnt == LAST_CNT)
			return -ENOMEM;
		err = resize(map, slot_cnt ? slot_cnt * 2 : FIRST_CNT);
		if (err)
			return err;
	}
	slot = find(map, key);
	slot->key = key;
	slot->val = val + 1;
	map->cnt++;
	return 0;
}

void tach_idmap__clear(struct tach_idmap *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
