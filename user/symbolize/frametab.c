// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/frametab.h"
#include "symbolize/hash.h"

struct str {
	UT_hash_handle hh; /* key: sz bytes of text */
	tach_str_id id;
	size_t sz;
	char text[]; /* [sz + 1], NUL-terminated, may contain others */
};

struct frame {
	UT_hash_handle hh; /* key: frame */
	tach_frame_id id;
	struct tach_frame frame;
};

_Static_assert(sizeof(struct tach_frame) == 7 * sizeof(__u32), "a key without padding");

/* Elements of a hash in the order of their ids. */
struct index {
	void **elts; /* [cnt] */
	__u32 cnt;
	__u32 max;
};

struct tach_frametab {
	struct str *strs;
	struct frame *frames;
	struct index str_by_id;
	struct index frame_by_id;
};

/* Room for one element more; false without memory, or ids. */
static bool index_reserve(struct index *index)
{
	__u32 max = index->max ? 2 * index->max : 256;
	void **elts;

	if (index->cnt < index->max)
		return true;
	if (max < index->max || max == TACH_NO_ID)
		return false;
	elts = reallocarray(index->elts, max, sizeof(*elts));
	if (!elts)
		return false;
	index->elts = elts;
	index->max = max;
	return true;
}

struct tach_frametab *tach_frametab__new(void)
{
	return calloc(1, sizeof(struct tach_frametab));
}

void tach_frametab__free(struct tach_frametab *tab)
{
	__u32 i;

	if (!tab)
		return;
	HASH_CLEAR(hh, tab->frames);
	HASH_CLEAR(hh, tab->strs);
	for (i = 0; i < tab->frame_by_id.cnt; i++)
		free(tab->frame_by_id.elts[i]);
	for (i = 0; i < tab->str_by_id.cnt; i++)
		free(tab->str_by_id.elts[i]);
	free(tab->frame_by_id.elts);
	free(tab->str_by_id.elts);
	free(tab);
}

tach_str_id tach_frametab__str(struct tach_frametab *tab, const char *text, size_t sz)
{
	struct index *by_id = &tab->str_by_id;
	struct str *str;

	HASH_FIND(hh, tab->strs, text, sz, str);
	if (str)
		return str->id;
	if (!index_reserve(by_id))
		return TACH_NO_ID;
	str = malloc(sizeof(*str) + sz + 1);
	if (!str)
		return TACH_NO_ID;
	str->id = by_id->cnt;
	str->sz = sz;
	memcpy(str->text, text, sz);
	str->text[sz] = '\0';
	HASH_ADD_KEYPTR(hh, tab->strs, str->text, sz, str);
	if (!str->hh.tbl) {
		free(str);
		return TACH_NO_ID;
	}
	by_id->elts[by_id->cnt++] = str;
	return str->id;
}

tach_frame_id tach_frametab__frame(struct tach_frametab *tab, const struct tach_frame *key)
{
	struct index *by_id = &tab->frame_by_id;
	struct frame *frame;

	HASH_FIND(hh, tab->frames, key, sizeof(*key), frame);
	if (frame)
		return frame->id;
	if (!index_reserve(by_id))
		return TACH_NO_ID;
	frame = malloc(sizeof(*frame));
	if (!frame)
		return TACH_NO_ID;
	frame->id = by_id->cnt;
	frame->frame = *key;
	HASH_ADD(hh, tab->frames, frame, sizeof(*key), frame);
	if (!frame->hh.tbl) {
		free(frame);
		return TACH_NO_ID;
	}
	by_id->elts[by_id->cnt++] = frame;
	return frame->id;
}

tach_frame_id tach_frametab__marker(struct tach_frametab *tab, const char *name)
{
	const struct tach_frame frame = {
		.file = tach_frametab__str(tab, TACH_MARKER_FILE, strlen(TACH_MARKER_FILE)),
		.func = tach_frametab__str(tab, name, strlen(name)),
		.line = TACH_LINE_NONE,
		.end_line = TACH_LINE_NONE,
		.col = TACH_COL_NONE,
		.end_col = TACH_COL_NONE,
	};

	if (frame.file == TACH_NO_ID || frame.func == TACH_NO_ID)
		return TACH_NO_ID;
	return tach_frametab__frame(tab, &frame);
}

const char *tach_frametab__text(const struct tach_frametab *tab, tach_str_id id, size_t *sz)
{
	const struct str *str = tab->str_by_id.elts[id];

	if (sz)
		*sz = str->sz;
	return str->text;
}

const struct tach_frame *tach_frametab__get(const struct tach_frametab *tab, tach_frame_id id)
{
	const struct frame *frame = tab->frame_by_id.elts[id];

	return &frame->frame;
}

bool tach_frametab__is_marker(const struct tach_frametab *tab, tach_str_id file, __s32 line)
{
	return line == TACH_LINE_NONE && !strcmp(tach_frametab__text(tab, file, NULL), "~");
}

__u32 tach_frametab__frame_cnt(const struct tach_frametab *tab)
{
	return tab->frame_by_id.cnt;
}

__u32 tach_frametab__str_cnt(const struct tach_frametab *tab)
{
	return tab->str_by_id.cnt;
}
