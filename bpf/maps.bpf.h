/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_MAPS_BPF_H
#define TACH_MAPS_BPF_H

/* Every map of the kernel side. Sizes marked "set at load" depend on options or the machine. Hashes are
 * preallocated: they are written in interrupt context, where memory cannot be allocated. */

/* Scratch areas hold a record and, right behind it, the room for its flexible array. */
#pragma clang diagnostic ignored "-Wgnu-variable-sized-type-not-at-end"

#define TACH_PAGE_SZ 4096

/* Possible CPUs. */
const volatile __u32 tach_cpu_cnt = 1;

/* The way to user space (tach_wire.h). */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23); /* bytes; set at load */
} tach_ring SEC(".maps");

/* Written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TACH_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct tach_target_ent);
} tach_targets SEC(".maps");

/* Written by exec, and by the first tick on a target. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TACH_MAX_TARGETS);
	__type(key, __u32);
	__type(value, struct tach_image_ent);
} tach_images SEC(".maps");

/* Which target is this process? Kept in the storage of its group leader, so a pid that is used again is
 * never mistaken, and it works from inside a pid namespace: user space names the task by a pidfd. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tach_member);
} tach_members SEC(".maps");

/* The same by process id, for when the storage cannot be looked at: before Linux 6.2 a look-up that
 * interrupts another storage operation on its CPU answers NULL. Filled by ticks that succeed. */
struct tach_pid_ent {
	__u64 start_boottime; /* ns: tells a process from a later one with its pid */
	__u32 target;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TACH_MAX_TARGETS * 2);
	__type(key, __u32); /* tgid, root namespace */
	__type(value, struct tach_pid_ent);
} tach_pids SEC(".maps");

/* Time of a sampled thread. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tach_thread);
} tach_threads SEC(".maps");

/* What a thread with a ledger waited for last on a socket; only where somebody asks. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tach_rec_call);
} tach_calls SEC(".maps");

/* Written by user space: stacks of threads that were off the CPU when the ledgers began. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set at load */
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32); /* tid, root namespace */
	__type(value, struct tach_peeked_ent);
} tach_peeked SEC(".maps");

/* Time that a thread waited for the GIL while another one held it, in ns. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct tach_gil_wait_key);
	__type(value, __u64);
} tach_gil_waits SEC(".maps");

/* Thread -> remote address of its PyThreadState; verified at each use. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tach_thread_key);
	__type(value, __u64);
} tach_tstates SEC(".maps");

/* Stacks that user space knows. Forgetting one only costs a second definition. */
struct tach_stack_ent {
	__u64 id;
	__u64 fingerprint; /* of all code objects */
	__u64 generation;  /* code_object_generation at which that was last compared */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64); /* hash of target, image, interpreter and frames */
	__type(value, struct tach_stack_ent);
} tach_stacks SEC(".maps");

/* Code objects that user space knows, with the fingerprint they had. */
struct tach_code_key {
	__u64 addr;
	__u64 interp_id;
	__u32 target;
	__u32 image;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct tach_code_key);
	__type(value, __u64);
} tach_codes SEC(".maps");

/* Named in the report. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct tach_thread_key);
	__type(value, struct tach_bare_ent);
} tach_bare SEC(".maps");

/* One code record under construction. */
struct tach_capture {
	unsigned char str_buf[TACH_STR_SZ + 8];
	__u64 pos;		  /* bytes used of data */
	struct tach_rec_code rec; /* data[] follows */
	unsigned char data[2 * (TACH_NAME_MAX_SZ + 1) + TACH_LINETABLE_MAX_SZ + 1];
};

/* Work area of one CPU's tick. Counters, flags and lengths live here and not on the BPF stack: there the
 * verifier would follow them value by value. One element per CPU of a plain array, because values of a
 * per-CPU array end at 32 KiB. */
struct tach_scratch {
	__u64 tstate;	/* remote addresses */
	__u64 interp;	/* */
	__u64 frame;	/* next to read */
	__u64 last;	/* youngest frame of the thread's own data stack that was read */
	__u64 win_addr; /* page window: remote address, valid bytes */
	__u64 win_sz;
	__u64 gc_frame; /* remote address of the frame that began a garbage collection, or 0 */
	__u64 hash;
	__u64 fingerprint;
	__u64 prev_code;
	__u64 exc_item;	     /* next to look at */
	__u64 interp_id;     /* of the interpreter in which the thread runs */
	__u64 cached_tstate; /* of cached_thread: the thread that this CPU sampled last */
	struct tach_thread_key cached_thread;
	__u32 status;	 /* enum tach_status */
	__u32 flags;	 /* enum tach_stack_flags */
	__u32 frame_cnt; /* seen, while it is walked; then as in tach_rec_stack */
	__u32 left_out;
	__u32 at_root;	/* the frame read last was an entry frame */
	__u32 captured; /* code objects in this tick, large ones more than once */
	__u32 missed;	/* of them: with parts that were not in memory */
	__u32 target;
	__u32 image;
	__u32 tid;
	__u32 host_tid; /* of the same thread, as user space sees it */
	__u32 state;	/* enum tach_sample_state */
	unsigned char tstate_buf[TACH_TSTATE_SZ + 8];
	unsigned char frame_buf[128 + 8];
	unsigned char code_buf[256 + 8];
	unsigned char win[TACH_PAGE_SZ + 2 * 128];
	struct tach_capture capture;
	struct tach_rec_stack stack; /* frames[] follows */
	__u64 frames[TACH_MAX_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* one per possible CPU, then as many for callbacks; set at load */
	__type(key, __u32);
	__type(value, struct tach_scratch);
} tach_scratches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tach_count_ent);
} tach_counts SEC(".maps");

/* A global function: what is called from many places is verified once, and the start is faster.
 * Atomic: a tick or a switch can come between the load and the store of what runs in a process. */
__noinline int tach_add_count(__u32 idx, __u64 n)
{
	__u32 zero = 0;
	struct tach_count_ent *counts = bpf_map_lookup_elem(&tach_counts, &zero);

	if (counts && idx < TACH_COUNTS_CNT)
		__sync_fetch_and_add(&counts->n[idx], n);
	return 0;
}

#define TACH_ADD(name, n) tach_add_count(TACH_ST__CNT + TACH_CT_##name, n)
#define TACH_COUNT(name)  TACH_ADD(name, 1)

#endif
