// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/idmap.h"
#include "write/locs.h"

struct builder {
	struct tach_locs *locs;
	struct tach_idmap names; /* (file, func) -> number */
	struct tach_idmap lines; /* (name, line) -> location */
};

static int loc_of(struct builder *builder, const struct tach_frame *frame, __u32 *out)
{
	__u64 key = tach_idmap__pair(frame->file, frame->func);
	struct tach_locs *locs = builder->locs;
	__u32 name;
	int err;

	name = tach_idmap__get(&builder->names, key);
	if (name == TACH_IDMAP_NONE) {
		name = builder->names.cnt;
		err = tach_idmap__put(&builder->names, key, name);
		if (err)
			return err;
	}
	key = tach_idmap__pair(name, frame->line);
	*out = tach_idmap__get(&builder->lines, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	*out = locs->cnt++;
	locs->items[*out] =
		(struct tach_loc){.file = frame->file, .func = frame->func, .line = frame->line};
	return tach_idmap__put(&builder->lines, key, *out);
}

int tach_locs__init(struct tach_locs *out, const struct tach_frametab *tab)
{
	__u32 i, frame_cnt = tach_frametab__frame_cnt(tab);
	struct builder builder = {.locs = out};
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->items = calloc((size_t)frame_cnt + 1, sizeof(*out->items));
	out->of_frame = calloc((size_t)frame_cnt + 1, sizeof(*out->of_frame));
	if (!out->items || !out->of_frame)
		err = -ENOMEM;
	for (i = 0; !err && i < frame_cnt; i++)
		err = loc_of(&builder, tach_frametab__get(tab, i), &out->of_frame[i]);
	tach_idmap__clear(&builder.lines);
	tach_idmap__clear(&builder.names);
	if (err)
		tach_locs__clear(out);
	return err;
}

void tach_locs__clear(struct tach_locs *locs)
{
	free(locs->of_frame);
	free(locs->items);
	memset(locs, 0, sizeof(*locs));
}
