/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LOAD_H
#define TACH_LOAD_H

#include <stdbool.h>

#include "util/log.h"
#include "util/types.h"
#include "bpf/tach_layout.h"
#include "bpf/tach_status.h"
#include "bpf/tach_maps.h"

/* The kernel side: skeleton, maps, timers. Owns every BPF and perf descriptor. */
struct tach_loader;

struct tach_load_opts {
	__u64 period_ns;  /* between two ticks of one CPU; >= 10,000 */
	__u32 ring_sz;	  /* bytes; power of two, multiple of the page size */
	bool all_threads; /* else only the thread-group leader */
	bool exceptions;  /* look for them, for TACH_STATE_HAS_EXCEPTION of all samples */
	bool off_cpu;	  /* count time off the CPU, too */
	bool network;	  /* tell of waits for sockets; with off_cpu */
	__u32 filter; /* of enum tach_sample_state: count only time in one of these states; 0: all */
};

/* Open and load the programs; nothing runs yet.
 * Returns 0 and *@out, or a negative errno with @why: -EPERM missing capability (named), -ENOTSUP no
 * BTF, kernel too old or one that freezes, others as the kernel says. @force: go on where the kernel
 * cannot be told safe.
 */
int tach_loader__open(const struct tach_load_opts *opts, bool force, struct tach_loader **out,
		      struct tach_why *why);
void tach_loader__free(struct tach_loader *loader); /* detaches; NULL is fine */

/* Make the process behind @pidfd target number @id (< TACH_MAX_TARGETS) and follow its execs. Ticks on
 * it count once the timers run; it is not walked before it has a layout. @depth: how many levels its pid
 * namespace is below ours. */
int tach_loader__watch(struct tach_loader *loader, __u32 id, int pidfd, __u32 depth,
		       struct tach_why *why);

/* Number of @id's current program image; rises with each exec. */
__u32 tach_loader__image(struct tach_loader *loader, __u32 id);

/* Set the layout that is valid for @image of target @id. */
int tach_loader__set_layout(struct tach_loader *loader, __u32 id, __u32 image,
			    const struct tach_layout *layout);

/* What was set; -ENOENT before. */
int tach_loader__layout(const struct tach_loader *loader, __u32 id, __u32 *image,
			struct tach_layout *layout);

/* Start the timers / stop everything. Idempotent. After detach no record is added. */
int tach_loader__attach(struct tach_loader *loader, struct tach_why *why);
void tach_loader__detach(struct tach_loader *loader);

int tach_loader__ring_fd(const struct tach_loader *loader);

/* Sum of the per-CPU counters: statuses, then counters (bpf/tach_status.h). */
int tach_loader__counts(const struct tach_loader *loader, __u64 counts[TACH_COUNTS_CNT]);

/* How often the kernel stopped a timer for going too fast (load/perf.h). */
__u64 tach_loader__throttles(const struct tach_loader *loader);

/* Threads of a target that ran without a Python thread state. */
struct tach_bare_thread {
	__u32 target;
	__u32 tid;	/* in its innermost pid namespace */
	__u32 host_tid; /* in ours */
	char comm[16];
	__u64 ticks;
};

/* Fill @out with at most @cap of them, most ticks first; returns how many. */
int tach_loader__bare_threads(const struct tach_loader *loader, struct tach_bare_thread *out,
			      int cap);

/* Where the ledgers of all threads stand (bpf/tach_maps.h); with off_cpu, while attached. Caller frees
 * *@out; returns how many, or a negative errno. */
int tach_loader__threads(struct tach_loader *loader, struct tach_thread_row **out);

/* From now on tach_loader__threads() closes the ledgers that it returns: nothing is counted in them any more. */
void tach_loader__close_ledgers(struct tach_loader *loader);

/* Time that a thread slept until it got the GIL, by who held it when it went to sleep. */
struct tach_gil_wait {
	struct tach_gil_wait_key key;
	__u64 ns;
};

/* All of them, longest first; with the filter TACH_STATE_HAS_GIL. Caller frees *@out; returns how many, or a
 * negative errno. */
int tach_loader__gil_waits(const struct tach_loader *loader, struct tach_gil_wait **out);

/* What stack thread @pid, in the root namespace, has in the block it is in, or was in when that was set.
 * 0 or a negative errno. */
int tach_loader__peeked(const struct tach_loader *loader, __u32 pid, struct tach_peeked_ent *out);
int tach_loader__set_peeked(struct tach_loader *loader, __u32 pid,
			    const struct tach_peeked_ent *peeked);

/* Time spent in our programs and number of runs, if the kernel's BPF statistics are on. */
struct tach_bpf_time {
	__u64 run_ns;
	__u64 run_cnt;
	__u32 verified_insns; /* by the verifier, of all programs */
};
int tach_loader__bpf_time(const struct tach_loader *loader, struct tach_bpf_time *out);

#endif
