// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a thread is called in its pid namespace and in those above (bpf/tstate.bpf.h, tach_tid()). */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bpf/rig.h"

static int tid_seen(struct rig *rig, __u32 up)
{
	rig->skel->bss->probe_in.up = up;
	return rig_run_prog(rig->skel->progs.tach_probe_tid);
}

static void *check_thread(void *rig)
{
	return (void *)(intptr_t)(tid_seen(rig, 0) == syscall(SYS_gettid));
}

static void test_threads(void **state)
{
	struct rig *rig = *state;
	pthread_t thread;
	void *ok;

	assert_int_equal(tid_seen(rig, 0), syscall(SYS_gettid));
	assert_int_equal(pthread_create(&thread, NULL, check_thread, rig), 0);
	assert_int_equal(pthread_join(thread, &ok), 0);
	assert_non_null(ok);
}

/* The numbers of the caller, from the outermost pid namespace that /proc shows to its own. Returns how
 * many. */
static int numbers_in_proc(int numbers[5])
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int cnt = 0;

	while (file && !cnt && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "NSpid:", 6) == 0)
			cnt = sscanf(line + 6, "%d %d %d %d %d", &numbers[0], &numbers[1],
				     &numbers[2], &numbers[3], &numbers[4]);
	}
	if (file)
		fclose(file);
	return cnt;
}

static int exit_code(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Go on as process 1 of a new pid namespace; the caller ends as that does. */
static void enter_pid_namespace(void)
{
	pid_t pid = unshare(CLONE_NEWPID) ? -1 : fork();

	if (pid)
		_exit(exit_code(pid));
}

/* Exit code: 42 if every number is the kernel's own. */
static int check_numbers(struct rig *rig, int depth)
{
	int numbers[5], cnt;

	while (depth--)
		enter_pid_namespace();
	cnt = numbers_in_proc(numbers);
	if (cnt < 2 || getpid() != 1)
		return 1;
	for (int up = 0; up < cnt; up++) {
		if (tid_seen(rig, up) != numbers[cnt - 1 - up])
			return 2;
	}
	return 42;
}

/* The interpreter knows the number that its thread has in the container, people know those outside. */
static void test_pid_namespaces(void **state)
{
	for (int depth = 1; depth <= 3; depth++) {
		pid_t pid = fork();

		if (!pid)
			_exit(check_numbers(*state, depth));
		assert_int_equal(exit_code(pid), 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_ON(test_threads, 315),
		RIG_TEST_ON(test_pid_namespaces, 315),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
