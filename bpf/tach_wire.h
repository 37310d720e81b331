/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WIRE_H
#define TACH_WIRE_H

/* Records in the ring buffer, from the kernel side to the user side, in host byte order.
 *
 * A record is a header and a body; hdr.len is the number of bytes used, header included. A stack is
 * defined (TACH_REC_STACK) before the first sample that names it, and each of its code objects is
 * described (TACH_REC_CODE) before the stack: the ring keeps the order of reservation over all CPUs.
 * A code record for an address already described replaces it for the stacks defined afterwards,
 * because code objects are freed and their addresses used again.
 *
 * pid and tid are used in the POSIX sense: a process and a thread. tid is the number in the target's
 * innermost pid namespace, which is what the interpreter itself calls the thread; it says which thread of
 * the target it is. host_tid is the number of the same thread in the pid namespace of user space.
 *
 * Included by both sides; the includer provides __u8 to __u64.
 */

enum tach_rec_type {
	TACH_REC_SAMPLE = 1,
	TACH_REC_STACK = 2,
	TACH_REC_CODE = 3,
	TACH_REC_EXEC = 4,
	TACH_REC_THREAD = 5,
	TACH_REC_CALL = 6,
};

struct tach_rec_hdr {
	__u32 type; /* enum tach_rec_type */
	__u32 len;  /* bytes, header included */
};

/* One frame is one word: code object address >> 3, then the offset of the current instruction in code
 * units (2 bytes). 45 bits hold any 48-bit user address; code objects are aligned to 8 at least. */
#define TACH_FRAME_LASTI_BITS 19
#define TACH_FRAME_LASTI_MASK ((1ull << TACH_FRAME_LASTI_BITS) - 1)
/* The offset was outside of the code object or does not fit: function known, line unknown. */
#define TACH_FRAME_LASTI_NONE TACH_FRAME_LASTI_MASK

#define TACH_FRAME_CODE(word)  (((word) >> TACH_FRAME_LASTI_BITS) << 3)
#define TACH_FRAME_LASTI(word) ((__u32)((word) & TACH_FRAME_LASTI_MASK))

/* A word without a code object is a marker, and this is its number. */
#define TACH_FRAME_MARKER(word) TACH_FRAME_LASTI(word)

enum tach_marker {
	TACH_MARKER_GC = 1, /* the frame behind it (its caller's side) began a garbage collection */
	TACH_MARKER_NATIVE =
		2, /* the frame behind it called C code, which called the one before it */
	TACH_MARKER__CNT,
};

/* Deeper stacks are marked. They keep their youngest frames, and, if the walk got there, the oldest. */
#define TACH_MAX_FRAMES	 8192
#define TACH_ROOT_FRAMES 64 /* of them; divides TACH_MAX_FRAMES */
#define TACH_LEAF_FRAMES (TACH_MAX_FRAMES - TACH_ROOT_FRAMES)

/* Thread state at the instant of the stack read. */
enum tach_sample_state {
	TACH_STATE_ON_CPU = 1u << 0,
	TACH_STATE_HAS_GIL = 1u << 1,
	TACH_STATE_MAIN_THREAD = 1u << 2,
	TACH_STATE_REUSED = 1u << 3, /* the stack is an earlier one of this thread */
	/* An exception propagates, or is being handled. Looked for only where it is asked for. */
	TACH_STATE_HAS_EXCEPTION = 1u << 4,
	TACH_STATE_GIL_REQUESTED = 1u << 5, /* it waits for the GIL; from 3.15 on */
	/* Never from the kernel side: of recordings by others. */
	TACH_STATE_CPU_UNKNOWN = 1u << 6, /* if it was on a CPU */
};

struct tach_rec_sample {
	struct tach_rec_hdr hdr;
	__u64 ts_ns;	/* CLOCK_MONOTONIC */
	__u64 stack_id; /* of a TACH_REC_STACK before */
	__u32 target;	/* index of the target */
	__u32 tid;
	__u32 state;  /* enum tach_sample_state */
	__u32 weight; /* number of periods this sample stands for */
	__u32 host_tid;
	__u32 pad;
};

enum tach_stack_flags {
	TACH_STACK_TRUNCATED = 1u << 0, /* frames are missing: left_out, or all towards the root */
};

struct tach_rec_stack {
	struct tach_rec_hdr hdr;
	__u64 stack_id;	 /* unique in a session */
	__u64 interp_id; /* number of the interpreter, in the target, whose stack it is */
	__u32 target;
	__u32 flags;	 /* enum tach_stack_flags */
	__u32 frame_cnt; /* <= TACH_MAX_FRAMES, > 0 */
	/* Frames missing between the youngest and the oldest; if not 0, frame_cnt is TACH_MAX_FRAMES. */
	__u32 left_out;
	/* [frame_cnt] leaf first. If frames are left out, the last TACH_ROOT_FRAMES are a ring, whose
	 * youngest is at left_out modulo TACH_ROOT_FRAMES. */
	__u64 frames[];
};

/* What could not be copied in the tick; user space may still read it from the target. */
enum tach_code_miss {
	TACH_CODE_MISS_FILENAME = 1u << 0,
	TACH_CODE_MISS_QUALNAME = 1u << 1,
	TACH_CODE_MISS_LINETABLE = 1u << 2,
};

/* PEP 393 kind: bytes per code point (1, 2, 4). */
#define TACH_STR_KIND_MASK 7u

/* Copied in the tick; the rest is user space's to fetch, if the object is still there then. */
#define TACH_NAME_MAX_SZ      8191	       /* bytes of a name */
#define TACH_LINETABLE_MAX_SZ ((1u << 17) - 1) /* bytes of a line table */

struct tach_rec_str {
	__u64 data_addr; /* remote address of the characters; if even their number could not be read
			  * (missed, full_sz 0): of the header that says it */
	__u32 sz;	 /* bytes that follow in the record; 0 if missed */
	__u32 full_sz;	 /* bytes in the target; saturated at 0xffffffff */
	__u32 kind;	 /* bytes per code point; for the line table 1 */
	__u32 pad;
};

struct tach_rec_code {
	struct tach_rec_hdr hdr;
	__u64 code_addr;
	__u64 fingerprint; /* of the code object's identity: changes when the address is reused */
	__u32 target;
	__s32 firstlineno;
	__u32 miss; /* enum tach_code_miss */
	__u32 pad;
	struct tach_rec_str filename;  /* raw PEP 393 characters */
	struct tach_rec_str qualname;  /* " */
	struct tach_rec_str linetable; /* bytes of co_linetable */
	unsigned char data[];	       /* filename, qualname, linetable: .sz bytes of each */
};

/* The target replaced its program: its layout is void from here on. */
struct tach_rec_exec {
	struct tach_rec_hdr hdr;
	__u64 ts_ns;
	__u32 target;
	__u32 image; /* number of the program image: rises with each exec */
};

/* What a thread did while it was sampled; sent once, when it or the sampling ends. Its wall-clock time is
 * end_ns - begin_ns; what on_ns and off_ns lack of it is not accounted for. */
struct tach_rec_thread {
	struct tach_rec_hdr hdr;
	__u64 begin_ns;	   /* CLOCK_MONOTONIC */
	__u64 end_ns;	   /* " */
	__u64 on_ns;	   /* on a CPU */
	__u64 off_ns;	   /* off it */
	__u64 runnable_ns; /* of that: could have run */
	/* Of the rest of off_ns, the time in which it slept until it got the GIL; known in modes gil and wall. */
	__u64 gil_wait_ns;
	__u64 gil_on_ns;  /* in mode gil, of on_ns: holding the GIL, by ticks */
	__u64 gil_off_ns; /* of off_ns: " */
	__u64 skipped; /* samples that were not due: in a state that does not count, or without Python */
	__u32 target;
	__u32 tid;
	__u32 host_tid;
	__u32 state;   /* enum tach_sample_state: TACH_STATE_MAIN_THREAD */
	char comm[16]; /* what the kernel calls it in the end; "" if user space is to look */
};

/* A system call that waits for a socket. */
enum tach_call_kind {
	TACH_CALL_NONE,
	TACH_CALL_CONNECT,
	TACH_CALL_ACCEPT,
	TACH_CALL_RECV, /* or anything else that reads */
	TACH_CALL_SEND, /* or writes */
	TACH_CALL_POLL,
	TACH_CALL_EPOLL,
	TACH_CALL__CNT,
};

#define TACH_PATH_SZ 108 /* Linux v6.1 include/uapi/linux/un.h, UNIX_PATH_MAX */

struct tach_call {
	__u32 kind;   /* enum tach_call_kind */
	__s32 fd;     /* of poll the first one */
	__u16 family; /* of that socket, AF_INET for example; 0: not looked at */
	__u16 type;   /* SOCK_STREAM for example */
	/* Of AF_INET and AF_INET6, in host byte order; 0: there is none. */
	__u16 local_port, peer_port;
	union {
		struct { /* likewise, in network byte order; of AF_INET the first 4 bytes */
			__u8 local[16], peer[16];
		} ends;
		/* Of AF_UNIX: the peer's name, or if it has none the own one. An abstract one begins with a 0, and
		 * has no other end than its size. */
		__u8 path[TACH_PATH_SZ];
	};
	__u32 path_sz; /* 0: neither has one */
};

/* How long a thread slept in one. */
struct tach_rec_call {
	struct tach_rec_hdr hdr;
	__u64 begin_ns; /* CLOCK_MONOTONIC */
	__u64 end_ns;	/* " */
	__u32 target;
	__u32 tid;
	__u32 host_tid;
	__u32 state; /* enum tach_sample_state: TACH_STATE_MAIN_THREAD */
	struct tach_call call;
};

_Static_assert(sizeof(struct tach_rec_hdr) == 8, "wire");
_Static_assert(sizeof(struct tach_rec_sample) == 48, "wire");
_Static_assert(sizeof(struct tach_rec_stack) == 40, "wire");
_Static_assert(sizeof(struct tach_rec_str) == 24, "wire");
_Static_assert(sizeof(struct tach_rec_code) == 112, "wire");
_Static_assert(sizeof(struct tach_rec_exec) == 24, "wire");
_Static_assert(sizeof(struct tach_rec_thread) == 112, "wire");
_Static_assert(sizeof(struct tach_rec_call) == 168, "wire");

#endif
