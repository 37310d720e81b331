// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load/perf.h"

/* Per CPU, not per thread: a per-thread event restarts its timer at each context switch, which cost two
 * threads in ping-pong more than half of their throughput at 1 kHz. An exact period, not a frequency:
 * the kernel would adjust it. cpu-clock is a high-resolution timer and exists on every machine. */
int tach_perf__open_timer(int cpu, __u64 period_ns)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period_ns,
		.exclude_idle = 1,
		.disabled = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

__u64 tach_perf__jitter(__u64 period_ns, int cpu)
{
	/* 2654435761 / 2^32 is the golden ratio: neighbours land far apart. */
	__u64 spread = ((__u64)(unsigned)(cpu + 1) * 2654435761u) & 0xffffffffu; /* 0 .. 2^32 */
	__s64 parts = (__s64)(spread >> 22) - 512;				 /* -512 .. 511 */

	return period_ns + (__s64)period_ns * parts / 512 / 1000;
}
