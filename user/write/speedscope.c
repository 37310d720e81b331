// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What speedscope.app reads: for each thread its stacks in the order of time. Described by file-format-schema.json of
 * speedscope 1.25.0. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregate/by_thread.h"
#include "write/formats.h"
#include "write/json.h"
#include "write/label.h"
#include "write/locs.h"

#ifndef TACH_VERSION
#define TACH_VERSION "unknown"
#endif

struct speedscope {
	const struct tach_profile *profile;
	struct tach_json json;
	struct tach_by_thread by_thread;
	struct tach_locs locs;
	__u32 *path; /* [node_cnt] scratch, leaf first */
};

/* Samples of one stack, as long as there is no other. */
struct stretch {
	__u32 node;
	__u64 weight;
};

struct stretches {
	struct tach_thread_items rest;
	const struct tach_event *event; /* the next one begins with it; NULL: no more */
};

static struct stretches stretches_of(const struct speedscope *scope, __u32 who)
{
	struct stretches all = {.rest = tach_by_thread__of(&scope->by_thread, who)};

	all.event = tach_by_thread__next(&all.rest);
	return all;
}

static bool next_stretch(struct stretches *stretches, struct stretch *out)
{
	const struct tach_event *event = stretches->event;

	if (!event)
		return false;
	*out = (struct stretch){.node = event->node};
	for (; event && event->node == out->node; event = tach_by_thread__next(&stretches->rest))
		out->weight += event->weight;
	stretches->event = event;
	return true;
}

static void write_frames(struct speedscope *scope)
{
	const struct tach_frametab *tab = tach_profile__frames(scope->profile);
	struct tach_json *json = &scope->json;

	tach_json__key(json, "shared");
	tach_json__open(json, '{');
	tach_json__key(json, "frames");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < scope->locs.cnt; i++) {
		const struct tach_loc *loc = &scope->locs.items[i];

		tach_json__open(json, '{');
		tach_json__key(json, "name");
		tach_json__text(json, tach_text__of(tab, loc->func));
		if (!tach_frametab__is_marker(tab, loc->file, loc->line)) {
			tach_json__key(json, "file");
			tach_json__text(json, tach_text__of(tab, loc->file));
		}
		if (loc->line > 0) {
			tach_json__key(json, "line");
			tach_json__int(json, loc->line);
		}
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
	tach_json__close(json, '}');
}

/* Root first. */
static void write_stack(struct speedscope *scope, __u32 idx)
{
	const struct tach_node *node;
	__u32 cnt = 0;

	for (; idx; idx = node->parent) {
		node = tach_profile__node(scope->profile, idx);
		scope->path[cnt++] = scope->locs.of_frame[node->frame];
	}
	tach_json__open(&scope->json, '[');
	while (cnt)
		tach_json__int(&scope->json, scope->path[--cnt]);
	tach_json__close(&scope->json, ']');
}

static void write_name(struct speedscope *scope, __u32 who_idx)
{
	const struct tach_who *who = tach_profile__who(scope->profile, who_idx);
	const struct tach_process *process = tach_profile__process(scope->profile, who->process);
	char label[TACH_LABEL_SZ], name[TACH_LABEL_SZ + 2 * TACH_COMM_SZ + 32];

	tach_label__thread(scope->profile, who_idx, label);
	snprintf(name, sizeof(name), "%s %d: %s (%u)", *process->name ? process->name : "python",
		 process->pid, label, who->tid);
	tach_json__key(&scope->json, "name");
	tach_json__str(&scope->json, name);
}

static void write_thread(struct speedscope *scope, __u32 who)
{
	__u64 period_ns = tach_profile__summary(scope->profile)->period_ns, total = 0;
	const struct stretches all = stretches_of(scope, who);
	struct stretches left;
	struct tach_json *json = &scope->json;
	struct stretch stretch;

	tach_json__open(json, '{');
	tach_json__raw(json, "\"type\":\"sampled\",\"unit\":\"seconds\",\"startValue\":0");
	write_name(scope, who);
	tach_json__key(json, "samples");
	tach_json__open(json, '[');
	for (left = all; next_stretch(&left, &stretch); total += stretch.weight)
		write_stack(scope, stretch.node);
	tach_json__close(json, ']');
	tach_json__key(json, "weights");
	tach_json__open(json, '[');
	for (left = all; next_stretch(&left, &stretch);)
		tach_json__fixed(json, stretch.weight * period_ns, 9);
	tach_json__close(json, ']');
	tach_json__key(json, "endValue");
	tach_json__fixed(json, total * period_ns, 9);
	tach_json__close(json, '}');
}

static void write_scope(struct speedscope *scope)
{
	const struct tach_profile *profile = scope->profile;
	struct tach_json *json = &scope->json;

	tach_json__open(json, '{');
	tach_json__raw(json, "\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
			     "\"exporter\":\"tachyon-bpf " TACH_VERSION "\"");
	if (tach_profile__process_cnt(profile)) {
		tach_json__key(json, "name");
		tach_json__str(json, tach_profile__process(profile, 0)->command);
	}
	write_frames(scope);
	tach_json__key(json, "profiles");
	tach_json__open(json, '[');
	for (__u32 who = 0; who < tach_profile__who_cnt(profile); who++)
		if (stretches_of(scope, who).event)
			write_thread(scope, who);
	tach_json__close(json, ']');
	tach_json__close(json, '}');
	tach_sink__write(json->sink, "\n", 1);
}

int tach_speedscope__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			   struct tach_sink *sink)
{
	struct speedscope scope = {.profile = profile, .json = {.sink = sink}};
	int err = tach_by_thread__init(&scope.by_thread, profile);

	(void)opts;
	if (err)
		return err;
	scope.path = calloc(tach_profile__node_cnt(profile), sizeof(*scope.path));
	err = scope.path ? tach_locs__init(&scope.locs, tach_profile__frames(profile)) : -ENOMEM;
	if (!err)
		write_scope(&scope);
	tach_locs__clear(&scope.locs);
	free(scope.path);
	tach_by_thread__clear(&scope.by_thread);
	return err;
}
