// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/candidates.h"

static enum tach_rank rank_of(const struct tach_map *map, bool is_exe)
{
	const char *name = tach_map__basename(map);

	if (strncmp(name, "python", 6) == 0 || strncmp(name, "libpython", 9) == 0)
		return TACH_RANK_PYTHON;
	if (strstr(name, "python"))
		return TACH_RANK_NAMED;
	return is_exe ? TACH_RANK_EXE : TACH_RANK_OTHER;
}

static int compare_u64(__u64 left, __u64 right)
{
	return (left > right) - (left < right);
}

static int compare_files(const struct tach_map *left, const struct tach_map *right)
{
	int order = compare_u64(left->inode, right->inode);

	if (!order)
		order = compare_u64(left->dev_major, right->dev_major);
	if (!order)
		order = compare_u64(left->dev_minor, right->dev_minor);
	return order ? order : strcmp(left->path, right->path);
}

static int compare(const void *left_item, const void *right_item)
{
	const struct tach_candidate *left = left_item, *right = right_item;
	int order = compare_u64(left->rank, right->rank);

	if (!order)
		order = compare_files(left->map, right->map);
	return order ? order : compare_u64(left->map->start, right->map->start);
}

int tach_candidates__collect(const struct tach_maps *maps, const char *exe,
			     struct tach_candidates *out)
{
	*out = (struct tach_candidates){0};
	if (!maps->cnt)
		return 0;
	out->items = calloc(maps->cnt, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (size_t i = 0; i < maps->cnt; i++) {
		const struct tach_map *map = &maps->items[i];
		bool is_exe;

		if (!map->write || map->shared || !tach_map__is_file(map))
			continue;
		is_exe = strcmp(map->path, exe) == 0;
		out->items[out->cnt++] = (struct tach_candidate){
			.map = map,
			.rank = rank_of(map, is_exe),
			.is_exe = is_exe,
		};
	}
	qsort(out->items, out->cnt, sizeof(*out->items), compare);
	return 0;
}

void tach_candidates__free(struct tach_candidates *candidates)
{
	free(candidates->items);
	*candidates = (struct tach_candidates){0};
}

size_t tach_candidates__file_cnt(const struct tach_candidates *candidates, size_t first)
{
	const struct tach_map *map = candidates->items[first].map;
	size_t end = first + 1;

	while (end < candidates->cnt && compare_files(candidates->items[end].map, map) == 0)
		end++;
	return end - first;
}
