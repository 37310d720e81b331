/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CLOCK_H
#define TACH_CLOCK_H

#include <time.h>

#include "util/types.h"

/* CLOCK_MONOTONIC in ns: what the kernel side stamps its records with. */
static inline __u64 tach_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

#endif
