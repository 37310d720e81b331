// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write/dump_text.h"
#include "write/text.h"
#include "bpf/tach_wire.h"

/* As CPython v3.15.2 Lib/_colorize.py, class ProfilerDump. */
#define HEADER	  "\x1b[1;34m"
#define WARNING	  "\x1b[33m"
#define FUNCTION  "\x1b[1;32m"
#define FILE_NAME "\x1b[36m"
#define LINE_NO	  "\x1b[33m"
#define SOURCE	  "\x1b[37m"
#define EXECUTING "\x1b[1;33m"
#define RESET	  "\x1b[0m"

struct printer {
	const struct tach_dump_text *text;
	struct tach_sink *sink;
	char cwd[PATH_MAX + 1]; /* ours, with a slash at its end; "": not known */
	bool show_interp;
};

static const struct {
	__u32 bit;
	const char *label;
} labels[] = {
	{TACH_STATE_MAIN_THREAD, "main thread"},
	{TACH_STATE_HAS_GIL, "has GIL"},
	{TACH_STATE_ON_CPU, "on CPU"},
	{TACH_STATE_GIL_REQUESTED, "waiting for GIL"},
	{TACH_STATE_HAS_EXCEPTION, "has exception"},
};

#define NOT_IDLE                                                                                   \
	(TACH_STATE_HAS_GIL | TACH_STATE_ON_CPU | TACH_STATE_GIL_REQUESTED |                       \
	 TACH_STATE_HAS_EXCEPTION)

static void print(const struct printer *out, const char *text)
{
	tach_sink__write(out->sink, text, strlen(text));
}

static void start(const struct printer *out, const char *color)
{
	if (out->text->color)
		print(out, color);
}

static void stop(const struct printer *out)
{
	start(out, RESET);
}

/* Names and source lines come from the target; tabs are all that is left of control characters. */
static void put(const struct printer *out, struct tach_text text)
{
	const char *tab;
	struct tach_text part;
	char *escaped;

	while (text.sz) {
		tab = memchr(text.ptr, '\t', text.sz);
		part = (struct tach_text){text.ptr, tab ? (size_t)(tab - text.ptr) : text.sz};
		escaped = malloc(TACH_ESCAPE_MAX(part.sz) + 1);
		if (!escaped) {
			tach_sink__fail(out->sink, -ENOMEM);
			return;
		}
		tach_sink__write(out->sink, escaped,
				 tach_text__escape(escaped, part, TACH_ESCAPE_SURROGATES));
		free(escaped);
		if (tab)
			print(out, "\t");
		text.sz -= part.sz + !!tab;
		text.ptr += part.sz + !!tab;
	}
}

static void put_colored(const struct printer *out, const char *color, struct tach_text text)
{
	if (!text.sz)
		return;
	start(out, color);
	put(out, text);
	stop(out);
}

/* --- source lines --- */

static struct tach_text part_of(struct tach_text text, size_t from, size_t to)
{
	return (struct tach_text){text.ptr + from, to - from};
}

/* The line without its indentation, the part that executes in another colour. */
static void put_source(const struct printer *out, const struct tach_frame *frame)
{
	const char *path = tach_frametab__text(out->text->tab, frame->file, NULL);
	struct tach_text line = tach_lines__get(out->text->lines, path, frame->line);
	size_t indent = 0, from = 0, to = 0;

	while (indent < line.sz && strchr(" \t\f\v", line.ptr[indent]))
		indent++;
	if (indent == line.sz)
		return;
	if (frame->col >= 0 && frame->end_col >= 0 && frame->end_line >= frame->line) {
		from = (size_t)frame->col;
		to = frame->end_line == frame->line ? (size_t)frame->end_col : line.sz;
	}
	line = part_of(line, indent, line.sz);
	from = from > indent ? from - indent : 0;
	to = to > indent ? to - indent : 0;
	if (to > line.sz)
		to = line.sz;
	if (from > to)
		from = to;
	print(out, "    ");
	put_colored(out, SOURCE, part_of(line, 0, from));
	put_colored(out, EXECUTING, part_of(line, from, to));
	put_colored(out, SOURCE, part_of(line, to, line.sz));
	print(out, "\n");
}

/* --- frames --- */

/* What lies below our working directory is shown from there. */
static struct tach_text shown_path(const struct printer *out, struct tach_text path)
{
	size_t len = strlen(out->cwd);

	if (len && path.sz > len && !memcmp(path.ptr, out->cwd, len))
		return part_of(path, len, path.sz);
	return path;
}

static void put_frame(const struct printer *out, tach_frame_id id)
{
	const struct tach_frametab *tab = out->text->tab;
	const struct tach_frame *frame = tach_frametab__get(tab, id);
	struct tach_text file = tach_text__of(tab, frame->file);
	struct tach_text func = tach_text__of(tab, frame->func);
	bool marker = tach_frametab__is_marker(tab, frame->file, frame->line);

	print(out, "  ");
	if (file.sz && !marker) {
		print(out, "File ");
		start(out, FILE_NAME);
		print(out, "\"");
		put(out, shown_path(out, file));
		print(out, "\"");
		stop(out);
		if (frame->line > 0) {
			print(out, ", line ");
			start(out, LINE_NO);
			tach_sink__printf(out->sink, "%d", frame->line);
			stop(out);
		}
		print(out, ", in ");
	}
	put_colored(out, FUNCTION, func);
	print(out, "\n");
	if (file.sz && !marker && frame->line > 0)
		put_source(out, frame);
}

/* --- threads --- */

static void put_header(const struct printer *out, const struct tach_dump_thread *thread, bool first)
{
	const char *comma = "";

	start(out, HEADER);
	print(out, "Stack dump");
	if (first)
		tach_sink__printf(out->sink, " for PID %d", out->text->pid);
	tach_sink__printf(out->sink, ", thread %u (", thread->tid);
	if (out->show_interp)
		tach_sink__printf(out->sink, "interpreter %llu; ", thread->interp_id);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (!(thread->state & labels[i].bit))
			continue;
		tach_sink__printf(out->sink, "%s%s", comma, labels[i].label);
		comma = ", ";
	}
	if (!(thread->state & NOT_IDLE))
		tach_sink__printf(out->sink, "%sidle", comma);
	print(out, "; most recent call last):");
	stop(out);
	print(out, "\n");
}

static void put_warning(const struct printer *out, const char *text)
{
	start(out, WARNING);
	print(out, text);
	stop(out);
	print(out, "\n");
}

void tach_dump_text__write(const struct tach_dump_text *text,
			   const struct tach_dump_thread *threads, __u32 cnt,
			   struct tach_sink *sink)
{
	struct printer out = {.text = text, .sink = sink};
	char none[64], cwd[PATH_MAX];

	if (getcwd(cwd, sizeof(cwd)))
		snprintf(out.cwd, sizeof(out.cwd), "%s%s", cwd, cwd[1] ? "/" : "");
	for (__u32 i = 1; i < cnt; i++)
		out.show_interp |= threads[i].interp_id != threads[0].interp_id;
	for (__u32 i = 0; i < cnt; i++) {
		if (i)
			print(&out, "\n");
		put_header(&out, &threads[i], !i);
		if (!threads[i].cnt)
			put_warning(&out, "No Python frames");
		for (__u32 k = threads[i].cnt; k--;)
			put_frame(&out, threads[i].frames[k]);
	}
	if (cnt)
		return;
	snprintf(none, sizeof(none), "No Python stacks found for PID %d", text->pid);
	put_warning(&out, none);
}
