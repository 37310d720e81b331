/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROFILE_H
#define TACH_PROFILE_H

#include <stdbool.h>

#include "symbolize/frametab.h"
#include "util/types.h"
#include "bpf/tach_wire.h"

#define TACH_COMM_SZ 16 /* of the kernel's names of threads, the end included */

/* Samples in, a call tree with weights out. While it is built: define stacks, add samples. Once
 * frozen it is read-only, and that is what writers see. */
struct tach_profile;

/* @tab: of the frame ids; outlives the profile, which puts the marker frame "<lost stack>" into it. NULL with
 * errno without memory. */
struct tach_profile *tach_profile__new(struct tach_frametab *tab);
void tach_profile__free(struct tach_profile *profile); /* NULL is fine */

/* Say what stack @stack_id is: @cnt frames, leaf first. An id is defined once; again is ignored.
 * Several ids may be the same stack. 0, -EINVAL without frames, -ENOMEM. */
int tach_profile__define(struct tach_profile *profile, __u64 stack_id, const tach_frame_id *frames,
			 __u32 cnt);

/* The child of node @parent with that frame, made if it is not there. 0 or -ENOMEM. */
int tach_profile__child(struct tach_profile *profile, __u32 parent, tach_frame_id frame,
			__u32 *out);

/* The node of the call tree in which that stack ends. Of one that was never defined it is the marker
 * frame: samples with it are counted in tach_profile__lost(). */
__u32 tach_profile__leaf(const struct tach_profile *profile, __u64 stack_id);

/* A process that was sampled, by index from 0 in order of first sight. */
struct tach_process {
	int pid;
	char *name;    /* what the kernel calls it; "" if it was gone before anybody asked */
	char *command; /* its command line, words joined by blanks; " */
};
/* Make room for one more; texts are copied. Its index, or TACH_NO_ID without memory. */
__u32 tach_profile__add_process(struct tach_profile *profile, int pid, const char *name,
				const char *command);
__u32 tach_profile__process_cnt(const struct tach_profile *profile);
const struct tach_process *tach_profile__process(const struct tach_profile *profile, __u32 idx);

/* A thread that was sampled, in one interpreter of its process; by index from 0 in order of first
 * sight. */
struct tach_who {
	__u32 process; /* index */
	__u32 interp;  /* number of the interpreter in its process */
	__u32 tid;     /* as outputs call it */
	bool main_thread;
	char name[TACH_COMM_SZ]; /* what the kernel calls it; "" if not known */
};
/* The index of the thread with these numbers; if it is new, *@added is set, its name is empty and it is
 * not the main thread. TACH_NO_ID without memory. */
__u32 tach_profile__who_of(struct tach_profile *profile, __u32 process, __u32 interp, __u32 tid,
			   bool *added);
/* What is learnt of it later. @name NULL or "": as it is. */
void tach_profile__describe(struct tach_profile *profile, __u32 who, const char *name,
			    bool main_thread);
__u32 tach_profile__who_cnt(const struct tach_profile *profile);
const struct tach_who *tach_profile__who(const struct tach_profile *profile, __u32 idx);

/* A sample. */
struct tach_event {
	__u64 ts_ns;  /* CLOCK_MONOTONIC; in the events of one thread it does not go back */
	__u32 who;    /* index of the thread */
	__u32 node;   /* leaf of its stack in the call tree */
	__u32 state;  /* enum tach_sample_state */
	__u32 weight; /* number of periods it stands for: those that end at ts_ns */
};
/* 0, -EINVAL once frozen, -ENOMEM: not added. Nothing is added any more if events are kept and could not be
 * written. */
int tach_profile__add(struct tach_profile *profile, const struct tach_event *event);

/* From now on also keep each event, in the file @fd, which it owns: an empty one, open for reading and writing;
 * negative: one without a name in $TMPDIR, or else /var/tmp. @known: of the summary. 0 or a negative errno. */
struct tach_summary;
int tach_profile__keep_events(struct tach_profile *profile, int fd,
			      const struct tach_summary *known);
/* Where they are kept (aggregate/tape.h says how); NULL: nowhere. */
struct tach_tape;
const struct tach_tape *tach_profile__tape(const struct tach_profile *profile);
/* Whether all events could be kept so far: 0 or a negative errno, -ENOSPC for example. */
int tach_profile__flush_events(struct tach_profile *profile);
/* Once frozen, with kept events: hand on all of them, in the order in which they came, which is that of
 * time but for what different CPUs did in the same moments. Stops where @on_event does not return 0, and
 * returns that, or 0, or a negative errno. */
int tach_profile__walk(const struct tach_profile *profile,
		       int (*on_event)(void *ctx, const struct tach_event *event), void *ctx);

/* A time in which a thread slept in a system call on a socket. */
struct tach_wait {
	__u64 begin_ns, end_ns; /* CLOCK_MONOTONIC */
	__u32 who;		/* index of the thread */
	struct tach_call call;
};
/* Kept if events are, and as they are; else it is of no interest. */
int tach_profile__add_wait(struct tach_profile *profile, const struct tach_wait *wait);
/* As tach_profile__walk(), but the waits, in the order in which they ended. */
int tach_profile__walk_waits(const struct tach_profile *profile,
			     int (*on_wait)(void *ctx, const struct tach_wait *wait), void *ctx);

/* Where the time of a thread went while it was sampled, in ns. */
struct tach_thread_time {
	__u32 who; /* index of the thread */
	__u32 tid;
	__u32 inner_tid; /* as the target calls it */
	bool main_thread;
	__u64 wall_ns;	   /* from the first to the last moment that was looked at */
	__u64 on_ns;	   /* of it on a CPU */
	__u64 off_ns;	   /* of it off the CPU */
	__u64 runnable_ns; /* of that: waiting for a CPU */
	__u64 gil_wait_ns; /* in modes gil and wall; of the rest of it: asleep until it got the GIL */
	__u64 gil_on_ns;   /* in mode gil; of on_ns: holding the GIL */
	__u64 gil_off_ns; /* of off_ns: " */
	__u64 skipped; /* samples that were not due: another state than what counts, or no Python */
};
/* A thread may come more than once, if its number was used again. 0 or -ENOMEM. */
int tach_profile__add_thread(struct tach_profile *profile, const struct tach_thread_time *time);

/* What was recorded; values are those of the reference's binary format. */
enum tach_feature {
	TACH_FEATURE_ALL_THREADS = 1u << 0,
	TACH_FEATURE_NATIVE = 1u << 1,
	TACH_FEATURE_GC = 1u << 2,
	TACH_FEATURE_OPCODES = 1u << 3,
	TACH_FEATURE_BLOCKING = 1u << 4,
	TACH_FEATURE__UNKNOWN = 1u << 31, /* a recording that does not say it */
};

/* What the session knows about the recording; shown in headers and summaries. */
struct tach_summary {
	int pid;	   /* 0: not known */
	__u64 period_ns;   /* one unit of weight */
	double duration_s; /* from first to last possible tick */
	__u64 start_ns;	   /* CLOCK_MONOTONIC when that began */
	__u64 epoch_ns;	   /* the same by CLOCK_REALTIME */
	__u64 attempts;	   /* samples that were due */
	__u64 failed;	   /* of them: not taken */
	const char *mode;  /* "cpu", ...; not copied; NULL: not known */
	__u32 features;	   /* enum tach_feature */
};
/* No define or add after this (-EINVAL). Sorts; flushes kept events. 0 or -EINVAL. */
int tach_profile__freeze(struct tach_profile *profile, const struct tach_summary *summary);

/* The call tree: node 0 is the root of all, without a frame (TACH_NO_ID). A node's parent has a
 * smaller index. */
struct tach_node {
	__u32 parent; /* index; of the root: 0 */
	tach_frame_id frame;
};
__u32 tach_profile__node_cnt(const struct tach_profile *profile);
const struct tach_node *tach_profile__node(const struct tach_profile *profile, __u32 idx);

/* What a thread does, as far as its sample tells. */
enum tach_doing {
	TACH_OFF_CPU,
	TACH_ON_CPU,
	TACH_OFF_CPU_WITH_GIL,
	TACH_ON_CPU_WITH_GIL,
	TACH_WAITS_FOR_GIL,
	TACH_DOING__CNT,
};

/* Weight that ended in a node: one row per (thread, leaf node), sorted by tid, thread, then node. */
struct tach_row {
	__u32 who; /* index of the thread */
	__u32 tid; /* of it */
	__u32 node;
	__u32 seq; /* rank of its first sample among the rows': 0, 1, ... row_cnt - 1 */
	__u64 weight;
	__u64 weights[TACH_DOING__CNT]; /* what it consists of */
	__u64 exceptions;		/* of weight: an exception propagated or was handled */
	__u64 cpu_unknown; /* of weight: whether on a CPU is not known, and counted as not */
};
__u32 tach_profile__row_cnt(const struct tach_profile *profile);
const struct tach_row *tach_profile__row(const struct tach_profile *profile, __u32 idx);

/* Most time on a CPU first, once frozen. */
__u32 tach_profile__thread_cnt(const struct tach_profile *profile);
const struct tach_thread_time *tach_profile__thread(const struct tach_profile *profile, __u32 idx);

__u64 tach_profile__total(const struct tach_profile *profile); /* sum of all weights */
__u64 tach_profile__lost(const struct tach_profile *profile);  /* of it: undefined stacks */
const struct tach_frametab *tach_profile__frames(const struct tach_profile *profile);
const struct tach_summary *tach_profile__summary(const struct tach_profile *profile);

#endif
