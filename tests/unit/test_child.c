// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Signals of a child, and its end. */
#include "child_util.h"

static void test_signals_pass(void **state)
{
	struct tach_child *child;

	(void)state;
	capture();
	child = shell("trap 'echo got; exit 5' USR1; echo ready; while :; do sleep 0.05; done");
	assert_int_equal(tach_child__next_exec(child, 200), -EAGAIN);
	assert_string_equal(read_output(), "ready\n");
	kill(tach_child__pid(child), SIGUSR1);
	assert_int_equal(tach_child__next_exec(child, 5000), 0);
	assert_string_equal(read_output(), "got\n");
	assert_int_equal(WEXITSTATUS(tach_child__finish(child)), 5);
	uncapture();

	child = shell("kill -SEGV $$");
	assert_int_equal(tach_child__next_exec(child, 5000), 0);
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGSEGV);

	child = shell("kill -KILL $$"); /* killed while held */
	kill(tach_child__pid(child), SIGKILL);
	assert_int_equal(tach_child__next_exec(child, 5000), 0);
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGKILL);
}

static void test_job_control(void **state)
{
	struct tach_child *child = shell("kill -STOP $$; exec sleep 60");
	int status;

	(void)state;
	/* Stopped while traced: it stays so, and goes on where it was. */
	assert_int_equal(tach_child__next_exec(child, 300), -EAGAIN);
	assert_string_not_equal(exe_name(child), "sleep");
	kill(tach_child__pid(child), SIGCONT);
	assert_int_equal(tach_child__next_exec(child, 5000), 1);
	assert_string_equal(exe_name(child), "sleep");

	/* Released while stopped: likewise. */
	assert_int_equal(tach_child__next_exec(child, 0), -EAGAIN);
	kill(tach_child__pid(child), SIGTSTP);
	assert_int_equal(tach_child__next_exec(child, 100), -EAGAIN);
	assert_int_equal(tach_child__release(child), 0);
	assert_true(wait_state(child, 'T'));
	assert_int_equal(tach_child__poll(child, &status), 0);
	kill(tach_child__pid(child), SIGCONT);
	assert_true(wait_state(child, 'S'));
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGTERM);
}

static void test_release_while_running(void **state)
{
	struct tach_child *child;

	(void)state;
	capture();
	child = shell("echo ready; sleep 60; echo never");
	assert_int_equal(tach_child__next_exec(child, 0), -EAGAIN);
	assert_string_equal(read_output(), "ready\n");
	assert_int_equal(tach_child__release(child), 0);
	tach_child__finish(child);
	uncapture();
}

static void test_finish(void **state)
{
	struct tach_child *child;
	struct timespec start, end;

	(void)state;
	assert_int_equal(tach_child__finish(NULL), 0);

	child = spawn((char *[]){"/bin/sh", "-c", "exit 3", NULL}); /* before its exec */
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGTERM);

	child = shell("exit 3"); /* held */
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGTERM);

	capture();
	child = shell("trap '' TERM; echo ready; while :; do sleep 0.1; done");
	tach_child__release(child);
	assert_string_equal(read_output(), "ready\n");
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGKILL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range((end.tv_sec - start.tv_sec) * 1000 +
				(end.tv_nsec - start.tv_nsec) / 1000000,
			1990, 5000);
	uncapture();
}

/* What our own handlers and masks are does not reach the program; what our caller ignored does. */
static void test_clean_signals(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old_chld, old_hup, old_pipe, old_xfsz;
	struct tach_child *child;
	unsigned long long want = 0, got;
	sigset_t all, old;
	int sig;
	const char *text;

	(void)state;
	sigaction(SIGCHLD, &ignore, &old_chld);
	sigaction(SIGHUP, &ignore, &old_hup);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGXFSZ, &ignore, &old_xfsz);
	for (sig = 1; sig < NSIG; sig++) {
		struct sigaction now;

		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN &&
		    sig != SIGCHLD && sig != SIGPIPE && sig != SIGXFSZ)
			want |= 1ULL << (sig - 1);
	}
	assert_true(want & (1ULL << (SIGHUP - 1)));
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	capture();
	child = spawn_held((char *[]){"cat", "/proc/self/status", NULL});
	tach_child__release(child);
	text = read_output();
	assert_non_null(strstr(text, "SigBlk:\t0000000000000000\n"));
	assert_non_null(strstr(text, "SigCgt:\t0000000000000000\n"));
	got = strtoull(strstr(text, "SigIgn:") + 8, NULL, 16);
	/* 32 and 33 are the C library's: its posix_spawn() leaves them ignored, sigaction() hides them. */
	assert_int_equal(got & ~(3ULL << 31), want);
	assert_int_equal(wait_end(child), 0); /* has a status, although SIGCHLD was ignored */
	assert_int_equal(tach_child__finish(child), 0);
	uncapture();
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaction(SIGCHLD, &old_chld, NULL);
	sigaction(SIGHUP, &old_hup, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigaction(SIGXFSZ, &old_xfsz, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_signals_pass, cleanup),
		cmocka_unit_test_teardown(test_job_control, cleanup),
		cmocka_unit_test_teardown(test_release_while_running, cleanup),
		cmocka_unit_test_teardown(test_finish, cleanup),
		cmocka_unit_test_teardown(test_clean_signals, cleanup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
