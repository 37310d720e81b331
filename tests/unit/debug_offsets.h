/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_DEBUG_OFFSETS_H
#define TACH_TEST_DEBUG_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/types.h"

/* Tables of offsets as interpreters have them, field by field in the order of the struct: the names are
 * those of struct _Py_DebugOffsets in the headers of CPython 3.13.18, 3.14.10 and 3.15.2
 * (Include/internal/pycore_runtime.h, from 3.14 on pycore_debug_offsets.h), the values were read from
 * the running interpreters (Debian, amd64). A table is the cookie and then these numbers without gaps,
 * so where a number stands is nobody's claim but the order's. */

enum { V313, V314, V315, VERSIONS };

#define NONE (~0ull) /* this version has no such field */

static const struct offsets_row {
	const char *name;
	__u64 value[VERSIONS];
} offsets_rows[] = {
	{"version", {0x30d12f0, 0x30e0af0, 0x30f02f0}},
	{"free_threaded", {0, 0, 0}},
	{"runtime_state.size", {283408, 316616, 346568}},
	{"runtime_state.finalizing", {608, 784, 912}},
	{"runtime_state.interpreters_head", {632, 808, 936}},
	{"interpreter_state.size", {194984, 225864, 226240}},
	{"interpreter_state.id", {7272, 7280, 7272}},
	{"interpreter_state.next", {7264, 7272, 7264}},
	{"interpreter_state.threads_head", {7344, 7344, 7336}},
	{"interpreter_state.threads_main", {NONE, 7360, 7352}},
	{"interpreter_state.gc", {7400, 7408, 7400}},
	{"interpreter_state.imports_modules", {7656, 7688, 7592}},
	{"interpreter_state.sysdict", {7640, 7672, 7576}},
	{"interpreter_state.builtins", {7648, 7680, 7584}},
	{"interpreter_state.ceval_gil", {16, 16, 16}},
	{"interpreter_state.gil_runtime_state", {7752, 7784, 7736}},
	{"interpreter_state.gil_runtime_state_enabled", {0, 0, 0}},
	{"interpreter_state.gil_runtime_state_locked", {7768, 7800, 7752}},
	{"interpreter_state.gil_runtime_state_holder", {7760, 7792, 7744}},
	{"interpreter_state.code_object_generation", {NONE, 7992, 7944}},
	{"interpreter_state.tlbc_generation", {NONE, 0, 0}},
	{"thread_state.size", {312, 832, 888}},
	{"thread_state.prev", {0, 0, 0}},
	{"thread_state.next", {8, 8, 8}},
	{"thread_state.interp", {16, 16, 16}},
	{"thread_state.current_frame", {72, 72, 72}},
	{"thread_state.base_frame", {NONE, NONE, 80}},
	{"thread_state.last_profiled_frame", {NONE, NONE, 88}},
	{"thread_state.last_profiled_frame_seq", {NONE, NONE, 96}},
	{"thread_state.thread_id", {152, 152, 176}},
	{"thread_state.native_thread_id", {160, 160, 184}},
	{"thread_state.datastack_chunk", {232, 232, 256}},
	{"thread_state.status", {32, 32, 32}},
	{"thread_state.holds_gil", {NONE, NONE, 36}},
	{"thread_state.gil_requested", {NONE, NONE, 40}},
	{"thread_state.current_exception", {NONE, NONE, 136}},
	{"thread_state.exc_state", {NONE, NONE, 288}},
	{"err_stackitem.exc_value", {NONE, NONE, 0}},
	{"interpreter_frame.size", {80, 88, 88}},
	{"interpreter_frame.previous", {8, 8, 8}},
	{"interpreter_frame.executable", {0, 0, 0}},
	{"interpreter_frame.instr_ptr", {56, 56, 56}},
	{"interpreter_frame.localsplus", {72, 80, 80}},
	{"interpreter_frame.owner", {70, 74, 74}},
	{"interpreter_frame.stackpointer", {NONE, 64, 64}},
	{"interpreter_frame.tlbc_index", {NONE, 0, 0}},
	{"code_object.size", {208, 216, 216}},
	{"code_object.filename", {112, 112, 112}},
	{"code_object.name", {120, 120, 120}},
	{"code_object.qualname", {128, 128, 128}},
	{"code_object.linetable", {136, 136, 136}},
	{"code_object.firstlineno", {68, 68, 68}},
	{"code_object.argcount", {52, 52, 52}},
	{"code_object.localsplusnames", {96, 96, 96}},
	{"code_object.localspluskinds", {104, 104, 104}},
	{"code_object.co_code_adaptive", {200, 208, 208}},
	{"code_object.co_tlbc", {NONE, 0, 0}},
	{"pyobject.size", {16, 16, 16}},
	{"pyobject.ob_type", {8, 8, 8}},
	{"type_object.size", {416, 416, 424}},
	{"type_object.tp_name", {24, 24, 24}},
	{"type_object.tp_repr", {88, 88, 88}},
	{"type_object.tp_flags", {168, 168, 168}},
	{"type_object.tp_basicsize", {NONE, NONE, 32}},
	{"type_object.tp_dictoffset", {NONE, NONE, 288}},
	{"heap_type_object.size", {NONE, NONE, 944}},
	{"heap_type_object.ht_cached_keys", {NONE, NONE, 888}},
	{"tuple_object.size", {32, 40, 40}},
	{"tuple_object.ob_item", {24, 32, 32}},
	{"tuple_object.ob_size", {16, 16, 16}},
	{"list_object.size", {40, 40, 40}},
	{"list_object.ob_item", {24, 24, 24}},
	{"list_object.ob_size", {16, 16, 16}},
	{"set_object.size", {NONE, 200, 200}},
	{"set_object.used", {NONE, 24, 24}},
	{"set_object.table", {NONE, 40, 40}},
	{"set_object.mask", {NONE, 32, 32}},
	{"dict_object.size", {48, 48, 48}},
	{"dict_object.ma_keys", {32, 32, 32}},
	{"dict_object.ma_values", {40, 40, 40}},
	{"float_object.size", {24, 24, 24}},
	{"float_object.ob_fval", {16, 16, 16}},
	{"long_object.size", {32, 32, 32}},
	{"long_object.lv_tag", {16, 16, 16}},
	{"long_object.ob_digit", {24, 24, 24}},
	{"bytes_object.size", {40, 40, 40}},
	{"bytes_object.ob_size", {16, 16, 16}},
	{"bytes_object.ob_sval", {32, 32, 32}},
	{"unicode_object.size", {64, 64, 64}},
	{"unicode_object.state", {32, 32, 32}},
	{"unicode_object.length", {16, 16, 16}},
	{"unicode_object.asciiobject_size", {40, 40, 40}},
	{"unicode_object.compactunicodeobject_size", {NONE, NONE, 56}},
	{"gc.size", {240, 264, 176}},
	{"gc.collecting", {200, 192, 112}},
	{"gc.frame", {NONE, NONE, 120}},
	{"gc.generation_stats_size", {NONE, NONE, 1120}},
	{"gc.generation_stats", {NONE, NONE, 104}},
	{"gen_object.size", {NONE, 160, 160}},
	{"gen_object.gi_name", {NONE, 24, 24}},
	{"gen_object.gi_iframe", {NONE, 72, 72}},
	{"gen_object.gi_frame_state", {NONE, 67, 67}},
	{"llist_node.next", {NONE, 0, 0}},
	{"llist_node.prev", {NONE, 8, 8}},
	{"debugger_support.eval_breaker", {NONE, 24, 24}},
	{"debugger_support.remote_debugger_support", {NONE, 304, 344}},
	{"debugger_support.remote_debugging_enabled", {NONE, 8076, 8028}},
	{"debugger_support.debugger_pending_call", {NONE, 0, 0}},
	{"debugger_support.debugger_script_path", {NONE, 4, 4}},
	{"debugger_support.debugger_script_path_size", {NONE, 512, 512}},
};
#define OFFSETS_ROWS (sizeof(offsets_rows) / sizeof(offsets_rows[0]))

#define OFFSETS_MAX_SZ (8 + 8 * OFFSETS_ROWS)

/* Build the table of a version, with field @name (NULL: none) changed to @value. Returns its size. */
static inline size_t offsets_table(unsigned char *out, int version, const char *name, __u64 value)
{
	size_t sz = 8;

	memcpy(out, "xdebugpy", 8);
	for (size_t i = 0; i < OFFSETS_ROWS; i++) {
		const struct offsets_row *row = &offsets_rows[i];
		bool is_it = name && strcmp(row->name, name) == 0;
		__u64 number = is_it ? value : row->value[version];

		if (row->value[version] == NONE)
			continue;
		memcpy(out + sz, &number, 8);
		sz += 8;
	}
	return sz;
}

static inline __u64 offsets_value(int version, const char *name)
{
	for (size_t i = 0; i < OFFSETS_ROWS; i++) {
		if (strcmp(offsets_rows[i].name, name) == 0)
			return offsets_rows[i].value[version];
	}
	return NONE;
}

#endif
