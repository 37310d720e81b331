// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "write/label.h"
#include "write/page.h"

/* Made by user/page/build.mjs: <page>_head[] and <page>_tail[]. */
#include "flamegraph.page.h"

static const struct {
	const unsigned char *head, *tail;
	size_t head_sz, tail_sz;
} pages[TACH_PAGE__CNT] = {
	[TACH_PAGE_FLAMEGRAPH] = {flamegraph_head, flamegraph_tail, sizeof(flamegraph_head),
				  sizeof(flamegraph_tail)},
};

void tach_page__begin(enum tach_page page, struct tach_sink *sink, struct tach_json *json)
{
	*json = (struct tach_json){.sink = sink, .html = true};
	tach_sink__write(sink, pages[page].head, pages[page].head_sz);
	tach_json__open(json, '{');
}

void tach_page__end(enum tach_page page, struct tach_json *json)
{
	tach_json__close(json, '}');
	tach_sink__write(json->sink, pages[page].tail, pages[page].tail_sz);
}

static void member_int(struct tach_json *json, const char *key, __u64 value)
{
	tach_json__key(json, key);
	tach_json__int(json, (__s64)value);
}

static void member_str(struct tach_json *json, const char *key, const char *value)
{
	tach_json__key(json, key);
	tach_json__str(json, value);
}

static void write_summary(struct tach_json *json, const struct tach_profile *profile)
{
	const struct tach_summary *summary = tach_profile__summary(profile);

	tach_json__key(json, "about");
	tach_json__open(json, '{');
	member_str(json, "program", "tachyon-bpf " TACH_VERSION);
	member_str(json, "mode", summary->mode ?: "");
	member_int(json, "pid", summary->pid);
	member_int(json, "period_ns", summary->period_ns);
	member_int(json, "duration_ns", (__u64)(summary->duration_s * 1e9));
	member_int(json, "epoch_ms", summary->epoch_ns / 1000000);
	member_int(json, "attempts", summary->attempts);
	member_int(json, "failed", summary->failed);
	member_int(json, "total", tach_profile__total(profile));
	member_int(json, "lost", tach_profile__lost(profile));
	tach_json__close(json, '}');
}

static void write_processes(struct tach_json *json, const struct tach_profile *profile)
{
	tach_json__key(json, "processes");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_profile__process_cnt(profile); i++) {
		const struct tach_process *process = tach_profile__process(profile, i);

		tach_json__open(json, '{');
		member_int(json, "pid", process->pid);
		member_str(json, "name", process->name);
		member_str(json, "command", process->command);
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
}

static void write_threads(struct tach_json *json, const struct tach_profile *profile)
{
	char label[TACH_LABEL_SZ];

	tach_json__key(json, "threads");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_profile__who_cnt(profile); i++) {
		const struct tach_who *who = tach_profile__who(profile, i);

		tach_label__thread(profile, i, label);
		tach_json__open(json, '{');
		member_int(json, "tid", who->tid);
		member_str(json, "name", label);
		member_int(json, "process", who->process);
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
}

/* Whether a thread that is not on a CPU waits for one is not known of each sample, only of the thread. */
static void write_times(struct tach_json *json, const struct tach_profile *profile)
{
	tach_json__key(json, "times");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_profile__thread_cnt(profile); i++) {
		const struct tach_thread_time *time = tach_profile__thread(profile, i);

		if (time->who >= tach_profile__who_cnt(profile))
			continue;
		tach_json__open(json, '{');
		member_int(json, "thread", time->who);
		member_int(json, "on_ns", time->on_ns);
		member_int(json, "off_ns", time->off_ns);
		member_int(json, "runnable_ns", time->runnable_ns);
		member_int(json, "gil_wait_ns", time->gil_wait_ns);
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
}

void tach_page__about(struct tach_json *json, const struct tach_profile *profile)
{
	write_summary(json, profile);
	write_processes(json, profile);
	write_threads(json, profile);
	write_times(json, profile);
}

static void write_locs(struct tach_json *json, const struct tach_locs *locs)
{
	__u32 i;

	tach_json__key(json, "locs");
	tach_json__open(json, '{');
	tach_json__key(json, "file");
	tach_json__open(json, '[');
	for (i = 0; i < locs->cnt; i++)
		tach_json__int(json, locs->items[i].file);
	tach_json__close(json, ']');
	tach_json__key(json, "func");
	tach_json__open(json, '[');
	for (i = 0; i < locs->cnt; i++)
		tach_json__int(json, locs->items[i].func);
	tach_json__close(json, ']');
	tach_json__key(json, "line");
	tach_json__open(json, '[');
	for (i = 0; i < locs->cnt; i++)
		tach_json__int(json, locs->items[i].line);
	tach_json__close(json, ']');
	tach_json__close(json, '}');
}

void tach_page__names(struct tach_json *json, const struct tach_frametab *tab,
		      const struct tach_locs *locs)
{
	tach_json__key(json, "strings");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_frametab__str_cnt(tab); i++)
		tach_json__text(json, tach_text__of(tab, i));
	tach_json__close(json, ']');
	write_locs(json, locs);
}
