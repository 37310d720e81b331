// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A flame graph as one HTML page, or the difference of two. What it shows is all there, in columns; the page itself
 * (user/page) adds up, compares and draws. */
#include <errno.h>
#include <stdlib.h>

#include "util/idmap.h"
#include "write/formats.h"
#include "write/page.h"

/* The call tree by locations: calls that differ only in their columns are one. Node 0 is the root. */
struct flame {
	const struct tach_profile *profile;
	struct tach_json *json;
	struct tach_locs locs;
	__u32 *of_node; /* [nodes of the profile] -> node */
	__u32 *parent;	/* [cnt] smaller */
	__u32 *loc;	/* [cnt] */
	__u32 cnt;
};

static int merge(struct flame *flame)
{
	__u32 node_cnt = tach_profile__node_cnt(flame->profile), loc, parent, *node;
	struct tach_idmap known = {0};
	int err = 0;

	flame->of_node = calloc(node_cnt, sizeof(*flame->of_node));
	flame->parent = calloc(node_cnt, sizeof(*flame->parent));
	flame->loc = calloc(node_cnt, sizeof(*flame->loc));
	if (!flame->of_node || !flame->parent || !flame->loc)
		return -ENOMEM;
	flame->cnt = 1;
	for (__u32 i = 1; !err && i < node_cnt; i++) {
		const struct tach_node *each = tach_profile__node(flame->profile, i);

		node = &flame->of_node[i];
		parent = flame->of_node[each->parent];
		loc = flame->locs.of_frame[each->frame];
		*node = tach_idmap__get(&known, tach_idmap__pair(parent, loc));
		if (*node != TACH_IDMAP_NONE)
			continue;
		*node = flame->cnt++;
		flame->parent[*node] = parent;
		flame->loc[*node] = loc;
		err = tach_idmap__put(&known, tach_idmap__pair(parent, loc), *node);
	}
	tach_idmap__clear(&known);
	return err;
}

/* Without the root. */
static void write_column(struct tach_json *json, const char *name, const __u32 *values, __u32 cnt)
{
	tach_json__key(json, name);
	tach_json__open(json, '[');
	for (__u32 i = 1; i < cnt; i++)
		tach_json__int(json, values[i]);
	tach_json__close(json, ']');
}

static void write_nodes(struct flame *flame)
{
	tach_json__key(flame->json, "nodes");
	tach_json__open(flame->json, '{');
	write_column(flame->json, "parent", flame->parent, flame->cnt);
	write_column(flame->json, "loc", flame->loc, flame->cnt);
	tach_json__close(flame->json, '}');
}

/* One number after the other: thread, node, and what the samples that ended there consist of. */
static void write_rows(struct flame *flame)
{
	struct tach_json *json = flame->json;

	tach_json__key(json, "rows");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_profile__row_cnt(flame->profile); i++) {
		const struct tach_row *row = tach_profile__row(flame->profile, i);

		tach_json__int(json, row->who);
		tach_json__int(json, flame->of_node[row->node]);
		for (int doing = 0; doing < TACH_DOING__CNT; doing++)
			tach_json__int(json, (__s64)row->weights[doing]);
		tach_json__int(json, (__s64)row->exceptions);
		tach_json__int(json, (__s64)row->cpu_unknown);
		if (tach_sink__failed(json->sink))
			break;
	}
	tach_json__close(json, ']');
}

static void write_samples(struct flame *flame)
{
	tach_page__about(flame->json, flame->profile);
	tach_page__names(flame->json, tach_profile__frames(flame->profile), &flame->locs);
	write_nodes(flame);
	write_rows(flame);
}

static int open_flame(struct flame *flame, const struct tach_profile *profile,
		      struct tach_json *json)
{
	int err;

	*flame = (struct flame){.profile = profile, .json = json};
	err = tach_locs__init(&flame->locs, tach_profile__frames(profile));
	return err ?: merge(flame);
}

static void close_flame(struct flame *flame)
{
	free(flame->loc);
	free(flame->parent);
	free(flame->of_node);
	tach_locs__clear(&flame->locs);
}

/* The same members once more, of the recording that the page compares with, but for its sources: they may have
 * changed since. */
static int write_baseline(struct tach_json *json, const struct tach_profile *baseline)
{
	struct flame flame;
	int err = open_flame(&flame, baseline, json);

	if (!err) {
		tach_json__key(json, "baseline");
		tach_json__open(json, '{');
		write_samples(&flame);
		tach_json__close(json, '}');
	}
	close_flame(&flame);
	return err;
}

static int write_page(struct flame *flame, const struct tach_write_opts *opts,
		      struct tach_sink *sink)
{
	int err;

	tach_page__begin(TACH_PAGE_FLAMEGRAPH, sink, flame->json);
	write_samples(flame);
	err = tach_page__source(flame->json, tach_profile__frames(flame->profile), &flame->locs,
				opts->lines);
	if (!err && opts->baseline)
		err = write_baseline(flame->json, opts->baseline);
	tach_page__end(TACH_PAGE_FLAMEGRAPH, flame->json);
	return err;
}

int tach_flamegraph__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			   struct tach_sink *sink)
{
	struct tach_json json;
	struct flame flame;
	int err = open_flame(&flame, profile, &json);

	if (!err)
		err = write_page(&flame, opts, sink);
	close_flame(&flame);
	return err;
}
