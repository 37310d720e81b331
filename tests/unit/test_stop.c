// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* All threads of a process stopped and let go, whatever they are doing. */
#include <sys/ptrace.h>

#include "stopped.h"

#define EXECS	    20
#define EXEC_STATUS 9

static void work_in_threads(void)
{
	for (int i = 1; i < THREADS; i++)
		start_thread(do_steps, (void *)&work->steps[i]);
	do_steps((void *)&work->steps[0]);
}

static void test_all_stand_still(void **state)
{
	pid_t pid = start_child(work_in_threads);
	struct tach_stop *stop = stop_of(pid, true);

	(void)state;
	await_steps(THREADS);
	for (int i = 0; i < 50; i++) {
		stop_all(stop);
		assert_int_equal(tach_stop__cnt(stop), THREADS);
		assert_int_equal(tach_stop__thread(stop, 0)->host_tid, pid);
		assert_int_equal(tach_stop__thread(stop, 0)->tid, pid);
		assert_true(stands_still());
		tach_stop__release(stop);
	}
	await_steps(THREADS);
	tach_stop__free(stop);
	end_child(pid);
}

/* --- threads that come and go --- */

static void *step_once(void *ctx)
{
	volatile __u64 *steps = ctx;

	++*steps;
	return NULL;
}

static void *make_threads(void *ctx)
{
	for (;;) {
		pthread_t id;

		if (pthread_create(&id, NULL, step_once, ctx) || pthread_join(id, NULL))
			_exit(99);
	}
	return NULL;
}

static void churn(void)
{
	for (int i = 1; i < THREADS; i++)
		start_thread(make_threads, (void *)&work->steps[i]);
	make_threads((void *)&work->steps[0]);
}

static void test_threads_come_and_go(void **state)
{
	pid_t pid = start_child(churn);
	struct tach_stop *stop = stop_of(pid, true);

	(void)state;
	await_steps(THREADS);
	for (int i = 0; i < 200; i++) {
		stop_all(stop);
		assert_true(tach_stop__cnt(stop) >= 1);
		assert_true(stands_still());
		tach_stop__release(stop);
	}
	await_steps(THREADS);
	tach_stop__free(stop);
	end_child(pid);
}

/* --- signals --- */

/* Any thread takes it. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	__atomic_fetch_add(&work->signals, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&work->sum, info->si_value.sival_int, __ATOMIC_RELAXED);
}

static void take_signals(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGRTMIN, &action, NULL);
	work_in_threads();
}

static void test_signals_arrive(void **state)
{
	pid_t pid = start_child(take_signals);
	struct tach_stop *stop = stop_of(pid, true);
	int cnt = 0;

	(void)state;
	await_steps(THREADS);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = cnt++}), 0);
		stop_all(stop);
		assert_int_equal(sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = cnt++}), 0);
		tach_stop__release(stop);
	}
	tach_stop__free(stop);
	for (int i = 0; i < 10000 && work->signals < cnt; i++)
		usleep(1000);
	usleep(10000);
	assert_int_equal(work->signals, cnt);
	assert_int_equal(work->sum, cnt * (cnt - 1) / 2); /* with what they carry */
	end_child(pid);
}

static void test_job_control(void **state)
{
	pid_t pid = start_child(work_in_threads);
	struct tach_stop *stop = stop_of(pid, true);
	int status;

	(void)state;
	await_steps(THREADS);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	await_state(pid, 'T');
	for (int i = 0; i < 20; i++) { /* it stays stopped */
		stop_all(stop);
		assert_int_equal(tach_stop__cnt(stop), THREADS);
		tach_stop__release(stop);
		await_state(pid, 'T');
		assert_true(stands_still());
	}
	stop_all(stop);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_true(stands_still());
	tach_stop__release(stop);
	await_steps(THREADS);

	stop_all(stop);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	tach_stop__release(stop);
	await_state(pid, 'T');
	assert_true(stands_still());
	/* And its parent is told as if nobody else was there. */
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	assert_int_equal(kill(pid, SIGCONT), 0);
	await_steps(THREADS);
	tach_stop__free(stop);
	end_child(pid);
}

/* --- ends --- */

static void end_soon(void)
{
	for (int i = 1; i < THREADS; i++)
		start_thread(do_steps, (void *)&work->steps[i]);
	usleep(50000);
	exit(7);
}

/* Stop it again and again, until there is nothing to stop. */
static int stop_to_the_end(struct tach_stop *stop)
{
	__u64 end_ns = tach_now_ns() + 30000000000ull;
	int cnt = 0;

	for (; !tach_stop__all(stop, NULL); cnt++) {
		tach_stop__release(stop);
		assert_true(tach_now_ns() < end_ns);
		usleep(100);
	}
	while (tach_stop__settle(stop))
		usleep(100);
	return cnt;
}

static void test_exit_status(void **state)
{
	pid_t pid = start_child(end_soon);
	struct tach_stop *stop = stop_of(pid, true);
	int status;

	(void)state;
	assert_true(stop_to_the_end(stop) > 0);
	tach_stop__free(stop);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void test_killed_while_it_is_stopped(void **state)
{
	pid_t pid = start_child(work_in_threads);
	struct tach_stop *stop = stop_of(pid, true);
	int status;

	(void)state;
	await_steps(THREADS);
	stop_all(stop);
	child_kill(pid);
	tach_stop__release(stop);
	assert_int_equal(stop_to_the_end(stop), 0);
	tach_stop__free(stop);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void have_a_child(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!work->go)
			usleep(100);
		end_soon();
	}
	work->pid = pid;
	waitpid(pid, &status, 0);
	work->status = status;
	pause();
}

static bool has_status(void)
{
	return work->status;
}

/* Whoever started it is told how it ended, and that it ended, while we are still there. */
static void test_somebody_elses_child(void **state)
{
	pid_t pid = start_child(have_a_child);
	struct tach_stop *stop;

	(void)state;
	while (work->pid <= 0)
		usleep(100);
	stop = stop_of(work->pid, false);
	work->go = 1;
	assert_true(stop_to_the_end(stop) > 0);
	await(has_status);
	assert_true(WIFEXITED(work->status) && WEXITSTATUS(work->status) == 7);
	tach_stop__free(stop);
	end_child(pid);
}

/* --- exec --- */

static char exec_arg[] = "exec", exec_left[16];

static void *do_exec(void *ctx)
{
	char *args[] = {"test_stop", exec_arg, exec_left, NULL};

	(void)ctx;
	usleep(3000);
	execv("/proc/self/exe", args);
	_exit(97);
}

/* Some threads, one of which replaces the program; not the main thread. */
static void exec_again(int left)
{
	static volatile __u64 steps;

	if (!left)
		_exit(EXEC_STATUS);
	snprintf(exec_left, sizeof(exec_left), "%d", left - 1);
	for (int i = 0; i < 3; i++)
		start_thread(do_steps, (void *)&steps);
	start_thread(do_exec, NULL);
	do_steps((void *)&steps);
}

static void begin_execs(void)
{
	exec_again(EXECS);
}

static void test_exec_by_a_thread(void **state)
{
	pid_t pid = start_child(begin_execs);
	struct tach_stop *stop = stop_of(pid, true);
	int status;

	(void)state;
	assert_true(stop_to_the_end(stop) > EXECS);
	tach_stop__free(stop);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXEC_STATUS);
}

/* --- what cannot be stopped --- */

/* The main thread waits in the kernel for a child to make an exec or end, and cannot be interrupted there. */
static void wait_in_vfork(void)
{
	start_thread(do_steps, (void *)&work->steps[1]);
	if (!vfork()) {
		while (!work->go)
			usleep(1000);
		_exit(0);
	}
	do_steps((void *)&work->steps[0]);
}

static void test_thread_in_the_kernel(void **state)
{
	pid_t pid = start_child(wait_in_vfork);
	struct tach_stop *stop = stop_of(pid, true);

	(void)state;
	await_state(pid, 'D');
	for (int i = 0; i < 5; i++) {
		stop_all(stop);
		assert_int_equal(tach_stop__cnt(stop), 2);
		assert_true(stands_still());
		work->go = i == 4; /* it would go on, but for us */
		usleep(10000);
		assert_true(stands_still());
		assert_int_equal(work->steps[0], 0);
		tach_stop__release(stop);
	}
	while (tach_stop__settle(stop))
		usleep(1000);
	await_steps(2);
	tach_stop__free(stop);
	end_child(pid);
}

static void trace_it(void)
{
	work->status = ptrace(PTRACE_SEIZE, work->pid, NULL, NULL) ? errno : -1;
	pause();
}

static void test_traced_by_another(void **state)
{
	pid_t pid = start_child(work_in_threads), tracer;
	struct tach_stop *stop = stop_of(pid, true);
	struct tach_why why;

	(void)state;
	/* Yama lets a process trace its descendants, and who is allowed to it by themselves; root is. */
	if (geteuid() != 0)
		skip();
	await_steps(THREADS);
	work->pid = pid;
	tracer = start_child(trace_it);
	await(has_status);
	assert_int_equal(work->status, -1);
	assert_int_equal(tach_stop__all(stop, &why), -EBUSY);
	assert_non_null(strstr(why.text, "traces it already"));
	await_steps(THREADS);
	end_child(tracer);
	stop_all(stop);
	assert_true(stands_still());
	tach_stop__free(stop); /* lets go */
	await_steps(THREADS);
	end_child(pid);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, share_work, unshare_work)
		TEST(test_all_stand_still),	 TEST(test_threads_come_and_go),
		TEST(test_signals_arrive),	 TEST(test_job_control),
		TEST(test_exit_status),		 TEST(test_killed_while_it_is_stopped),
		TEST(test_somebody_elses_child), TEST(test_exec_by_a_thread),
		TEST(test_thread_in_the_kernel), TEST(test_traced_by_another),
	};

	if (argc == 3 && !strcmp(argv[1], exec_arg))
		exec_again(atoi(argv[2]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
