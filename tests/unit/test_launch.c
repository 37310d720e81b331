// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Real processes, held at each exec. What needs root is in tests/integration. */
#include "child_util.h"

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int cnt = 0;

	assert_non_null(dir);
	while (readdir(dir))
		cnt++;
	closedir(dir);
	return cnt;
}

static void test_stages(void **state)
{
	struct tach_child *child;
	struct tach_why why;
	int before, status;

	(void)state;
	before = open_fds();
	capture();
	child = spawn((char *[]){"sh", "-c", "echo hello; exit 3", NULL});
	assert_false(has_output(50));
	assert_int_equal(tach_child__next_exec(child, 0), -EINVAL);
	assert_int_equal(tach_child__exec(child, &why), 0);
	assert_nothing_ran(child);
	assert_false(has_output(50));
	assert_int_equal(tach_child__poll(child, &status), 0);
	assert_int_equal(tach_child__exec(child, &why), -EINVAL);
	assert_int_equal(tach_child__release(child), 0);
	assert_int_equal(tach_child__release(child), 0);
	assert_int_equal(tach_child__next_exec(child, 0), -EINVAL);
	assert_string_equal(read_output(), "hello\n");
	status = wait_end(child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(tach_child__next_exec(child, 0), 0);
	assert_int_equal(tach_child__finish(child), status);
	uncapture();
	assert_int_equal(open_fds(), before);
}

static void test_chain(void **state)
{
	struct tach_child *child;
	struct tach_why why;
	int status;

	(void)state;
	capture();
	child = spawn(
		(char *[]){"/bin/sh", "-c", "exec env sh -c 'exec cat /proc/self/comm'", NULL});
	assert_int_equal(tach_child__exec(child, &why), 0);
	assert_nothing_ran(child);
	assert_int_equal(tach_child__next_exec(child, 5000), 1);
	assert_string_equal(exe_name(child), "env");
	assert_nothing_ran(child);
	assert_int_equal(tach_child__next_exec(child, 5000), 1);
	assert_string_not_equal(exe_name(child), "env");
	assert_nothing_ran(child);
	assert_int_equal(tach_child__next_exec(child, 5000), 1);
	assert_string_equal(exe_name(child), "cat");
	assert_nothing_ran(child);
	assert_int_equal(tach_child__next_exec(child, 5000), 0);
	assert_string_equal(read_output(), "cat\n");
	assert_int_equal(tach_child__poll(child, &status), 1);
	assert_int_equal(status, 0);
	assert_int_equal(tach_child__finish(child), 0);
	uncapture();
}

static void test_timeout_without_work(void **state)
{
	struct tach_child *child = shell("exec sleep 60");
	struct timespec cpu[2], wall[2];
	long ms;

	(void)state;
	assert_int_equal(tach_child__next_exec(child, 5000), 1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu[0]);
	clock_gettime(CLOCK_MONOTONIC, &wall[0]);
	assert_int_equal(tach_child__next_exec(child, 0), -EAGAIN);
	assert_int_equal(tach_child__next_exec(child, 200), -EAGAIN);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu[1]);
	clock_gettime(CLOCK_MONOTONIC, &wall[1]);
	ms = (wall[1].tv_sec - wall[0].tv_sec) * 1000 +
	     (wall[1].tv_nsec - wall[0].tv_nsec) / 1000000;
	assert_in_range(ms, 195, 5000);
	ms = (cpu[1].tv_sec - cpu[0].tv_sec) * 1000 + (cpu[1].tv_nsec - cpu[0].tv_nsec) / 1000000;
	assert_true(ms < 50);
	assert_int_equal(WTERMSIG(tach_child__finish(child)), SIGTERM);
}

/* An exec that poll() comes across is not lost. */
static void test_poll_keeps_an_exec(void **state)
{
	struct tach_child *child = shell("sleep 0.3; exec sleep 60");
	const struct timespec pause = {.tv_nsec = 5000000};
	int status, i;

	(void)state;
	assert_int_equal(tach_child__next_exec(child, 0), -EAGAIN);
	for (i = 0; i < 1000 && strcmp(exe_name(child), "sleep") != 0; i++) {
		assert_int_equal(tach_child__poll(child, &status), 0);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(tach_child__poll(child, &status), 0);
	assert_int_equal(tach_child__next_exec(child, 0), 1);
	assert_nothing_ran(child);
	tach_child__finish(child);
}

static void refuse_exec(const char *file, int want, const char *message)
{
	struct tach_child *child = spawn((char *[]){(char *)file, NULL});
	struct tach_why why = {""};
	int status;

	assert_int_equal(tach_child__exec(child, &why), want);
	assert_string_equal(why.text, message);
	assert_int_equal(tach_child__poll(child, &status), 1);
	tach_child__finish(child);
}

static void test_exec_errors(void **state)
{
	char dir[] = "/tmp/tachyon-launch-XXXXXX", path[128], message[256];
	FILE *file;

	(void)state;
	setenv("PATH", "/usr/bin:/bin", 1); /* a directory that may not be searched gives EACCES */
	refuse_exec("/no/such/program", -ENOENT,
		    "cannot run /no/such/program: No such file or directory");
	refuse_exec("tachyon-no-such-program", -ENOENT,
		    "cannot run tachyon-no-such-program: No such file or directory");
	refuse_exec("/tmp", -EACCES, "cannot run /tmp: Permission denied");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/script", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("#!/no/such/interpreter\n", file);
	fclose(file);
	chmod(path, 0644);
	snprintf(message, sizeof(message), "cannot run %s: Permission denied", path);
	refuse_exec(path, -EACCES, message);
	chmod(path, 0755);
	snprintf(message, sizeof(message),
		 "cannot run %s: its interpreter (first line) does not exist", path);
	refuse_exec(path, -ENOENT, message);
	unlink(path);
	rmdir(dir);
}

/* As a shell does: it is given to /bin/sh. */
static void test_script_without_first_line(void **state)
{
	char path[] = "/tmp/tachyon-launch-XXXXXX";
	int fd = mkstemp(path);
	struct tach_child *child;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo $0 $1\n", 11), 11);
	fchmod(fd, 0755);
	close(fd);
	capture();
	child = spawn_held((char *[]){path, "arg", NULL});
	assert_nothing_ran(child);
	tach_child__release(child);
	assert_int_equal(strncmp(read_output(), path, strlen(path)), 0);
	assert_int_equal(wait_end(child), 0);
	tach_child__finish(child);
	uncapture();
	unlink(path);
}

/* No descriptor of ours reaches the program. */
static void test_descriptors(void **state)
{
	struct tach_child *child = spawn_held((char *[]){"/bin/sh", "-c", "exit 0", NULL});
	const struct dirent *entry;
	char path[64];
	int fd, flags;
	DIR *dir;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/fd", tach_child__pid(child));
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		fd = (int)strtol(entry->d_name, NULL, 10);
		flags = fcntl(fd, F_GETFD); /* what our caller has left open passes through */
		assert_int_equal(flags, 0);
	}
	closedir(dir);
	tach_child__finish(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_stages, cleanup),
		cmocka_unit_test_teardown(test_chain, cleanup),
		cmocka_unit_test_teardown(test_timeout_without_work, cleanup),
		cmocka_unit_test_teardown(test_poll_keeps_an_exec, cleanup),
		cmocka_unit_test_teardown(test_exec_errors, cleanup),
		cmocka_unit_test_teardown(test_script_without_first_line, cleanup),
		cmocka_unit_test_teardown(test_descriptors, cleanup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
