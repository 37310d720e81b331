/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_MAPS_H
#define TACH_MAPS_H

/* Keys and values of the maps that user space reads or writes.
 *
 * Included by both sides, after tach_layout.h and tach_status.h; the includer provides __u32 and __u64.
 */

#define TACH_MAX_TARGETS 64 /* power of two */

/* Of tach_targets: the layout, and the program image it was found in; void once the image has changed. */
struct tach_target_ent {
	struct tach_layout layout;
	__u32 image;
	__u32 ready;
	__u32 depth; /* of the target's pid namespace below that of user space; never changes */
	__u32 pad;
};

/* Of tach_images: the program that runs in a target now. */
struct tach_image_ent {
	__u64 mm;      /* address of its struct mm_struct; 0: not known yet */
	__u32 number;  /* rises with each exec */
	__u32 started; /* a thread state was seen in it */
};

/* Of tach_members: which target a process is. */
struct tach_member {
	__u32 target;
	__u32 pid_known; /* tach_pids has it too */
};

/* A thread of a target; tid in its innermost pid namespace. */
struct tach_thread_key {
	__u32 target;
	__u32 tid;
};

/* Of tach_bare: a thread that ran without a PyThreadState. */
struct tach_bare_ent {
	__u64 ticks;
	__u32 host_tid;
	__u32 pad;
	char comm[16];
};

/* Of tach_counts: statuses, then counters. */
struct tach_count_ent {
	__u64 n[TACH_COUNTS_CNT];
};

#endif
