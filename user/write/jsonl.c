// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Lines of JSON, schema version 0: sums for each frame. Source: CPython v3.15.0
 * Lib/profiling/sampling/jsonl_collector.py, whose docstring describes it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "write/formats.h"
#include "write/json.h"
#include "write/text.h"
#include "write/tree.h"

#define ROOT	0
#define CHUNK	256 /* entries in a line */
#define RUN_ID	16  /* bytes */
#define VERSION 0

struct jsonl {
	const struct tach_profile *profile;
	struct tach_sink *sink;
	struct tach_frametab *tab;  /* of what is written, in the order in which it is met */
	__u32 *frames;		    /* [node_cnt] in tab; TACH_NO_ID: no sample passes through */
	struct tach_tree_sum *sums; /* [frames of tab] */
	char run_id[2 * RUN_ID + 1];
};

/* uuid.uuid4().hex */
static int make_run_id(struct jsonl *jsonl)
{
	unsigned char bytes[RUN_ID];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (int i = 0; i < RUN_ID; i++)
		snprintf(jsonl->run_id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static tach_str_id str_of(struct jsonl *jsonl, tach_str_id id)
{
	struct tach_text text = tach_text__of(tach_profile__frames(jsonl->profile), id);

	return tach_frametab__str(jsonl->tab, text.ptr, text.sz);
}

/* Frames that look the same in this format are one. */
static __u32 frame_of(struct jsonl *jsonl, tach_frame_id id)
{
	struct tach_frame frame = *tach_frametab__get(tach_profile__frames(jsonl->profile), id);

	frame.func = str_of(jsonl, frame.func);
	frame.file = str_of(jsonl, frame.file);
	if (frame.func == TACH_NO_ID || frame.file == TACH_NO_ID)
		return TACH_NO_ID;
	frame.first_line = 0;
	frame.end_line = frame.end_line > 0 ? frame.end_line : TACH_LINE_NONE;
	frame.col = frame.col >= 0 ? frame.col : TACH_COL_NONE;
	frame.end_col = frame.end_col >= 0 ? frame.end_col : TACH_COL_NONE;
	return tach_frametab__frame(jsonl->tab, &frame);
}

/* Where a node has its frame, so have all towards the root. */
static int visit_stack(void *ctx, const struct tach_row *row)
{
	struct jsonl *jsonl = ctx;
	const struct tach_node *at;

	for (__u32 node = row->node; node != ROOT && jsonl->frames[node] == TACH_NO_ID;
	     node = at->parent) {
		at = tach_profile__node(jsonl->profile, node);
		jsonl->frames[node] = frame_of(jsonl, at->frame);
		if (jsonl->frames[node] == TACH_NO_ID)
			return -ENOMEM;
	}
	return 0;
}

static int collect(struct jsonl *jsonl)
{
	__u32 node_cnt = tach_profile__node_cnt(jsonl->profile), frame_cnt;
	int err;

	jsonl->tab = tach_frametab__new();
	jsonl->frames = calloc(node_cnt, sizeof(*jsonl->frames));
	if (!jsonl->tab || !jsonl->frames)
		return -ENOMEM;
	for (__u32 i = 0; i < node_cnt; i++)
		jsonl->frames[i] = TACH_NO_ID;
	err = tach_tree__by_seq(jsonl->profile, visit_stack, jsonl);
	if (err)
		return err;
	frame_cnt = tach_frametab__frame_cnt(jsonl->tab);
	jsonl->sums = calloc((size_t)frame_cnt + 1, sizeof(*jsonl->sums));
	if (!jsonl->sums)
		return -ENOMEM;
	return tach_tree__sum(jsonl->profile, jsonl->frames, frame_cnt, jsonl->sums);
}

static void put_int(struct tach_json *json, const char *key, __s64 value)
{
	tach_json__key(json, key);
	tach_json__int(json, value);
}

/* What every line begins with. */
static struct tach_json begin_line(const struct jsonl *jsonl, const char *type)
{
	struct tach_json json = {.sink = jsonl->sink, .ascii = true};

	tach_json__open(&json, '{');
	tach_json__key(&json, "type");
	tach_json__str(&json, type);
	put_int(&json, "v", VERSION);
	tach_json__key(&json, "run_id");
	tach_json__str(&json, jsonl->run_id);
	return json;
}

static void end_line(struct tach_json *json)
{
	tach_json__close(json, '}');
	tach_sink__write(json->sink, "\n", 1);
}

static void put_meta(const struct jsonl *jsonl)
{
	const struct tach_summary *summary = tach_profile__summary(jsonl->profile);
	struct tach_json json = begin_line(jsonl, "meta");

	put_int(&json, "sample_interval_usec", (__s64)(summary->period_ns / 1000));
	if (summary->mode) {
		tach_json__key(&json, "mode");
		tach_json__str(&json, summary->mode);
	}
	end_line(&json);
}

static void put_str(const struct jsonl *jsonl, struct tach_json *json, __u32 idx)
{
	put_int(json, "str_id", idx);
	tach_json__key(json, "value");
	tach_json__text(json, tach_text__of(jsonl->tab, idx));
}

static void put_frame(const struct jsonl *jsonl, struct tach_json *json, __u32 idx)
{
	const struct tach_frame *frame = tach_frametab__get(jsonl->tab, idx);

	put_int(json, "frame_id", idx);
	put_int(json, "path_str_id", frame->file);
	put_int(json, "func_str_id", frame->func);
	put_int(json, "line", frame->line);
	if (frame->end_line != TACH_LINE_NONE)
		put_int(json, "end_line", frame->end_line);
	if (frame->col != TACH_COL_NONE)
		put_int(json, "col", frame->col);
	if (frame->end_col != TACH_COL_NONE)
		put_int(json, "end_col", frame->end_col);
}

static void put_sums(const struct jsonl *jsonl, struct tach_json *json, __u32 idx)
{
	put_int(json, "frame_id", idx);
	put_int(json, "self", (__s64)jsonl->sums[idx].direct);
	put_int(json, "cumulative", (__s64)jsonl->sums[idx].cumulative);
}

struct table {
	const char *type, *list;
	bool sums; /* it says what they are sums of */
	void (*put)(const struct jsonl *jsonl, struct tach_json *json, __u32 idx);
};

static void put_table(const struct jsonl *jsonl, const struct table *table, __u32 cnt)
{
	for (__u32 i = 0; i < cnt;) {
		struct tach_json json = begin_line(jsonl, table->type);
		__u32 end = cnt - i < CHUNK ? cnt : i + CHUNK;

		if (table->sums) {
			tach_json__key(&json, "kind");
			tach_json__str(&json, "frame");
			tach_json__key(&json, "scope");
			tach_json__str(&json, "final");
			put_int(&json, "samples_total", (__s64)tach_profile__total(jsonl->profile));
		}
		tach_json__key(&json, table->list);
		tach_json__open(&json, '[');
		for (; i < end; i++) {
			tach_json__open(&json, '{');
			table->put(jsonl, &json, i);
			tach_json__close(&json, '}');
		}
		tach_json__close(&json, ']');
		end_line(&json);
	}
}

static void put_end(const struct jsonl *jsonl)
{
	struct tach_json json = begin_line(jsonl, "end");

	put_int(&json, "samples_total", (__s64)tach_profile__total(jsonl->profile));
	end_line(&json);
}

int tach_jsonl__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink)
{
	static const struct table strs = {"string_table", "strings", false, put_str};
	static const struct table frames = {"frame_table", "frames", false, put_frame};
	static const struct table sums = {"agg", "entries", true, put_sums};
	struct jsonl jsonl = {.profile = profile, .sink = sink};
	int err = make_run_id(&jsonl);

	(void)opts;
	if (!err)
		err = collect(&jsonl);
	if (!err) {
		put_meta(&jsonl);
		put_table(&jsonl, &strs, tach_frametab__str_cnt(jsonl.tab));
		put_table(&jsonl, &frames, tach_frametab__frame_cnt(jsonl.tab));
		put_table(&jsonl, &sums, tach_frametab__frame_cnt(jsonl.tab));
		put_end(&jsonl);
	}
	free(jsonl.sums);
	free(jsonl.frames);
	tach_frametab__free(jsonl.tab);
	return err;
}
