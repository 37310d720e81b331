/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LAYOUT_ROWS_H
#define TACH_LAYOUT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"

/* What we know of _Py_DebugOffsets, as data: layout_rows.c says where in the table each offset stands.
 * A new CPython is one column there. Used by layout.c only. */

#define TACH_LAYOUT_VERSIONS 3	    /* columns: 3.13, 3.14, 3.15 */
#define TACH_LAYOUT_NONE     0xffff /* this version has no such field */

enum tach_layout_struct {
	TACH_LAYOUT_RUNTIME,
	TACH_LAYOUT_INTERP,
	TACH_LAYOUT_TSTATE,
	TACH_LAYOUT_FRAME,
	TACH_LAYOUT_CODE,
	TACH_LAYOUT_BYTES,
	TACH_LAYOUT_UNICODE,
	TACH_LAYOUT_GC,
	TACH_LAYOUT_STRUCTS,
};

struct tach_layout_size {
	const char *name;		/* of the struct in the table */
	__u16 at[TACH_LAYOUT_VERSIONS]; /* where in the table its size stands (bytes) */
	__u32 min, max;			/* what the size can be */
	__u32 window; /* bytes the walker reads of it at once; 0: field by field */
};
extern const struct tach_layout_size tach_layout_sizes[TACH_LAYOUT_STRUCTS];

struct tach_layout_row {
	const char *name; /* of the field in the table */
	enum tach_layout_struct of;
	__u16 at[TACH_LAYOUT_VERSIONS]; /* where in the table its offset stands (bytes) */
	__u16 field;			/* offset of the __u32 in struct tach_layout */
	__u8 sz;			/* of the field in the target (bytes) */
	__u8 align;			/* " */
	bool in_window;			/* must lie in the window of its struct */
	bool free_threaded;		/* 0 in builds with GIL */
};
extern const struct tach_layout_row tach_layout_rows[];
extern const size_t tach_layout_row_cnt;

/* What differs between the two builds of a version. */
struct tach_layout_build {
	__u32 tag_mask;
	__u32 holds_gil_mask;
	__u16 holds_gil_after_status; /* distance from _status; NONE: in the table */
	__u16 kind_shift;	      /* of PyUnicodeObject's state */
};

enum {
	TACH_LAYOUT_GIL,
	TACH_LAYOUT_FREE,
	TACH_LAYOUT_BUILDS,
};

struct tach_layout_version {
	__u32 major_minor; /* 0x030f is 3.15 */
	__u32 table_sz;
	__u16 gil_at;		     /* interpreter_state.gil_runtime_state in the table */
	__u16 localsplusnames_at;    /* code_object.localsplusnames in the table */
	__u16 status, current_frame; /* of the thread state: where holds_gil is known to be */
	/* Of it, too: NONE if it is in the table, else between current_frame and this native_thread_id. */
	__u16 current_exception, native_tid;
	bool has_compact_sz; /* compactunicodeobject_size is in the table */
	struct tach_layout_build builds[TACH_LAYOUT_BUILDS];
};
extern const struct tach_layout_version tach_layout_versions[TACH_LAYOUT_VERSIONS];

/* The head of an object is larger by this in free-threaded builds: thread id, flags, mutex, gc bits, two
 * reference counts (CPython v3.13.0 - v3.15.2 Include/object.h). */
#define TACH_LAYOUT_FREE_HEAD_SZ 16

/* From a thread state's current_exception to exc_info, its neighbour (CPython v3.13.0 - v3.15.2
 * Include/cpython/pystate.h). */
#define TACH_LAYOUT_EXC_INFO_AFTER 8

/* Where last_holder can be in struct _gil_runtime_state: behind enabled and interval at most (CPython
 * v3.13.0 - v3.15.2 Include/internal/pycore_gil.h). */
#define TACH_LAYOUT_GIL_HOLDER_MAX 64

/* sizeof(PyASCIIObject) with GIL, and what PyCompactUnicodeObject has more: utf8_length, utf8
 * (CPython v3.13.0, v3.14.10 Include/cpython/unicodeobject.h). */
#define TACH_LAYOUT_ASCII_SZ 40
#define TACH_LAYOUT_UTF8_SZ  16

/* From co_firstlineno to co_version, over co_nlocalsplus, co_framesize, co_nlocals, co_ncellvars,
 * co_nfreevars; co_localsplusnames follows (CPython v3.13.0 - v3.15.2 Include/cpython/code.h). */
#define TACH_LAYOUT_VERSION_AFTER_LINE 24

/* FRAME_OWNED_BY_CSTACK in 3.13 (CPython v3.13.0 Include/internal/pycore_frame.h),
 * FRAME_OWNED_BY_INTERPRETER from 3.14 on (v3.14.10 Include/internal/pycore_interpframe_structs.h). */
#define TACH_LAYOUT_ENTRY_OWNER 3

#endif
