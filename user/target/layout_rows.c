// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "target/layout_rows.h"
#include "bpf/tach_layout.h"

/* Places in the table: CPython v3.13.0 Include/internal/pycore_runtime.h, v3.14.10 and v3.15.2
 * Include/internal/pycore_debug_offsets.h, struct _Py_DebugOffsets. */

#define NONE TACH_LAYOUT_NONE

const struct tach_layout_size tach_layout_sizes[TACH_LAYOUT_STRUCTS] = {
	[TACH_LAYOUT_RUNTIME] = {"runtime_state", {24, 24, 24}, 888, 16u << 20, 0},
	[TACH_LAYOUT_INTERP] = {"interpreter_state", {48, 48, 48}, 1024, 16u << 20, 0},
	[TACH_LAYOUT_TSTATE] = {"thread_state", {152, 176, 176}, 64, 64u << 10, TACH_TSTATE_SZ},
	[TACH_LAYOUT_FRAME] = {"interpreter_frame", {224, 248, 312}, 64, 1024, TACH_FRAME_SZ},
	[TACH_LAYOUT_CODE] = {"code_object", {272, 312, 376}, 64, 4096, TACH_CODE_SZ},
	[TACH_LAYOUT_BYTES] = {"bytes_object", {512, 592, 688}, 33, 256, 0},
	[TACH_LAYOUT_UNICODE] = {"unicode_object", {536, 616, 712}, 56, 256, TACH_STR_SZ},
	[TACH_LAYOUT_GC] = {"gc", {568, 648, 752}, 64, 4096, 0},
};

#define FIELD(field) offsetof(struct tach_layout, field)

/* A pointer or another word / a 32-bit number, read within the window of its struct. */
#define WORD(of, name, a, b, c, field) {name, of, {a, b, c}, FIELD(field), 8, 8, true, false}
#define HALF(of, name, a, b, c, field) {name, of, {a, b, c}, FIELD(field), 4, 4, true, false}
/* A word read by itself. */
#define LONE(of, name, a, b, c, field) {name, of, {a, b, c}, FIELD(field), 8, 8, false, false}

const struct tach_layout_row tach_layout_rows[] = {
	LONE(TACH_LAYOUT_RUNTIME, "interpreters_head", 40, 40, 40, rt_interpreters_head),

	LONE(TACH_LAYOUT_INTERP, "next", 64, 64, 64, is_next),
	LONE(TACH_LAYOUT_INTERP, "threads_head", 72, 72, 72, is_threads_head),
	LONE(TACH_LAYOUT_INTERP, "id", 56, 56, 56, is_id),
	LONE(TACH_LAYOUT_INTERP, "ceval_gil", 112, 120, 120, is_gil),
	/* In a GIL inside of the interpreter, which is where it is unless it is another one's. */
	LONE(TACH_LAYOUT_INTERP, "gil_runtime_state_holder", 144, 152, 152, gil_holder),
	LONE(TACH_LAYOUT_INTERP, "code_object_generation", NONE, 160, 160, is_code_generation),

	WORD(TACH_LAYOUT_TSTATE, "next", 168, 192, 192, ts_next),
	WORD(TACH_LAYOUT_TSTATE, "interp", 176, 200, 200, ts_interp),
	WORD(TACH_LAYOUT_TSTATE, "current_frame", 184, 208, 208, ts_current_frame),
	WORD(TACH_LAYOUT_TSTATE, "native_thread_id", 200, 224, 248, ts_native_tid),
	HALF(TACH_LAYOUT_TSTATE, "status", 216, 240, 264, ts_status),
	HALF(TACH_LAYOUT_TSTATE, "holds_gil", NONE, NONE, 272, ts_holds_gil),
	HALF(TACH_LAYOUT_TSTATE, "gil_requested", NONE, NONE, 280, ts_gil_requested),
	WORD(TACH_LAYOUT_TSTATE, "current_exception", NONE, NONE, 288, ts_current_exception),

	WORD(TACH_LAYOUT_FRAME, "previous", 232, 256, 320, fr_previous),
	WORD(TACH_LAYOUT_FRAME, "executable", 240, 264, 328, fr_executable),
	WORD(TACH_LAYOUT_FRAME, "instr_ptr", 248, 272, 336, fr_instr_ptr),
	{"owner", TACH_LAYOUT_FRAME, {264, 288, 352}, FIELD(fr_owner), 1, 1, true, false},
	/* End of what every frame has. */
	{"localsplus", TACH_LAYOUT_FRAME, {256, 280, 344}, FIELD(fr_sz), 0, 8, true, false},
	{"tlbc_index", TACH_LAYOUT_FRAME, {NONE, 304, 368}, FIELD(fr_tlbc_index), 4, 4, true, true},

	WORD(TACH_LAYOUT_CODE, "filename", 280, 320, 384, co_filename),
	WORD(TACH_LAYOUT_CODE, "qualname", 296, 336, 400, co_qualname),
	WORD(TACH_LAYOUT_CODE, "linetable", 304, 344, 408, co_linetable),
	HALF(TACH_LAYOUT_CODE, "firstlineno", 312, 352, 416, co_firstlineno),
	/* Only its address counts: the bytecode is never read. */
	{"co_code_adaptive", TACH_LAYOUT_CODE, {344, 384, 448}, FIELD(co_code), 1, 8, false, false},
	{"co_tlbc", TACH_LAYOUT_CODE, {NONE, 392, 456}, FIELD(co_tlbc), 8, 8, false, true},

	LONE(TACH_LAYOUT_BYTES, "ob_size", 520, 600, 696, by_size),
	{"ob_sval", TACH_LAYOUT_BYTES, {528, 608, 704}, FIELD(by_data), 1, 1, false, false},

	HALF(TACH_LAYOUT_UNICODE, "state", 544, 624, 720, un_state),
	WORD(TACH_LAYOUT_UNICODE, "length", 552, 632, 728, un_length),
	/* Ends of the two headers: characters start there. */
	{"asciiobject_size",
	 TACH_LAYOUT_UNICODE,
	 {560, 640, 736},
	 FIELD(un_ascii_sz),
	 0,
	 4,
	 true,
	 false},
	{"compactunicodeobject_size",
	 TACH_LAYOUT_UNICODE,
	 {NONE, NONE, 744},
	 FIELD(un_compact_sz),
	 0,
	 4,
	 false,
	 false},

	LONE(TACH_LAYOUT_INTERP, "gc", 80, 88, 88, is_gc),
	{"collecting", TACH_LAYOUT_GC, {576, 656, 760}, FIELD(gc_collecting), 4, 4, false, false},
	LONE(TACH_LAYOUT_GC, "frame", NONE, NONE, 768, gc_frame),
};
const size_t tach_layout_row_cnt = sizeof(tach_layout_rows) / sizeof(tach_layout_rows[0]);

/* _status.active: attached, which is what there is in place of the GIL (CPython v3.13.0 - v3.15.2
 * Include/cpython/pystate.h). */
#define ACTIVE (1u << 4)

/* Where kind stands: behind interned, which has 2 bits, in free-threaded builds a byte of its own from
 * 3.14 on (CPython v3.13.0 - v3.15.2 Include/cpython/unicodeobject.h). */
#define KIND_AFTER_BITS 2
#define KIND_AFTER_BYTE 8

const struct tach_layout_version tach_layout_versions[TACH_LAYOUT_VERSIONS] = {
	/* current_exception of 3.13 and 3.14, the same in builds with and without GIL: CPython v3.13.15,
	 * v3.14.7 Include/cpython/pystate.h, struct _ts. */
	{
		.major_minor = 0x030d,
		.table_sz = 584,
		.status = 32,
		.current_frame = 72,
		.native_tid = 160,
		.current_exception = 112,
		.gil_at = 120,
		.localsplusnames_at = 328,
		/* f_executable is a PyObject * (CPython v3.13.0 Include/internal/pycore_frame.h);
		 * _status.holds_gil (Include/cpython/pystate.h). */
		.builds[TACH_LAYOUT_GIL] = {0, 1u << 5, 0, KIND_AFTER_BITS},
		.builds[TACH_LAYOUT_FREE] = {0, ACTIVE, 0, KIND_AFTER_BITS},
	},
	{
		.major_minor = 0x030e,
		.table_sz = 760,
		.status = 32,
		.current_frame = 72,
		.native_tid = 160,
		.current_exception = 112,
		.gil_at = 128,
		.localsplusnames_at = 368,
		/* Py_TAG_BITS (CPython v3.14.10 Include/internal/pycore_stackref.h); int holds_gil
		 * behind _status (Include/cpython/pystate.h). */
		.builds[TACH_LAYOUT_GIL] = {3, ~0u, 4, KIND_AFTER_BITS},
		.builds[TACH_LAYOUT_FREE] = {1, ACTIVE, 0, KIND_AFTER_BYTE},
	},
	{
		.major_minor = 0x030f,
		.table_sz = 888,
		.status = 32,
		.current_frame = 72,
		.current_exception = NONE,
		.gil_at = 128,
		.localsplusnames_at = 432,
		.has_compact_sz = true,
		/* Py_TAG_BITS (CPython v3.15.2 Include/internal/pycore_stackref.h). */
		.builds[TACH_LAYOUT_GIL] = {3, ~0u, NONE, KIND_AFTER_BITS},
		.builds[TACH_LAYOUT_FREE] = {3, ACTIVE, 0, KIND_AFTER_BYTE},
	},
};
