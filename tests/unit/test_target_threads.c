// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Targets and their threads. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "child.h"
#include "target/target.h"

static const __u64 marker = 4711;

struct thread_arg {
	pid_t tid;
	pthread_barrier_t barrier;
};

static void *wait_thread(void *ctx)
{
	struct thread_arg *arg = ctx;

	arg->tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&arg->barrier);
	pause();
	return NULL;
}

static void test_thread_id(void **state)
{
	struct tach_target *target;
	struct thread_arg arg;
	struct tach_why why;
	pthread_t thread_id;

	(void)state;
	pthread_barrier_init(&arg.barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread_id, NULL, wait_thread, &arg), 0);
	pthread_barrier_wait(&arg.barrier);
	assert_int_equal(tach_target__open(arg.tid, &target, &why), -ESRCH);
	assert_non_null(strstr(why.text, "is a thread of process"));
	pthread_cancel(thread_id);
	pthread_join(thread_id, NULL);
	pthread_barrier_destroy(&arg.barrier);
}

static void leave(int signo)
{
	(void)signo;
	syscall(SYS_exit, 0); /* only this thread */
}

static void start_two_threads(void)
{
	struct thread_arg arg;
	pthread_t thread_id;

	signal(SIGUSR1, leave);
	pthread_barrier_init(&arg.barrier, NULL, 3);
	pthread_create(&thread_id, NULL, wait_thread, &arg);
	pthread_create(&thread_id, NULL, wait_thread, &arg);
	pthread_barrier_wait(&arg.barrier);
}

/* Thread number @idx of a process: 0 is the main thread. */
static pid_t thread_of(pid_t pid, int idx)
{
	char path[64], list[256];
	pid_t tids[3] = {0};
	FILE *pipe_file;

	snprintf(path, sizeof(path), "ls /proc/%d/task | sort -n", pid);
	pipe_file = popen(path, "r");
	assert_non_null(pipe_file);
	for (int i = 0; i < 3 && fgets(list, sizeof(list), pipe_file); i++)
		tids[i] = atoi(list);
	pclose(pipe_file);
	return tids[idx];
}

/* End one thread and wait until that is seen. */
static void end_thread(pid_t pid, pid_t tid)
{
	char path[64], state = 'S';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	assert_int_equal(syscall(SYS_tgkill, pid, tid, SIGUSR1), 0);
	while (state != 'Z' && (file = fopen(path, "re"))) {
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(file);
	}
}

/* The process goes on, but /proc/PID shows nothing of it. */
static void test_main_thread_exited(void **state)
{
	struct tach_target *target;
	struct tach_layout layout;
	pid_t pid, first, second;
	struct tach_why why;
	__u64 word;

	(void)state;
	pid = child_start(start_two_threads);
	first = thread_of(pid, 1);
	second = thread_of(pid, 2);
	assert_int_equal(tach_target__open(pid, &target, &why), 0);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ENOEXEC);
	assert_false(tach_target__lost_main(target));

	end_thread(pid, pid);
	assert_int_equal(tach_target__read(target, (uintptr_t)&marker, &word, sizeof(word)), 0);
	assert_int_equal(word, marker);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ENOEXEC);
	assert_true(tach_target__lost_main(target));
	assert_non_null(strstr(tach_target__exe(target), "test_target"));

	/* Whichever of the two is looked at. */
	end_thread(pid, first);
	assert_int_equal(tach_target__read(target, (uintptr_t)&marker, &word, sizeof(word)), 0);
	end_thread(pid, second);
	assert_int_equal(tach_target__read(target, (uintptr_t)&marker, &word, sizeof(word)),
			 -ESRCH);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ESRCH);
	assert_non_null(strstr(why.text, "zombie"));
	child_reap(pid);
	tach_target__free(target);
}

static __u64 own_cpu_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void *burn(void *ns)
{
	while (own_cpu_ns(CLOCK_THREAD_CPUTIME_ID) < *(__u64 *)ns)
		;
	return NULL;
}

static void burn_threads(void)
{
	__u64 main_ns = 30000000, other_ns = 60000000;
	pthread_t other;

	burn(&main_ns);
	if (pthread_create(&other, NULL, burn, &other_ns) == 0)
		pthread_join(other, NULL);
}

static void test_cpu_ns(void **state)
{
	struct tach_target *target;
	struct tach_why why;
	__u64 all, main_only;
	pid_t pid;

	(void)state;
	pid = child_start(burn_threads);
	assert_int_equal(tach_target__open(pid, &target, &why), 0);
	all = tach_target__cpu_ns(target, true);
	main_only = tach_target__cpu_ns(target, false);
	assert_in_range(main_only, 30000000, 59000000);
	assert_in_range(all - main_only, 60000000, 89000000);
	tach_target__free(target);
	child_kill(pid);
	child_reap(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_id),
		cmocka_unit_test(test_main_thread_exited),
		cmocka_unit_test(test_cpu_ns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
