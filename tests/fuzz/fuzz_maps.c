// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Listings of memory mappings, and versions in the names they have. */
#include <string.h>

#include "target/proc_maps.h"
#include "target/pyversion.h"
#include "tests/fuzz/broken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct tach_maps maps;
	char *text = malloc(sz + 1);

	memcpy(text, data, sz);
	text[sz] = '\0';
	if (tach_maps__parse(text, &maps))
		broken("no memory");
	for (size_t i = 0; i < maps.cnt; i++) {
		const struct tach_map *map = &maps.items[i];
		const char *name = tach_map__basename(map);

		if (map->start >= map->end)
			broken("a mapping from %llx to %llx", map->start, map->end);
		if (name < map->path || name > map->path + strlen(map->path) || strchr(name, '/'))
			broken("the last part of \"%s\" is \"%s\"", map->path, name);
		if (tach_map__is_file(map) && (!map->inode || map->path[0] != '/'))
			broken("\"%s\" is a file", map->path);
		tach_pyversion__from_path(map->path);
	}
	tach_maps__free(&maps);
	return 0;
}
