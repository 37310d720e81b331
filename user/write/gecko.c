// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What profiler.firefox.com reads: its "processed profile format", version 75. Described by firefox-devtools/profiler
 * docs-developer/CHANGELOG-formats.md and src/types/profile.ts up to version 70; 71 to 75 as the upgraders in
 * @firefox-devtools/profiler-cli 0.10.0 make them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "write/formats.h"
#include "write/gecko.h"
#include "write/ledger.h"

#ifndef TACH_VERSION
#define TACH_VERSION "unknown"
#endif

static const struct {
	const char *name, *color;
} categories[] = {
	[TACH_GECKO_OTHER] = {"Other", "grey"},
	[TACH_GECKO_PYTHON] = {"Python", "yellow"},
	[TACH_GECKO_NATIVE] = {"Native", "blue"},
	[TACH_GECKO_GC] = {"GC", "orange"},
	[TACH_GECKO_GIL] = {"GIL", "green"},
	[TACH_GECKO_CPU] = {"CPU", "purple"},
	[TACH_GECKO_CODE_TYPE] = {"Code Type", "red"},
	[TACH_GECKO_OPCODES] = {"Opcodes", "magenta"},
	[TACH_GECKO_EXCEPTION] = {"Exception", "lightblue"},
	[TACH_GECKO_NETWORK] = {"Network", "lightred"}, /* the reference has not */
};

static void write_categories(struct tach_json *json)
{
	tach_json__key(json, "categories");
	tach_json__open(json, '[');
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		tach_json__open(json, '{');
		tach_json__key(json, "name");
		tach_json__str(json, categories[i].name);
		tach_json__key(json, "color");
		tach_json__str(json, categories[i].color);
		tach_json__key(json, "subcategories");
		tach_json__raw(json, "[\"Other\"]");
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
}

/* What does not depend on the recording. There is one kind of frames to look at, and the server of Firefox's source
 * has none of ours. */
static const char fixed_meta[] =
	"\"version\":36,\"preprocessedProfileVersion\":75,\"product\":\"Python\","
	"\"importedFrom\":\"tachyon-bpf " TACH_VERSION "\",\"oscpu\":\"Linux\","
	"\"processType\":0,\"stackwalk\":0,\"symbolicated\":true,\"usesOnlyOneStackType\":true,"
	"\"sourceCodeIsNotOnSearchfox\":true,\"profilingStartTime\":0,"
	"\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\",\"threadCPUDelta\":\"µs\"}";

/* Where the time of each thread went, also what samples do not tell: shown beside what the profile is of. */
static void write_ledger(struct tach_gecko *gecko)
{
	__u32 cnt = tach_profile__thread_cnt(gecko->profile);
	struct tach_json *json = &gecko->json;

	if (!cnt)
		return;
	tach_json__key(json, "extra");
	tach_json__open(json, '[');
	tach_json__open(json, '{');
	tach_json__key(json, "label");
	tach_json__str(json, "Threads");
	tach_json__key(json, "entries");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < cnt; i++) {
		const struct tach_thread_time *t = tach_profile__thread(gecko->profile, i);
		const char *name = tach_ledger__name(gecko->profile, t);
		char label[16 + TACH_COMM_SZ], text[TACH_LEDGER_TEXT_SZ];

		tach_ledger__text(text, gecko->profile, t);
		snprintf(label, sizeof(label), "%u%s%.*s", t->tid, *name ? " " : "", TACH_COMM_SZ,
			 name);
		tach_json__open(json, '{');
		tach_json__key(json, "label");
		tach_json__str(json, label);
		tach_json__key(json, "format");
		tach_json__str(json, "string");
		tach_json__key(json, "value");
		tach_json__str(json, text);
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
	tach_json__close(json, '}');
	tach_json__close(json, ']');
}

static void write_meta(struct tach_gecko *gecko)
{
	const struct tach_summary *summary = tach_profile__summary(gecko->profile);
	struct tach_json *json = &gecko->json;

	tach_json__key(json, "meta");
	tach_json__open(json, '{');
	tach_json__raw(json, fixed_meta);
	tach_json__key(json, "interval");
	tach_json__fixed(json, summary->period_ns, 6);
	tach_json__key(json, "startTime");
	tach_json__fixed(json, summary->epoch_ns / 1000, 3);
	tach_json__key(json, "startTimeAsClockMonotonicNanosecondsSinceBoot");
	tach_json__int(json, (__s64)summary->start_ns);
	tach_json__key(json, "profilingEndTime");
	tach_json__fixed(json, (__u64)(summary->duration_s * 1e6), 3);
	if (tach_profile__process_cnt(gecko->profile)) {
		tach_json__key(json, "arguments");
		tach_json__str(json, tach_profile__process(gecko->profile, 0)->command);
	}
	write_categories(json);
	write_ledger(gecko);
	tach_gecko__write_schemas(gecko);
	tach_json__close(json, '}');
}

/* Parents come before their children. */
static bool *find_gc(const struct tach_profile *profile)
{
	const struct tach_frametab *tab = tach_profile__frames(profile);
	__u32 cnt = tach_profile__node_cnt(profile);
	bool *in_gc = calloc(cnt, sizeof(*in_gc));

	for (__u32 i = 1; in_gc && i < cnt; i++) {
		const struct tach_node *node = tach_profile__node(profile, i);
		const struct tach_frame *frame = tach_frametab__get(tab, node->frame);

		in_gc[i] = in_gc[node->parent] || tach_gecko__category(tab, frame) == TACH_GECKO_GC;
	}
	return in_gc;
}

static int write_profile(struct tach_gecko *gecko)
{
	__u32 who_cnt = tach_profile__who_cnt(gecko->profile);
	struct tach_json *json = &gecko->json;
	int err = 0;

	tach_json__open(json, '{');
	write_meta(gecko);
	tach_json__key(json, "libs");
	tach_json__raw(json, "[]");
	tach_json__key(json, "pages");
	tach_json__raw(json, "[]");
	tach_json__key(json, "threads");
	tach_json__open(json, '[');
	for (__u32 who = 0; !err && who < who_cnt; who++)
		err = tach_gecko__write_thread(gecko, who);
	tach_json__close(json, ']');
	if (!err)
		err = tach_gecko__write_tables(gecko);
	tach_json__close(json, '}');
	tach_sink__write(json->sink, "\n", 1);
	return err;
}

int tach_gecko__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink)
{
	struct tach_gecko gecko = {.profile = profile, .json = {.sink = sink}};
	int err = tach_by_thread__init(&gecko.by_thread, profile);

	(void)opts;
	if (err)
		return err;
	gecko.in_gc = find_gc(profile);
	gecko.labels = tach_frametab__new();
	err = gecko.in_gc && gecko.labels ? write_profile(&gecko) : -ENOMEM;
	tach_frametab__free(gecko.labels);
	free(gecko.in_gc);
	tach_by_thread__clear(&gecko.by_thread);
	return err;
}
