/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SNAPSHOT_H
#define TACH_SNAPSHOT_H

#include <stdbool.h>

#include "cli/opts.h"
#include "subject.h"
#include "symbolize/frametab.h"
#include "util/types.h"

/* The stacks that all threads of a process have now; with --blocking from one instant, for which it is stopped,
 * else without. */
struct tach_snapshot;

struct tach_snapshot_thread {
	__u32 tid, host_tid;	     /* as in tach_wire.h */
	__u32 state;		     /* enum tach_sample_state */
	__u64 interp_id;	     /* of the interpreter in which it runs */
	const tach_frame_id *frames; /* [cnt] leaf first; of the snapshot */
	__u32 cnt;		     /* 0: it has none */
	bool read;		     /* else nothing but its number is known */
};

/* @opts and @subject outlive the snapshot, which is to be freed also after an error. 0, or a negative errno:
 * functions that fail have said why. */
int tach_snapshot__open(const struct tach_opts *opts, struct tach_subject *subject,
			struct tach_snapshot **out);
void tach_snapshot__free(struct tach_snapshot *snap); /* NULL is fine */

/* Look until each thread has been read, for a second at most. Once. 0 or a negative errno. */
int tach_snapshot__take(struct tach_snapshot *snap);

/* In the order of the interpreter's own lists. */
__u32 tach_snapshot__thread_cnt(const struct tach_snapshot *snap);
const struct tach_snapshot_thread *tach_snapshot__thread(const struct tach_snapshot *snap,
							 __u32 idx);
const struct tach_frametab *tach_snapshot__frames(const struct tach_snapshot *snap);

bool tach_snapshot__target_ended(const struct tach_snapshot *snap);

#endif
