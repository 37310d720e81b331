/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LAYOUT_H
#define TACH_LAYOUT_H

/* Where things are in one target's interpreter: filled by user space from the target's own
 * _Py_DebugOffsets (CPython Include/internal/pycore_debug_offsets.h), read by the walker.
 *
 * All offsets are in bytes from the start of their struct. User space guarantees before the kernel
 * side sees a layout: every offset lies inside the window named beside it, and pointer-sized fields
 * are aligned to 8. The walker masks all the same: the verifier believes nobody.
 *
 * Included by both sides; the includer provides __u32 and __u64.
 */

/* The walker reads each CPython struct once, as one window from its start. */
#define TACH_TSTATE_SZ 256 /* of PyThreadState */
#define TACH_FRAME_SZ  96  /* of _PyInterpreterFrame */
#define TACH_CODE_SZ   192 /* of PyCodeObject */
#define TACH_STR_SZ    64  /* of PyASCIIObject: un_ascii_sz bytes are read */

enum tach_layout_flags {
	TACH_LAYOUT_FREE_THREADED = 1u << 0,
	/* The thread's frame chain ends in an entry frame (owner >= first_non_python_owner). */
	TACH_LAYOUT_ENTRY_AT_ROOT = 1u << 1,
	/* is_code_generation is a u32 that rises with each code object made, 0 once it has overflowed;
	 * else a u64 that rises with each one freed. Either way: while it stands still, no address of a
	 * code object is used again. */
	TACH_LAYOUT_COUNTS_MADE = 1u << 2,
	/* By the user's choice: show where C code called Python code (TACH_MARKER_NATIVE). */
	TACH_LAYOUT_NATIVE = 1u << 3,
};

struct tach_layout {
	__u64 runtime_addr; /* remote address of _PyRuntime */
	__u32 version;	    /* 0xMMmm: 0x030f is 3.15 */
	__u32 flags;	    /* enum tach_layout_flags */

	__u32 rt_interpreters_head; /* in _PyRuntimeState */

	__u32 is_next;		  /* in PyInterpreterState */
	__u32 is_threads_head;	  /* " */
	__u32 is_id;		  /* ", i64: unique in a process, which its address is not */
	__u32 is_code_generation; /* "; 0: there is none */
	__u32 is_gil;		  /* ", pointer to its GIL, struct _gil_runtime_state */
	__u32 gil_holder;	  /* in that: pointer to the PyThreadState that held it last */

	__u32 ts_next;		 /* in PyThreadState, pointer, < TACH_TSTATE_SZ */
	__u32 ts_interp;	 /* " pointer */
	__u32 ts_current_frame;	 /* " pointer */
	__u32 ts_native_tid;	 /* " unsigned long, tid in the target's pid namespace */
	__u32 ts_status;	 /* " u32 bit field _status */
	__u32 ts_holds_gil;	 /* " u32 that is non-zero ... */
	__u32 ts_holds_gil_mask; /* ... under this mask while the thread holds the GIL */
	__u32 ts_gil_requested; /* " u32 that is non-zero while it waits for it; 0: there is none */
	__u32 ts_current_exception; /* " pointer */
	__u32 ts_exc_info;	    /* " pointer to _PyErr_StackItem */

	__u32 fr_previous;   /* in _PyInterpreterFrame, pointer, < TACH_FRAME_SZ */
	__u32 fr_executable; /* " pointer or _PyStackRef */
	__u32 fr_instr_ptr;  /* " pointer */
	__u32 fr_owner;	     /* " u8 */
	__u32 fr_tlbc_index; /* " i32: which copy of the bytecode runs; with co_tlbc only */
	__u32 fr_tag_mask;   /* low bits of executable that are not address (Py_TAG_BITS) */
	__u32 fr_sz;	     /* bytes in front of localsplus, <= TACH_FRAME_SZ: all that is read */
	__u32 first_non_python_owner; /* owners from here on run no bytecode: entry frames */

	__u32 co_filename;    /* in PyCodeObject, pointer, < TACH_CODE_SZ */
	__u32 co_qualname;    /* " pointer */
	__u32 co_linetable;   /* " pointer to bytes */
	__u32 co_firstlineno; /* " i32 */
	__u32 co_version;     /* " u32: rises with each code object made; 0: not known */
	__u32 co_code; /* "; co_code_adaptive, start of the bytecode; may be >= TACH_CODE_SZ */
	__u32 co_tlbc; /* "; pointer to the threads' own copies of the bytecode; 0: there are none */

	__u32 by_size; /* in PyBytesObject, Py_ssize_t */
	__u32 by_data; /* " */

	__u32 un_state;	     /* in PyUnicodeObject, u32 bit field, < TACH_STR_SZ */
	__u32 un_length;     /* " Py_ssize_t in code points */
	__u32 un_ascii_sz;   /* sizeof(PyASCIIObject): data of ASCII strings starts here */
	__u32 un_compact_sz; /* sizeof(PyCompactUnicodeObject): data of others starts here */
	__u32 un_kind_shift; /* bit of state.kind (3 bits); then compact (1), ascii (1) */

	__u32 is_gc; /* in PyInterpreterState, struct _gc_runtime_state; 0: not to be looked at */
	__u32 gc_collecting; /* in it, int: a collection is under way */
	__u32 gc_frame; /* " pointer, _PyInterpreterFrame that began it; 0: this version has none */
};

/* PyThreadState._status bits (CPython Include/cpython/pystate.h, v3.13.0 - v3.15): the thread state
 * is bound to an OS thread; is that thread's gilstate. */
#define TACH_TS_INITIALIZED    (1u << 0)
#define TACH_TS_BOUND	       (1u << 1)
#define TACH_TS_UNBOUND	       (1u << 2)
#define TACH_TS_BOUND_GILSTATE (1u << 3)

#endif
