// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Real signals, each time to a process of its own, which they may end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/interrupt.h"
#include "write/sink.h"

#define PART_SZ (1 << 17) /* more than a sink keeps to itself */

static char dir[] = "/tmp/tachyon-interrupt-XXXXXX";

static int enter_dir(void **state)
{
	(void)state;
	unsetenv("SUDO_UID");
	return !mkdtemp(dir) || chdir(dir);
}

static int leave_dir(void **state)
{
	(void)state;
	return chdir("/") || rmdir(dir);
}

static int entry_cnt(void)
{
	DIR *stream = opendir(".");
	int cnt = 0;

	assert_non_null(stream);
	while (readdir(stream))
		cnt++;
	closedir(stream);
	return cnt - 2;
}

/* Status of a process that does @what, with nothing said on stderr. */
static int status_of(int (*what)(void))
{
	pid_t pid = fork();
	int status, null_fd;

	if (!pid) {
		null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null_fd, STDERR_FILENO);
		_exit(what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Write a file, and send @cnt signals in between. Returns the sink's error. */
static int write_file(int cnt)
{
	struct tach_sink *sink;
	struct tach_why why;
	char *part = calloc(1, PART_SZ);

	if (tach_interrupt__open() < 0)
		return -EBADF;
	tach_interrupt__begin_writing();
	sink = tach_sink__file("result", &why);
	tach_sink__write(sink, part, PART_SZ);
	for (int i = 0; i < cnt; i++)
		raise(i ? SIGTERM : SIGINT);
	tach_sink__write(sink, part, PART_SZ);
	free(part);
	return tach_sink__close(sink, &why);
}

static int one_signal(void)
{
	int err = write_file(1);

	tach_interrupt__end_writing();
	tach_interrupt__die();
	return err || tach_interrupt__gave_up();
}

static void test_one_costs_nothing(void **state)
{
	(void)state;
	assert_int_equal(status_of(one_signal), 0);
	assert_int_equal(entry_cnt(), 1);
	assert_int_equal(unlink("result"), 0);
}

static int two_signals(void)
{
	int err = write_file(2);

	tach_interrupt__end_writing();
	if (err == -EINTR && tach_interrupt__gave_up())
		tach_interrupt__die();
	return 1;
}

static void test_two_leave_nothing(void **state)
{
	int status;

	(void)state;
	status = status_of(two_signals);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(entry_cnt(), 0);
}

static int three_signals(void)
{
	write_file(3);
	return 1;
}

static void test_three_end_it_at_once(void **state)
{
	int status;

	(void)state;
	status = status_of(three_signals);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(entry_cnt(), 1);
	assert_int_equal(system("rm -f .tachyon-bpf-*"), 0);
}

/* A pipe that nobody reads from: the first signal does not wake us, the second one does. */
static int blocked(void)
{
	char part[4096] = "";
	int fds[2];
	struct tach_sink *sink;
	struct tach_why why;

	if (pipe(fds) || tach_interrupt__open() < 0)
		return 1;
	tach_interrupt__begin_writing();
	if (!fork()) {
		for (int i = 0; i < 2; i++) {
			usleep(50000);
			kill(getppid(), SIGINT);
		}
		_exit(0);
	}
	sink = tach_sink__fd(fds[1], "pipe", &why);
	for (int i = 0; i < 64; i++)
		tach_sink__write(sink, part, sizeof(part));
	return tach_sink__close(sink, &why) != -EINTR;
}

static void test_pipe_without_reader(void **state)
{
	(void)state;
	assert_int_equal(status_of(blocked), 0);
}

/* Before the writing they wait to be taken; SIGHUP does not if it is ignored. */
static int taken(void)
{
	int fd;

	signal(SIGHUP, SIG_IGN);
	fd = tach_interrupt__open();
	if (fd < 0)
		return 1;
	raise(SIGCHLD);
	raise(SIGHUP);
	if (tach_interrupt__take(fd))
		return 2;
	raise(SIGTERM);
	return tach_interrupt__take(fd) ? 0 : 3;
}

static void test_taken(void **state)
{
	(void)state;
	assert_int_equal(status_of(taken), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_costs_nothing),
		cmocka_unit_test(test_two_leave_nothing),
		cmocka_unit_test(test_three_end_it_at_once),
		cmocka_unit_test(test_pipe_without_reader),
		cmocka_unit_test(test_taken),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
