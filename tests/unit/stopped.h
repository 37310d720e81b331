/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_STOPPED_H
#define TACH_TEST_STOPPED_H

/* Programs to be stopped, and how to see whether they stand still. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "child.h"
#include "stop/stop.h"
#include "util/clock.h"

#define THREADS 3

/* What they do; they share it with the test. */
struct work {
	volatile __u64 steps[THREADS];
	volatile int signals, sum, go, status;
	volatile pid_t pid;
};
static struct work *work;

static inline int share_work(void **state)
{
	(void)state;
	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return work == MAP_FAILED;
}

static inline int unshare_work(void **state)
{
	(void)state;
	return munmap(work, sizeof(*work));
}

static inline __u64 all_steps(void)
{
	__u64 sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += work->steps[i];
	return sum;
}

static inline void *do_steps(void *ctx)
{
	volatile __u64 *steps = ctx;

	for (;;) {
		++*steps;
		if (*steps % 1000 == 0)
			usleep(100); /* others want the CPU, too */
	}
	return NULL;
}

static inline void start_thread(void *(*run)(void *), void *ctx)
{
	pthread_t id;

	if (pthread_create(&id, NULL, run, ctx) || pthread_detach(id))
		_exit(99);
}

/* A process with all threads at work. */
static inline pid_t start_child(void (*run)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_exit(98);
	}
	return pid;
}

static inline void end_child(pid_t pid)
{
	child_kill(pid);
	child_reap(pid);
}

static inline struct tach_stop *stop_of(pid_t pid, bool own_child)
{
	struct tach_stop_opts opts = {.pid = pid, .number = pid, .own_child = own_child};
	struct tach_stop *stop;
	struct tach_why why;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	opts.task_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(opts.task_fd >= 0);
	stop = tach_stop__new(&opts, &why);
	assert_non_null(stop);
	return stop;
}

static inline void stop_all(struct tach_stop *stop)
{
	struct tach_why why;

	if (tach_stop__all(stop, &why))
		fail_msg("%s", why.text);
}

/* Whether no step is made for a while. */
static inline bool stands_still(void)
{
	__u64 steps = all_steps();

	usleep(2000);
	return all_steps() == steps;
}

static inline void await(bool (*is_true)(void))
{
	for (int i = 0; i < 10000 && !is_true(); i++)
		usleep(1000);
	assert_true(is_true());
}

/* All threads at work have made a step since this was called. */
static inline void await_steps(int cnt)
{
	for (int i = 0; i < cnt; i++) {
		__u64 before = work->steps[i];

		for (int k = 0; k < 10000 && work->steps[i] == before; k++)
			usleep(1000);
		assert_true(work->steps[i] != before);
	}
}

static inline char state_of(pid_t pid)
{
	char path[32], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	return strrchr(text, ')')[2];
}

static inline void await_state(pid_t pid, char state)
{
	for (int i = 0; i < 10000 && state_of(pid) != state; i++)
		usleep(1000);
	assert_int_equal(state_of(pid), state);
}

#endif
