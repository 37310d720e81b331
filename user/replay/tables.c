// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/parts.h"
#include "util/grow.h"
#include "util/varint.h"

#define NO_LOCATION (-1)

struct strs {
	char *text; /* of the one that is read */
	size_t cap;
};

static int no_memory(const struct tach_replay *replay)
{
	return tach_why__set(replay->why, -ENOMEM, "out of memory");
}

static int malformed(const struct tach_replay *replay, const char *what)
{
	return tach_why__set(replay->why, -EINVAL, "Malformed varint in %s", what);
}

/* Intern a string of @sz bytes that follows. */
static int take_str(struct tach_replay *replay, struct tach_input *input, struct strs *strs,
		    __u32 sz, tach_str_id *out)
{
	char *text = tach_grow(strs->text, &strs->cap, (size_t)sz + 1, 1);

	if (!text)
		return no_memory(replay);
	strs->text = text;
	if (!tach_input__take(input, text, sz))
		return tach_why__set(replay->why, -EINVAL, "String table overflow");
	*out = tach_frametab__str(replay->tab, text, sz);
	return *out == TACH_NO_ID ? no_memory(replay) : 0;
}

static int take_strs(struct tach_replay *replay, struct tach_input *input, tach_str_id *out)
{
	struct strs strs = {0};
	__u32 sz;
	int err = 0;

	for (__u32 i = 0; !err && i < replay->str_cnt; i++) {
		if (!tach_input__u32(input, &sz))
			err = malformed(replay, "string table");
		else if (sz > replay->size - replay->strs_at - tach_input__done(input))
			err = tach_why__set(replay->why, -EINVAL, "String table overflow");
		else if (out)
			err = take_str(replay, input, &strs, sz, &out[i]);
		else if (!tach_input__take(input, NULL, sz))
			err = tach_why__set(replay->why, -EINVAL, "String table overflow");
	}
	free(strs.text);
	return err;
}

static bool take_signed(struct tach_input *input, __s32 *out)
{
	__u32 value;

	if (!tach_input__u32(input, &value))
		return false;
	*out = (__s32)tach_unzigzag(value);
	return true;
}

/* Numbers that the file has as differences wrap around, as they do where it was written. */
static __s32 sum(__s32 a, __s32 b)
{
	return (__s32)((__u32)a + (__u32)b);
}

/* A frame without a place in the source is what we call one without a line. */
static void set_place(struct tach_frame *frame, const __s32 place[4])
{
	if (place[0] == NO_LOCATION) {
		frame->line = frame->end_line = TACH_LINE_NONE;
		frame->col = frame->end_col = TACH_COL_NONE;
		return;
	}
	frame->line = place[0];
	frame->end_line = sum(place[0], place[1]);
	frame->col = place[2];
	frame->end_col = place[2] == NO_LOCATION ? TACH_COL_NONE : sum(place[2], place[3]);
}

static int take_frame(struct tach_replay *replay, struct tach_input *input,
		      struct tach_frame *frame)
{
	static const char *const names[] = {
		"frame table (lineno)", "frame table (end_lineno_delta)", "frame table (column)",
		"frame table (end_column_delta)"};
	__s32 place[4];

	*frame = (struct tach_frame){0};
	if (!tach_input__u32(input, &frame->file))
		return malformed(replay, "frame table (filename)");
	if (!tach_input__u32(input, &frame->func))
		return malformed(replay, "frame table (funcname)");
	for (int i = 0; i < 4; i++)
		if (!take_signed(input, &place[i]))
			return malformed(replay, names[i]);
	if (tach_input__byte(input) < 0)
		return tach_why__set(replay->why, -EINVAL,
				     "Unexpected end of frame table (opcode)");
	set_place(frame, place);
	return 0;
}

static int take_frames(struct tach_replay *replay, struct tach_input *input,
		       struct tach_replay_frame *out)
{
	struct tach_frame frame;
	int err = 0;

	for (__u32 i = 0; !err && i < replay->frame_cnt; i++) {
		err = take_frame(replay, input, &frame);
		if (!err && out)
			out[i] = (struct tach_replay_frame){.frame = frame, .id = TACH_NO_ID};
	}
	return err;
}

static int make_tables(struct tach_replay *replay, struct tach_replay_tables *tables)
{
	tables->strs = calloc((size_t)replay->str_cnt + 1, sizeof(*tables->strs));
	tables->frames = calloc((size_t)replay->frame_cnt + 1, sizeof(*tables->frames));
	return tables->strs && tables->frames ? 0 : no_memory(replay);
}

int tach_replay__tables(struct tach_replay *replay, struct tach_replay_tables *out)
{
	struct tach_input input;
	int err = out ? make_tables(replay, out) : 0;

	if (err)
		return err;
	if (tach_input__open(&input, replay->fd, replay->strs_at, replay->size, false))
		err = no_memory(replay);
	if (!err)
		err = take_strs(replay, &input, out ? out->strs : NULL);
	tach_input__close(&input);
	if (err)
		return err;
	if (tach_input__open(&input, replay->fd, replay->frames_at, replay->size, false))
		err = no_memory(replay);
	if (!err)
		err = take_frames(replay, &input, out ? out->frames : NULL);
	tach_input__close(&input);
	return err;
}

void tach_replay__clear_tables(struct tach_replay_tables *tables)
{
	free(tables->frames);
	free(tables->strs);
}
