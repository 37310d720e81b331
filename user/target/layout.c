// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "target/layout.h"
#include "target/layout_rows.h"
#include "target/pyversion.h"

/* Start of the table, the same in all versions (CPython Include/internal/pycore_debug_offsets.h). */
enum {
	TABLE_VERSION = 8,
	TABLE_FREE_THREADED = 16,
	TABLE_HEAD_SZ = 24,
};

/* Facts of every 64-bit build since long before the table, apart from the size of an object's head (CPython Include/object.h,
 * Include/cpython/bytesobject.h, Include/cpython/unicodeobject.h): reference count, type, then the
 * length of what has one. They are landmarks over the whole length of the table: were its fields not
 * where we think, these could not all be right. */
static const struct {
	const char *name;
	__u16 at[TACH_LAYOUT_VERSIONS];
	__u64 value;
} landmarks[] = {
	{"pyobject.size", {352, 400, 464}, 16},
	{"pyobject.ob_type", {360, 408, 472}, 8},
	{"tuple_object.ob_size", {416, 464, 560}, 16},
	{"list_object.ob_size", {440, 488, 584}, 16},
	{"bytes_object.ob_size", {520, 600, 696}, 16},
	{"unicode_object.length", {552, 632, 728}, 16},
};

struct parser {
	const unsigned char *table;
	const struct tach_layout_version *version;
	const struct tach_layout_build *build;
	__u32 head_sz; /* that an object's head has more than with GIL */
	size_t column; /* of the version in the rows */
	char python[TACH_PY_TEXT_SZ];
	struct tach_layout *out;
	struct tach_why *why;
};

static __u64 table_u64(const void *table, size_t at)
{
	__u64 value;

	memcpy(&value, (const unsigned char *)table + at, sizeof(value));
	return value;
}

bool tach_layout__has_cookie(const void *table, size_t sz)
{
	return sz >= TACH_DEBUG_COOKIE_SZ &&
	       memcmp(table, TACH_DEBUG_COOKIE, TACH_DEBUG_COOKIE_SZ) == 0;
}

static int refuse(struct parser *parser, const char *fmt, ...) TACH_PRINTF(2, 3);

static int refuse(struct parser *parser, const char *fmt, ...)
{
	char reason[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	return tach_why__set(
		parser->why, -EPROTO,
		"runs Python %s, but its table of offsets makes no sense: %s; refused, "
		"because a guess would show wrong stacks",
		parser->python, reason);
}

static __u32 *layout_field(struct tach_layout *layout, const struct tach_layout_row *row)
{
	return (__u32 *)((unsigned char *)layout + row->field);
}

static __u64 struct_size(const struct parser *parser, enum tach_layout_struct which)
{
	return table_u64(parser->table, tach_layout_sizes[which].at[parser->column]);
}

static int check_sizes(struct parser *parser)
{
	for (size_t i = 0; i < TACH_LAYOUT_STRUCTS; i++) {
		const struct tach_layout_size *row = &tach_layout_sizes[i];
		__u64 size = struct_size(parser, i);

		if (size < row->min || size > row->max)
			return refuse(parser, "%s.size is %llu", row->name, size);
	}
	return 0;
}

static int check_landmarks(struct parser *parser)
{
	for (size_t i = 0; i < sizeof(landmarks) / sizeof(landmarks[0]); i++) {
		__u64 value = table_u64(parser->table, landmarks[i].at[parser->column]);
		__u64 expected = landmarks[i].value + parser->head_sz;

		if (value != expected)
			return refuse(parser, "%s is %llu, not %llu", landmarks[i].name, value,
				      expected);
	}
	return 0;
}

/* Check one offset and store it. */
static int take_row(struct parser *parser, const struct tach_layout_row *row)
{
	const struct tach_layout_size *size = &tach_layout_sizes[row->of];
	__u64 value = table_u64(parser->table, row->at[parser->column]);
	__u64 struct_sz = struct_size(parser, row->of);

	if (value % row->align)
		return refuse(parser, "%s.%s is %llu, not a multiple of %u", size->name, row->name,
			      value, row->align);
	if (value > struct_sz || struct_sz - value < row->sz)
		return refuse(parser, "%s.%s is %llu, its struct has %llu bytes", size->name,
			      row->name, value, struct_sz);
	if (row->in_window && value + row->sz > size->window)
		return refuse(parser, "%s.%s is %llu, out of the %u bytes that are read",
			      size->name, row->name, value, size->window);
	*layout_field(parser->out, row) = (__u32)value;
	return 0;
}

static bool has_row(const struct parser *parser, const struct tach_layout_row *row)
{
	return row->at[parser->column] != TACH_LAYOUT_NONE &&
	       (!row->free_threaded || parser->head_sz);
}

/* Two fields cannot share a byte. */
static int check_overlap(struct parser *parser, const struct tach_layout_row *row)
{
	__u32 start = *layout_field(parser->out, row);

	for (const struct tach_layout_row *other = tach_layout_rows; other < row; other++) {
		__u32 other_start = *layout_field(parser->out, other);

		if (other->of == row->of && has_row(parser, other) &&
		    start < other_start + other->sz && other_start < start + row->sz)
			return refuse(parser, "%s.%s is %u, inside of %s at %u",
				      tach_layout_sizes[row->of].name, row->name, start,
				      other->name, other_start);
	}
	return 0;
}

static int take_rows(struct parser *parser)
{
	for (size_t i = 0; i < tach_layout_row_cnt; i++) {
		const struct tach_layout_row *row = &tach_layout_rows[i];
		int err;

		if (!has_row(parser, row))
			continue;
		err = take_row(parser, row);
		if (!err)
			err = check_overlap(parser, row);
		if (err)
			return err;
	}
	return 0;
}

/* What the table of this version lacks follows from the headers, and from what it has: a field has a
 * known distance from a neighbour, and both its neighbours must be where the headers put them. */
static int take_supplement(struct parser *parser)
{
	const struct tach_layout_version *version = parser->version;
	const struct tach_layout_build *build = parser->build;
	struct tach_layout *out = parser->out;
	__u32 ascii_sz = TACH_LAYOUT_ASCII_SZ + parser->head_sz;
	__u64 gil = table_u64(parser->table, version->gil_at);
	__u64 names = table_u64(parser->table, version->localsplusnames_at);

	if (gil > out->gil_holder || out->gil_holder - gil > TACH_LAYOUT_GIL_HOLDER_MAX)
		return refuse(parser, "interpreter_state.gil_runtime_state is %llu and _holder %u",
			      gil, out->gil_holder);
	out->gil_holder -= gil;
	out->ts_holds_gil_mask = build->holds_gil_mask;
	if (build->holds_gil_after_status != TACH_LAYOUT_NONE) {
		if (out->ts_status != version->status ||
		    out->ts_current_frame != version->current_frame)
			return refuse(
				parser,
				"thread_state.status is %u and current_frame %u, not %u and %u",
				out->ts_status, out->ts_current_frame, version->status,
				version->current_frame);
		out->ts_holds_gil = out->ts_status + build->holds_gil_after_status;
	}
	if (version->current_exception != TACH_LAYOUT_NONE) {
		if (out->ts_native_tid != version->native_tid)
			return refuse(parser, "thread_state.native_thread_id is %u, not %u",
				      out->ts_native_tid, version->native_tid);
		out->ts_current_exception = version->current_exception;
	}
	out->ts_exc_info = out->ts_current_exception + TACH_LAYOUT_EXC_INFO_AFTER;
	if (!version->has_compact_sz) {
		if (out->un_ascii_sz != ascii_sz)
			return refuse(parser, "unicode_object.asciiobject_size is %u, not %u",
				      out->un_ascii_sz, ascii_sz);
		out->un_compact_sz = out->un_ascii_sz + TACH_LAYOUT_UTF8_SZ;
	}
	if (names == (__u64)out->co_firstlineno + TACH_LAYOUT_VERSION_AFTER_LINE + 4)
		out->co_version = out->co_firstlineno + TACH_LAYOUT_VERSION_AFTER_LINE;
	return 0;
}

/* What holds between fields. */
static int check_relations(struct parser *parser)
{
	const struct tach_layout *out = parser->out;

	if (out->ts_exc_info + 8 > TACH_TSTATE_SZ)
		return refuse(parser, "thread_state.current_exception is %u",
			      out->ts_current_exception);
	if (out->fr_sz <= out->fr_previous || out->fr_sz <= out->fr_executable ||
	    out->fr_sz <= out->fr_instr_ptr || out->fr_sz <= out->fr_owner)
		return refuse(parser, "interpreter_frame.localsplus is %u", out->fr_sz);
	if (out->un_ascii_sz < out->un_state + 4 || out->un_ascii_sz < out->un_length + 8)
		return refuse(parser, "unicode_object.asciiobject_size is %u", out->un_ascii_sz);
	if (out->un_compact_sz <= out->un_ascii_sz)
		return refuse(parser, "unicode_object.compactunicodeobject_size is %u",
			      out->un_compact_sz);
	if (out->by_data < out->by_size + 8)
		return refuse(parser, "bytes_object.ob_sval is %u", out->by_data);
	return 0;
}

static const struct tach_layout_version *find_version(__u32 hex)
{
	for (size_t i = 0; i < TACH_LAYOUT_VERSIONS; i++) {
		if (tach_layout_versions[i].major_minor == TACH_PY_MAJOR_MINOR(hex))
			return &tach_layout_versions[i];
	}
	return NULL;
}

/* The layout of a version is settled with its first release candidate. */
static int check_version(struct parser *parser, __u64 hex, __u64 free_threaded)
{
	__u32 level = TACH_PY_LEVEL(hex);

	if (hex > 0xffffffff || free_threaded > 1)
		return refuse(parser, "version is %#llx, free_threaded %llu", hex, free_threaded);
	if (!parser->version)
		return tach_why__set(parser->why, -ENOTSUP,
				     "runs Python %s: supported are " TACH_PY_SUPPORTED,
				     parser->python);
	if (level != TACH_PY_FINAL && level != TACH_PY_CANDIDATE)
		return tach_why__set(parser->why, -ENOTSUP,
				     "runs Python %s, whose memory layout was not settled: "
				     "supported are " TACH_PY_SUPPORTED " from their first "
				     "release candidate on",
				     parser->python);
	return 0;
}

int tach_layout__parse(const void *table, size_t sz, __u64 runtime_addr, struct tach_layout *out,
		       struct tach_why *why)
{
	struct parser parser = {.table = table, .out = out, .why = why};
	__u64 hex, free_threaded;
	int err;

	memset(out, 0, sizeof(*out));
	snprintf(parser.python, sizeof(parser.python), "of unknown version");
	if (sz < TABLE_HEAD_SZ || !tach_layout__has_cookie(table, sz))
		return refuse(&parser, "its start is missing");

	hex = table_u64(table, TABLE_VERSION);
	tach_pyversion__text((__u32)hex, parser.python);
	parser.version = find_version((__u32)hex);
	free_threaded = table_u64(table, TABLE_FREE_THREADED);
	err = check_version(&parser, hex, free_threaded);
	if (err)
		return err;
	parser.build = &parser.version->builds[free_threaded ? TACH_LAYOUT_FREE : TACH_LAYOUT_GIL];
	parser.head_sz = free_threaded ? TACH_LAYOUT_FREE_HEAD_SZ : 0;
	parser.column = parser.version - tach_layout_versions;
	if (sz < parser.version->table_sz)
		return refuse(&parser, "it has only %zu bytes", sz);
	if (runtime_addr % 8)
		return refuse(&parser, "it is at %#llx", runtime_addr);

	out->runtime_addr = runtime_addr;
	out->version = parser.version->major_minor;
	out->flags = TACH_LAYOUT_ENTRY_AT_ROOT;
	if (free_threaded)
		out->flags |= TACH_LAYOUT_FREE_THREADED;
	out->fr_tag_mask = parser.build->tag_mask;
	out->first_non_python_owner = TACH_LAYOUT_ENTRY_OWNER;
	out->un_kind_shift = parser.build->kind_shift;
	err = check_sizes(&parser);
	if (!err)
		err = check_landmarks(&parser);
	if (!err)
		err = take_rows(&parser);
	if (!err)
		err = take_supplement(&parser);
	if (!err)
		err = check_relations(&parser);
	return err;
}
