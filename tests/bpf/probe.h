/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROBE_H
#define TACH_PROBE_H

/* What a test says to walk.bpf.c, and what that answers.
 *
 * Included by both sides, after bpf/tach_wire.h; the includer provides __u32 and __u64. */

/* How far a run goes; each stage needs the ones before it. */
enum tach_probe_stage {
	TACH_PROBE_FIND = 1, /* the thread state */
	TACH_PROBE_WALK = 2, /* its frames */
	TACH_PROBE_INTERN = 3,
	TACH_PROBE_STATE = 4, /* instead of the last two: its state */
};

struct tach_probe_in {
	__u32 last_stage; /* enum tach_probe_stage */
	__u32 target;
	__u32 image;
	__u32 tid;
	__u32 up; /* of tach_probe_tid */
};

/* Copied from the scratch after the last stage; a field of a stage that did not run is stale. */
struct tach_probe_out {
	__u64 tstate;
	__u64 hash;
	__u64 stack_id;
	__u32 flags;
	__u32 frame_cnt;
	__u32 left_out;
	__u32 state;
	__u64 frames[TACH_MAX_FRAMES];
};

#endif
