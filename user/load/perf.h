/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PERF_H
#define TACH_PERF_H

#include "util/types.h"

/* Timer of CPU @cpu that ticks every @period_ns while the CPU is not idle.
 * Returns a descriptor (caller closes, or hands over to a link) or a negative errno. */
int tach_perf__open_timer(int cpu, __u64 period_ns);

/* Between two ticks of CPU @cpu, where a sample is due every @period_ns: 0.5 to 0.7 % less, differently for each
 * CPU, but not less than the kernel can. A target with a rhythm of its own must not be measured in lock-step. Pure. */
__u64 tach_perf__tick_ns(__u64 period_ns, int cpu);

#endif
