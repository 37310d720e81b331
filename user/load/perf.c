// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
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

/* The control page, and one for records. */
static size_t watch_sz(void)
{
	return 2 * (size_t)sysconf(_SC_PAGESIZE);
}

const struct perf_event_mmap_page *tach_perf__watch(int fd)
{
	/* Not writable: the kernel then overwrites old records, and nobody has to take them out. */
	void *page = mmap(NULL, watch_sz(), PROT_READ, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

void tach_perf__unwatch(const struct perf_event_mmap_page *page)
{
	if (page)
		munmap((void *)page, watch_sz());
}

/* PERF_RECORD_THROTTLE and PERF_RECORD_UNTHROTTLE are alike (Linux v6.1 kernel/events/core.c, perf_log_throttle()), and
 * all that comes: our program keeps samples to itself. */
struct throttle_rec {
	struct perf_event_header header;
	__u64 time, id, stream_id;
};

__u64 tach_perf__throttles(const struct perf_event_mmap_page *page)
{
	__u64 sz = page ? __atomic_load_n(&page->data_head, __ATOMIC_RELAXED) : 0;

	/* Each stop is followed by a start; the last one may be still to come. */
	return (sz / sizeof(struct throttle_rec) + 1) / 2;
}

/* The kernel's least. Source: Linux v6.1 kernel/events/core.c, perf_swevent_hrtimer(). */
#define TICK_MIN_NS 10000

/* Ticks at 1 kHz find a program that does something every millisecond always at the same point of it. If they come
 * a little faster they pass through all of it: by this share, once in 160 ticks. A hundredth of the golden ratio,
 * which no fraction comes near to, does as well for rhythms of ten or a hundred times the period. */
#define FASTER 0.00618034

__u64 tach_perf__tick_ns(__u64 period_ns, int cpu)
{
	/* 2654435761 / 2^32 is the golden ratio, too: neighbours land far apart. */
	__u32 spread = (cpu + 1) * 2654435761u;
	double jitter = (spread / 4294967296.0 - 0.5) / 500; /* at most 0.1 % */
	__u64 tick_ns = period_ns * (1 - FASTER + jitter);

	return tick_ns < TICK_MIN_NS ? TICK_MIN_NS : tick_ns;
}
