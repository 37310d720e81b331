// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What the timer interrupt costs by itself: our timer without a program, against no timer.
 *	timer_cost CPU PERIOD_NS PAIRS
 * Spins on CPU with the timer off, on, on, off, ..., and prints the nanoseconds that one tick took away,
 * one line for each pair. Time is the thread's own CPU clock, so others on that CPU do not count. */
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "load/perf.h"

#define WINDOW_NS 50000000ull
#define UNIT	  20000 /* iterations between two looks at the clock */

static __u64 thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Nanoseconds for one unit of work. */
static double spin(void)
{
	__u64 start = thread_ns(), now;
	volatile unsigned int n = 0;
	unsigned int units = 0;

	do {
		for (int i = 0; i < UNIT; i++)
			n++;
		units++;
		now = thread_ns();
	} while (now - start < WINDOW_NS);
	return (double)(now - start) / units;
}

static double spin_with(int timer_fd)
{
	double ns;

	ioctl(timer_fd, PERF_EVENT_IOC_ENABLE, 0);
	ns = spin();
	ioctl(timer_fd, PERF_EVENT_IOC_DISABLE, 0);
	return ns;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	long period_ns, pairs;
	int cpu, timer_fd;

	if (argc != 4) {
		fprintf(stderr, "usage: timer_cost CPU PERIOD_NS PAIRS\n");
		return 2;
	}
	cpu = atoi(argv[1]);
	period_ns = atol(argv[2]);
	pairs = atol(argv[3]);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		fprintf(stderr, "timer_cost: CPU %d: %s\n", cpu, strerror(errno));
		return 1;
	}
	timer_fd = tach_perf__open_timer(cpu, period_ns);
	if (timer_fd < 0) {
		fprintf(stderr, "timer_cost: timer: %s\n", strerror(-timer_fd));
		return 1;
	}
	for (long i = 0; i < pairs; i++) {
		double on, off;

		if (i & 1) {
			on = spin_with(timer_fd);
			off = spin();
		} else {
			off = spin();
			on = spin_with(timer_fd);
		}
		printf("%.0f\n", (on - off) / on * period_ns);
	}
	close(timer_fd);
	return 0;
}
