/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BY_THREAD_H
#define TACH_BY_THREAD_H

#include "aggregate/profile.h"

/* The kept events of a frozen profile, those of each thread one after the other. They lie in a file without a
 * name, of which only a part is in memory at a time: that stays the same however many there are. */
struct tach_by_thread {
	struct tach_event *events; /* mapped; NULL: there are none */
	size_t sz;		   /* of that, bytes */
	__u64 *first;		   /* [who_cnt + 1] of each thread, index into events */
};

/* 0 or a negative errno, -ENOSPC for example; *@out needs no clearing then. */
int tach_by_thread__init(struct tach_by_thread *out, const struct tach_profile *profile);
void tach_by_thread__clear(struct tach_by_thread *by_thread);

/* Goes through events. */
struct tach_thread_events {
	const struct tach_by_thread *of;
	__u64 next, end; /* indices into its events */
};

/* Those of thread @who, in order of time. */
struct tach_thread_events tach_by_thread__of(const struct tach_by_thread *by_thread, __u32 who);
/* The next one, which lives as long as @by_thread; NULL after the last one. */
const struct tach_event *tach_by_thread__next(struct tach_thread_events *events);

#endif
