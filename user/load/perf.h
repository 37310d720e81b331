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

/* A timer above the kernel's limit (sysctl kernel.perf_event_max_sample_rate, which the kernel lowers by itself when
 * the sampling of hardware counters takes long) is stopped until the next scheduler tick, again and again. Watch the
 * one behind @fd for that: something to count by, which the caller unwatches, or NULL with errno. */
struct perf_event_mmap_page;
const struct perf_event_mmap_page *tach_perf__watch(int fd);
void tach_perf__unwatch(const struct perf_event_mmap_page *page); /* NULL is fine */
/* How often it was stopped; 0 for NULL. */
__u64 tach_perf__throttles(const struct perf_event_mmap_page *page);

#endif
