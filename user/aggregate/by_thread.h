/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BY_THREAD_H
#define TACH_BY_THREAD_H

#include "aggregate/profile.h"

/* The kept events and waits of a frozen profile, those of each thread one after the other. They lie in files without a
 * name, of which only a part is in memory at a time: that stays the same however many there are. */
struct tach_sorted {
	char *items; /* mapped; NULL: there are none */
	size_t item_sz;
	__u64 cnt;
	__u64 *first; /* [who_cnt + 1] of each thread, its number among the items */
};

struct tach_by_thread {
	struct tach_sorted events, waits;
};

/* 0 or a negative errno, -ENOSPC for example; *@out needs no clearing then. */
int tach_by_thread__init(struct tach_by_thread *out, const struct tach_profile *profile);
void tach_by_thread__clear(struct tach_by_thread *by_thread);

/* Goes through events, or waits. */
struct tach_thread_items {
	const struct tach_sorted *of;
	__u64 next, end; /* numbers among its items */
};

/* Those of thread @who, in order of time. */
struct tach_thread_items tach_by_thread__of(const struct tach_by_thread *by_thread, __u32 who);
struct tach_thread_items tach_by_thread__waits_of(const struct tach_by_thread *by_thread,
						  __u32 who);
/* The next one, which lives as long as @by_thread; NULL after the last one. */
const struct tach_event *tach_by_thread__next(struct tach_thread_items *events);
const struct tach_wait *tach_by_thread__next_wait(struct tach_thread_items *waits);

#endif
