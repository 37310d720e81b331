// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Lines of source files for a page: of each file those that have samples, and some around them, once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "write/as_user.h"
#include "write/page.h"

#define AROUND	2	  /* lines before and after one with samples */
#define LINE_SZ 300	  /* bytes of a line; what is more is cut off */
#define TEXT_SZ (8 << 20) /* bytes of all lines */

struct source {
	struct tach_json *json;
	const struct tach_frametab *tab;
	struct tach_lines *lines;
	struct tach_loc *locs; /* [cnt] by file and line */
	__u32 cnt;
	bool *missing; /* [str_cnt] that file is not there */
	size_t sz;     /* of the lines that were written */
};

static int loc_cmp(const void *left, const void *right)
{
	const struct tach_loc *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* "<string>", "<frozen os>", "~" have none. */
static bool names_file(struct tach_text path)
{
	return path.sz && *path.ptr != '<' && !tach_text__is(path, TACH_MARKER_FILE);
}

/* Whole characters, as long as it is UTF-8. */
static struct tach_text cut(struct tach_text line)
{
	if (line.sz <= LINE_SZ)
		return line;
	line.sz = LINE_SZ;
	for (int i = 0; i < 3 && (line.ptr[line.sz] & 0xc0) == 0x80; i++)
		line.sz--;
	return line;
}

static void write_lines(struct source *source, const char *path, __u32 begin, __u32 end)
{
	int line, to, next = 1, cnt = tach_lines__cnt(source->lines, path);

	for (; begin < end; begin++) {
		line = source->locs[begin].line;
		if (line < 1 || line > cnt)
			continue;
		to = line > cnt - AROUND ? cnt : line + AROUND;
		for (line = line - AROUND > next ? line - AROUND : next; line <= to; line++) {
			struct tach_text text = cut(tach_lines__get(source->lines, path, line));

			if (source->sz + text.sz > TEXT_SZ)
				return;
			source->sz += text.sz;
			tach_json__int(source->json, line);
			tach_json__text(source->json, text);
		}
		next = line;
	}
}

/* One file: an object with its name and [line, text, line, text, ...]. */
static void write_file(struct source *source, __u32 begin, __u32 end)
{
	struct tach_text path = tach_text__of(source->tab, source->locs[begin].file);

	if (!names_file(path))
		return;
	if (!source->lines || strlen(path.ptr) != path.sz ||
	    !tach_lines__cnt(source->lines, path.ptr)) {
		source->missing[source->locs[begin].file] = true;
		return;
	}
	tach_json__open(source->json, '{');
	tach_json__key(source->json, "file");
	tach_json__int(source->json, source->locs[begin].file);
	tach_json__key(source->json, "lines");
	tach_json__open(source->json, '[');
	write_lines(source, path.ptr, begin, end);
	tach_json__close(source->json, ']');
	tach_json__close(source->json, '}');
}

static void write_files(struct source *source)
{
	struct tach_json *json = source->json;
	__u32 begin, end;

	tach_json__key(json, "files");
	tach_json__open(json, '[');
	for (begin = 0; begin < source->cnt; begin = end) {
		for (end = begin; end < source->cnt; end++)
			if (source->locs[end].file != source->locs[begin].file)
				break;
		write_file(source, begin, end);
	}
	tach_json__close(json, ']');
	tach_json__key(json, "missing");
	tach_json__open(json, '[');
	for (tach_str_id file = 0; file < tach_frametab__str_cnt(source->tab); file++)
		if (source->missing[file])
			tach_json__int(json, file);
	tach_json__close(json, ']');
}

int tach_page__source(struct tach_json *json, const struct tach_frametab *tab,
		      const struct tach_locs *locs, struct tach_lines *lines)
{
	struct source source = {
		.json = json,
		.tab = tab,
		.locs = calloc((size_t)locs->cnt + 1, sizeof(*source.locs)),
		.missing = calloc((size_t)tach_frametab__str_cnt(tab) + 1, 1),
		.cnt = locs->cnt,
	};
	struct tach_as_user as;
	int err = -ENOMEM;
	bool user;

	if (!source.locs || !source.missing)
		goto out;
	memcpy(source.locs, locs->items, locs->cnt * sizeof(*source.locs));
	qsort(source.locs, source.cnt, sizeof(*source.locs), loc_cmp);
	/* What a target calls its source must not get into a file of somebody who may not read it. */
	user = lines && !tach_as_user__enter(&as);
	source.lines = user ? lines : NULL;
	tach_json__key(json, "source");
	tach_json__open(json, '{');
	write_files(&source);
	tach_json__close(json, '}');
	if (user)
		tach_as_user__leave(&as);
	err = 0;
out:
	free(source.missing);
	free(source.locs);
	return err;
}
