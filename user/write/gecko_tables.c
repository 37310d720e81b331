// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What all threads share. Indices are those of the profile wherever it has them: a string's, a frame's, and of a
 * stack its node's in the call tree, less one for the root. */
#include <errno.h>
#include <stdlib.h>

#include "util/idmap.h"
#include "write/gecko.h"

/* Which fields of a row are set: "flags" of funcTable and frameTable. Source: the upgraders to 71 and 75. */
enum {
	FUNC_IS_JS = 1 << 0,
	FUNC_RELEVANT_FOR_JS = 1 << 1,
	FUNC_HAS_SOURCE = 1 << 3,
	FUNC_HAS_LINE = 1 << 4,
	FRAME_HAS_CATEGORY = 1 << 2,
	FRAME_HAS_LINE = 1 << 4,
	FRAME_HAS_COLUMN = 1 << 5,
};

struct func {
	tach_str_id name;
	__u32 source; /* index */
	__u32 flags;
	__s32 line; /* its first one, or, if that is not known, the first that was seen; 0: none */
};

struct tables {
	struct tach_json *json;
	const struct tach_profile *profile;
	const struct tach_frametab *tab;
	struct func *funcs;   /* [frame_cnt] at most */
	tach_str_id *sources; /* " */
	__u32 *func_of;	      /* [frame_cnt] */
	__u32 frame_cnt, func_cnt, source_cnt;
};

enum tach_gecko_category tach_gecko__category(const struct tach_frametab *tab,
					      const struct tach_frame *frame)
{
	if (!tach_frametab__is_marker(tab, frame->file, frame->line))
		return TACH_GECKO_PYTHON;
	if (tach_text__is(tach_text__of(tab, frame->func), "<GC>"))
		return TACH_GECKO_GC;
	if (tach_text__is(tach_text__of(tab, frame->func), "<native>"))
		return TACH_GECKO_NATIVE;
	return TACH_GECKO_OTHER;
}

/* Numbers for things, in order of first sight. */
struct numbers {
	struct tach_idmap of;
	__u32 cnt;
};

static int number(struct numbers *numbers, __u32 high, __u32 low, __u32 *out)
{
	__u64 key = tach_idmap__pair(high, low);

	*out = tach_idmap__get(&numbers->of, key);
	if (*out != TACH_IDMAP_NONE)
		return 0;
	*out = numbers->cnt++;
	return tach_idmap__put(&numbers->of, key, *out);
}

struct func_builder {
	struct tables *tables;
	struct numbers names; /* (file, name) */
	struct numbers funcs; /* (name, first line): two lambdas are not one function */
	struct numbers sources;
};

static int add_func(struct func_builder *builder, struct func *func, const struct tach_frame *frame)
{
	struct tables *tables = builder->tables;
	int err;

	func->name = frame->func;
	if (tach_gecko__category(tables->tab, frame) != TACH_GECKO_PYTHON)
		return 0;
	func->flags = FUNC_IS_JS | FUNC_RELEVANT_FOR_JS | FUNC_HAS_SOURCE;
	err = number(&builder->sources, 0, frame->file, &func->source);
	if (!err)
		tables->sources[func->source] = frame->file;
	return err;
}

static void add_line(struct func *func, const struct tach_frame *frame)
{
	__s32 line = frame->first_line > 0 ? frame->first_line : frame->line;

	if (line <= 0 || (func->line && func->line <= line))
		return;
	func->line = line;
	func->flags |= FUNC_HAS_LINE;
}

static int add_frame(struct func_builder *builder, __u32 idx)
{
	struct tables *tables = builder->tables;
	const struct tach_frame *frame = tach_frametab__get(tables->tab, idx);
	__u32 known = builder->funcs.cnt, *func = &tables->func_of[idx], name;
	int err = number(&builder->names, frame->file, frame->func, &name);

	if (!err)
		err = number(&builder->funcs, name, (__u32)frame->first_line, func);
	if (!err && known != builder->funcs.cnt)
		err = add_func(builder, &tables->funcs[*func], frame);
	if (!err)
		add_line(&tables->funcs[*func], frame);
	return err;
}

static int make_funcs(struct tables *tables)
{
	struct func_builder builder = {.tables = tables};
	size_t cnt = (size_t)tables->frame_cnt + 1;
	int err = 0;

	tables->funcs = calloc(cnt, sizeof(*tables->funcs));
	tables->sources = calloc(cnt, sizeof(*tables->sources));
	tables->func_of = calloc(cnt, sizeof(*tables->func_of));
	if (!tables->funcs || !tables->sources || !tables->func_of)
		return -ENOMEM;
	for (__u32 i = 0; !err && i < tables->frame_cnt; i++)
		err = add_frame(&builder, i);
	tables->func_cnt = builder.funcs.cnt;
	tables->source_cnt = builder.sources.cnt;
	tach_idmap__clear(&builder.sources.of);
	tach_idmap__clear(&builder.funcs.of);
	tach_idmap__clear(&builder.names.of);
	return err;
}

/* --- columns --- */

static const struct tach_frame *frame_at(const struct tables *tables, __u32 i)
{
	return tach_frametab__get(tables->tab, i);
}

static __s64 stack_frame(const struct tables *tables, __u32 i)
{
	return tach_profile__node(tables->profile, i + 1)->frame;
}

static __s64 stack_prefix(const struct tables *tables, __u32 i)
{
	__u32 parent = tach_profile__node(tables->profile, i + 1)->parent;

	return parent ? i + 1 - parent : 0;
}

static __s64 frame_category(const struct tables *tables, __u32 i)
{
	return tach_gecko__category(tables->tab, frame_at(tables, i));
}

static __s64 frame_func(const struct tables *tables, __u32 i)
{
	return tables->func_of[i];
}

static __s64 frame_line(const struct tables *tables, __u32 i)
{
	return frame_at(tables, i)->line > 0 ? frame_at(tables, i)->line : 0;
}

static __s64 frame_column(const struct tables *tables, __u32 i)
{
	return frame_at(tables, i)->col >= 0 ? frame_at(tables, i)->col : 0;
}

static __s64 frame_flags(const struct tables *tables, __u32 i)
{
	const struct tach_frame *frame = frame_at(tables, i);

	return FRAME_HAS_CATEGORY | (frame->line > 0 ? FRAME_HAS_LINE : 0) |
	       (frame->col >= 0 ? FRAME_HAS_COLUMN : 0);
}

static __s64 func_name(const struct tables *tables, __u32 i)
{
	return tables->funcs[i].name;
}

static __s64 func_source(const struct tables *tables, __u32 i)
{
	return tables->funcs[i].source;
}

static __s64 func_line(const struct tables *tables, __u32 i)
{
	return tables->funcs[i].line;
}

static __s64 func_flags(const struct tables *tables, __u32 i)
{
	return tables->funcs[i].flags;
}

static __s64 source_filename(const struct tables *tables, __u32 i)
{
	return tables->sources[i];
}

static __s64 zero(const struct tables *tables, __u32 i)
{
	(void)tables;
	(void)i;
	return 0;
}

static __s64 one(const struct tables *tables, __u32 i)
{
	return zero(tables, i) + 1;
}

struct column {
	const char *name;
	__s64 (*value)(const struct tables *tables, __u32 i); /* NULL: they are null */
};

/* @columns end with name NULL. */
static void write_table(const struct tables *tables, const char *name, const struct column *columns,
			__u32 cnt)
{
	struct tach_json *json = tables->json;

	tach_json__key(json, name);
	tach_json__open(json, '{');
	tach_json__key(json, "length");
	tach_json__int(json, cnt);
	for (const struct column *column = columns; column->name; column++) {
		tach_json__key(json, column->name);
		tach_json__open(json, '[');
		for (__u32 i = 0; i < cnt; i++) {
			if (column->value)
				tach_json__int(json, column->value(tables, i));
			else
				tach_json__null(json);
		}
		tach_json__close(json, ']');
	}
	tach_json__close(json, '}');
}

static const struct column stack_columns[] = {
	{"frame", stack_frame},
	{"prefixOffset", stack_prefix},
	{},
};

static const struct column frame_columns[] = {
	{"flags", frame_flags},	    {"category", frame_category},
	{"subcategory", zero},	    {"func", frame_func},
	{"line", frame_line},	    {"column", frame_column},
	{"address", zero},	    {"lib", zero},
	{"nativeSymbol", zero},	    {"innerWindowID", zero},
	{"originalLocation", zero}, {},
};

static const struct column func_columns[] = {
	{"flags", func_flags},	    {"name", func_name},
	{"source", func_source},    {"lineNumber", func_line},
	{"columnNumber", zero},	    {"resource", zero},
	{"originalLocation", zero}, {},
};

static const struct column source_columns[] = {
	{"filename", source_filename},
	{"id", NULL},
	{"startLine", one},
	{"startColumn", one},
	{"sourceMapURL", NULL},
	{"content", NULL},
	{},
};

/* What Python has not. */
static const struct column resource_columns[] = {
	{"name", zero}, {"host", zero}, {"type", zero}, {}};
static const struct column symbol_columns[] = {
	{"libIndex", zero}, {"address", zero}, {"name", zero}, {"functionSize", zero}, {},
};
static const struct column location_columns[] = {
	{"source", zero}, {"line", zero}, {"column", zero}, {}};

static void write_strings(struct tach_gecko *gecko, const struct tach_frametab *tab)
{
	struct tach_json *json = &gecko->json;

	tach_json__key(json, "stringArray");
	tach_json__open(json, '[');
	for (__u32 i = 0; i < tach_frametab__str_cnt(tab); i++)
		tach_json__text(json, tach_text__of(tab, i));
	tach_gecko__write_marker_names(gecko);
	tach_json__close(json, ']');
}

int tach_gecko__write_tables(struct tach_gecko *gecko)
{
	struct tables tables = {
		.json = &gecko->json,
		.profile = gecko->profile,
		.tab = tach_profile__frames(gecko->profile),
	};
	int err;

	tables.frame_cnt = tach_frametab__frame_cnt(tables.tab);
	err = make_funcs(&tables);
	if (!err) {
		tach_json__key(tables.json, "shared");
		tach_json__open(tables.json, '{');
		write_strings(gecko, tables.tab);
		write_table(&tables, "sources", source_columns, tables.source_cnt);
		write_table(&tables, "funcTable", func_columns, tables.func_cnt);
		write_table(&tables, "frameTable", frame_columns, tables.frame_cnt);
		write_table(&tables, "stackTable", stack_columns,
			    tach_profile__node_cnt(tables.profile) - 1);
		write_table(&tables, "resourceTable", resource_columns, 0);
		write_table(&tables, "nativeSymbols", symbol_columns, 0);
		write_table(&tables, "sourceLocationTable", location_columns, 0);
		tach_json__close(tables.json, '}');
	}
	free(tables.func_of);
	free(tables.sources);
	free(tables.funcs);
	return err;
}
