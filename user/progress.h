/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROGRESS_H
#define TACH_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "tally.h"
#include "util/types.h"

/* The line of --realtime-stats: how the sampling goes, once a second. On a terminal it is rewritten in place, else
 * there is one line after the other. */
#define TACH_PROGRESS_INTERVALS 100

struct tach_progress {
	FILE *out;
	bool terminal;
	bool shown; /* on a terminal: the cursor is behind the line */
	__u64 last_ns;
	__u64 attempts, cpu_ns; /* then */
	double rates
		[TACH_PROGRESS_INTERVALS]; /* [rate_cnt] samples per second, of the last intervals */
	size_t rate_cnt, next;
};

/* @tally: as it is at @now_ns, CLOCK_MONOTONIC, when the sampling begins. */
void tach_progress__begin(struct tach_progress *progress, FILE *out, bool terminal, __u64 now_ns,
			  const struct tach_tally *tally);

/* Whether it is time for another line. */
bool tach_progress__is_due(const struct tach_progress *progress, __u64 now_ns);
/* @tally: as it is then. */
void tach_progress__show(struct tach_progress *progress, __u64 now_ns,
			 const struct tach_tally *tally);

/* What comes next begins on a line of its own. */
void tach_progress__end(struct tach_progress *progress);

#endif
