// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "write/ledger.h"
#include "write/pprof.h"
#include "write/text.h"

static const char *const words[TACH_PPROF_WORD_CNT] = {
	[TACH_PPROF_SAMPLES] = "samples",
	[TACH_PPROF_COUNT] = "count",
	[TACH_PPROF_NANOSECONDS] = "nanoseconds",
	[TACH_PPROF_THREAD] = "thread",
	[TACH_PPROF_TID] = "tid",
	[TACH_PPROF_PID] = "pid",
	[TACH_PPROF_INTERP] = "interp",
	[TACH_PPROF_STATE] = "state",
	[TACH_PPROF_ON_CPU] = "on CPU",
	[TACH_PPROF_OFF_CPU] = "off CPU",
	[TACH_PPROF_WAITING] = "waiting for GIL",
	[TACH_PPROF_GIL] = "gil",
	[TACH_PPROF_HELD] = "held",
};

int tach_pprof__flush(struct tach_pprof *pp)
{
	tach_gzip__write(pp->gzip, pp->msg.data, pp->msg.used);
	pp->msg.used = 0;
	return pp->msg.err;
}

static void put_escaped(struct tach_pprof *pp, struct tach_text text)
{
	char *dst = tach_proto__reserve(&pp->msg, TACH_ESCAPE_MAX(text.sz));

	if (dst)
		pp->msg.used += tach_text__escape(dst, text, TACH_ESCAPE_SURROGATES);
}

static __u32 add_string(struct tach_pprof *pp, struct tach_text text)
{
	size_t opened = tach_proto__open(&pp->msg, TACH_PPROF_STRING_TABLE);

	put_escaped(pp, text);
	tach_proto__close(&pp->msg, opened);
	return pp->string_cnt++;
}

__u32 tach_pprof__string(struct tach_pprof *pp, const char *text)
{
	return add_string(pp, (struct tach_text){text, strlen(text)});
}

static __u32 add_number(struct tach_pprof *pp, __u32 number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return tach_pprof__string(pp, text);
}

static void add_words(struct tach_pprof *pp)
{
	const struct tach_summary *summary = tach_profile__summary(pp->profile);

	for (int i = 0; i < TACH_PPROF_WORD_CNT; i++)
		tach_pprof__string(pp, i == TACH_PPROF_NO_STRING ? ""
				       : i == TACH_PPROF_TIME	 ? summary->mode ?: "time"
								 : words[i]);
}

static int add_names(struct tach_pprof *pp)
{
	const struct tach_frametab *tab = tach_profile__frames(pp->profile);
	int err = 0;

	pp->names = pp->string_cnt;
	for (__u32 i = 0; !err && i < tach_frametab__str_cnt(tab); i++) {
		add_string(pp, tach_text__of(tab, i));
		err = tach_pprof__flush(pp);
	}
	return err;
}

static bool has_interps(const struct tach_profile *profile)
{
	for (__u32 i = 0; i < tach_profile__who_cnt(profile); i++)
		if (tach_profile__who(profile, i)->interp)
			return true;
	return false;
}

static int add_who(struct tach_pprof *pp)
{
	__u32 process_cnt = tach_profile__process_cnt(pp->profile);
	__u32 who_cnt = tach_profile__who_cnt(pp->profile);
	bool interps = has_interps(pp->profile);

	pp->pids = calloc((size_t)process_cnt + 1, sizeof(*pp->pids));
	pp->who = calloc((size_t)who_cnt + 1, sizeof(*pp->who));
	if (!pp->pids || !pp->who)
		return -ENOMEM;
	for (__u32 i = 0; i < process_cnt; i++)
		pp->pids[i] = add_number(pp, tach_profile__process(pp->profile, i)->pid);
	for (__u32 i = 0; i < who_cnt; i++) {
		const struct tach_who *who = tach_profile__who(pp->profile, i);

		pp->who[i].tid = add_number(pp, who->tid);
		if (*who->name)
			pp->who[i].name = tach_pprof__string(pp, who->name);
		if (interps)
			pp->who[i].interp = add_number(pp, who->interp);
	}
	return tach_pprof__flush(pp);
}

/* A comment that begins with "#" is shown by `pprof -comments`, any other by each report. @name is the program's. */
static void add_comment(struct tach_pprof *pp, const char *start, const char *name, const char *end)
{
	size_t opened;

	tach_proto__number(&pp->msg, TACH_PPROF_COMMENT, pp->string_cnt++);
	opened = tach_proto__open(&pp->msg, TACH_PPROF_STRING_TABLE);
	tach_proto__bytes(&pp->msg, start, strlen(start));
	put_escaped(pp, (struct tach_text){name, strlen(name)});
	tach_proto__bytes(&pp->msg, end, strlen(end));
	tach_proto__close(&pp->msg, opened);
}

/* Where the time of each thread went, also what samples do not tell. 0 or -ENOMEM. */
static int add_ledger(struct tach_pprof *pp)
{
	__u32 cnt = tach_profile__thread_cnt(pp->profile);
	int err = 0;

	for (__u32 i = 0; !err && i < cnt; i++) {
		const struct tach_thread_time *t = tach_profile__thread(pp->profile, i);
		const char *name = tach_ledger__name(pp->profile, t);
		char text[TACH_LEDGER_TEXT_SZ], start[32], end[TACH_LEDGER_TEXT_SZ + 2];

		tach_ledger__text(text, pp->profile, t);
		snprintf(start, sizeof(start), "#thread %u%s", t->tid, *name ? " " : "");
		snprintf(end, sizeof(end), ": %s", text);
		add_comment(pp, start, name, end);
		err = tach_pprof__flush(pp);
	}
	return err;
}

static int add_comments(struct tach_pprof *pp)
{
	tach_proto__number(&pp->msg, TACH_PPROF_COMMENT,
			   tach_pprof__string(pp, "#tachyon-bpf " TACH_VERSION));
	for (__u32 i = 0; i < tach_profile__process_cnt(pp->profile); i++) {
		const struct tach_process *process = tach_profile__process(pp->profile, i);
		char start[32];

		snprintf(start, sizeof(start), "#process %d: ", process->pid);
		add_comment(pp, start, process->command, "");
	}
	return add_ledger(pp);
}

/* Without a system name: pprof would take that of "<module>" for a template of C++, and strip it to nothing
 * (google/pprof internal/symbolizer/symbolizer.go Demangle()). */
static void add_function(struct tach_pprof *pp, const struct tach_frame *frame, __u32 id)
{
	const struct tach_frametab *tab = tach_profile__frames(pp->profile);
	size_t opened = tach_proto__open(&pp->msg, TACH_PPROF_FUNCTION);

	tach_proto__number(&pp->msg, 1, id);
	tach_proto__number(&pp->msg, 2, pp->names + frame->func);
	if (!tach_frametab__is_marker(tab, frame->file, frame->line))
		tach_proto__number(&pp->msg, 4, pp->names + frame->file);
	tach_proto__number(&pp->msg, 5, frame->first_line);
	tach_proto__close(&pp->msg, opened);
}

/* The number of @key, which counts up from 0 in the order of first sight. 0 or -ENOMEM. */
static int number_of(struct tach_idmap *map, __u64 key, __u32 *out)
{
	*out = tach_idmap__get(map, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	*out = map->cnt;
	return tach_idmap__put(map, key, *out);
}

/* The id of a frame's function, which is written when it is met first. 0 or -ENOMEM. */
static int function_of(struct tach_pprof *pp, const struct tach_frame *frame, __u32 *id)
{
	__u32 name, known = pp->function_of.cnt;
	int err;

	err = number_of(&pp->name_of, tach_idmap__pair(frame->file, frame->func), &name);
	if (!err)
		err = number_of(&pp->function_of, tach_idmap__pair(name, frame->first_line), id);
	if (!err && (*id)++ == known)
		add_function(pp, frame, *id);
	return err;
}

/* A frame is a location, with the next number as id. Columns count from 1 here, like lines. */
static int add_location(struct tach_pprof *pp, tach_frame_id id)
{
	const struct tach_frame *frame = tach_frametab__get(tach_profile__frames(pp->profile), id);
	size_t opened, line;
	__u32 function;
	int err;

	err = function_of(pp, frame, &function);
	if (err)
		return err;
	opened = tach_proto__open(&pp->msg, TACH_PPROF_LOCATION);
	tach_proto__number(&pp->msg, 1, (__u64)id + 1);
	tach_proto__number(&pp->msg, 2, TACH_PPROF_MAPPING);
	line = tach_proto__open(&pp->msg, 4);
	tach_proto__number(&pp->msg, 1, function);
	tach_proto__number(&pp->msg, 2, frame->line > 0 ? frame->line : 0);
	tach_proto__number(&pp->msg, 3, frame->line > 0 ? frame->col + 1 : 0);
	tach_proto__close(&pp->msg, line);
	tach_proto__close(&pp->msg, opened);
	return tach_pprof__flush(pp);
}

int tach_pprof__tables(struct tach_pprof *pp)
{
	const struct tach_frametab *tab = tach_profile__frames(pp->profile);
	int err;

	add_words(pp);
	err = add_comments(pp);
	if (!err)
		err = add_who(pp);
	if (!err)
		err = add_names(pp);
	for (__u32 i = 0; !err && i < tach_frametab__frame_cnt(tab); i++)
		err = add_location(pp, i);
	return err;
}
