/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CLOCK_H
#define TACH_CLOCK_H

#include <time.h>

#include "util/types.h"

static inline __u64 tach_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* CLOCK_MONOTONIC in ns: what the kernel side stamps its records with. */
static inline __u64 tach_now_ns(void)
{
	return tach_clock_ns(CLOCK_MONOTONIC);
}

/* CPU time that this process has used, in ns. */
static inline __u64 tach_own_cpu_ns(void)
{
	return tach_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
