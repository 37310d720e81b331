// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Real files in a directory of the test's own. What sudo changes is tested with root by
 * tests/integration/test_output_owner.py. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "write/sink.h"

static char dir[] = "/tmp/tachyon-sink-XXXXXX";

static int enter_dir(void **state)
{
	(void)state;
	umask(022);
	unsetenv("SUDO_UID"); /* root's own files here, also under sudo */
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

static void expect_file(const char *path, const char *expected)
{
	char buf[256] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	close(fd);
	assert_string_equal(buf, expected);
}

static void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Write "new" to @path. */
static int write_new(const char *path, struct tach_why *why)
{
	struct tach_sink *sink = tach_sink__file(path, why);

	if (!sink)
		return -errno;
	tach_sink__write(sink, "ne", 2);
	tach_sink__printf(sink, "%c", 'w');
	return tach_sink__close(sink, why);
}

static void test_new_file(void **state)
{
	struct tach_sink *sink;
	struct tach_why why;
	struct stat st;

	(void)state;
	sink = tach_sink__file("out", &why);
	assert_non_null(sink);
	tach_sink__write(sink, "text", 4);
	assert_int_equal(access("out", F_OK), -1); /* not before it is whole */
	assert_int_equal(tach_sink__close(sink, &why), 0);
	expect_file("out", "text");
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(entry_cnt(), 1);
	unlink("out");
}

static void test_replaces(void **state)
{
	struct tach_sink *sink;
	struct tach_why why;
	struct stat st;

	(void)state;
	make_file("out", "old and longer", 0600);
	sink = tach_sink__file("./out", &why);
	assert_non_null(sink);
	tach_sink__write(sink, "new", 3);
	expect_file("out", "old and longer");
	assert_int_equal(tach_sink__close(sink, &why), 0);
	expect_file("out", "new");
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600); /* a private file stays private */
	assert_int_equal(entry_cnt(), 1);
	unlink("out");
}

static void test_abort_keeps_the_old(void **state)
{
	struct tach_sink *sink;
	struct tach_why why;

	(void)state;
	make_file("out", "old", 0644);
	sink = tach_sink__file("out", &why);
	assert_non_null(sink);
	tach_sink__write(sink, "new", 3);
	tach_sink__abort(sink);
	tach_sink__abort(NULL);
	expect_file("out", "old");
	assert_int_equal(entry_cnt(), 1);
	unlink("out");
}

/* Everything that passes the buffer's edge arrives once and in order. */
static void test_large(void **state)
{
	enum { LINES = 60000 };
	struct tach_sink *sink;
	struct tach_why why;
	char *line = NULL;
	size_t sz = 0;
	FILE *file;
	int i, number;

	(void)state;
	sink = tach_sink__file("out", &why);
	assert_non_null(sink);
	for (i = 0; i < LINES; i++)
		tach_sink__printf(sink, "%d %.*s\n", i, i % 40,
				  "........................................");
	assert_int_equal(tach_sink__close(sink, &why), 0);
	file = fopen("out", "r");
	assert_non_null(file);
	for (i = 0; getline(&line, &sz, file) > 0; i++) {
		assert_int_equal(sscanf(line, "%d", &number), 1);
		assert_int_equal(number, i);
		assert_int_equal(strcspn(strchr(line, ' ') + 1, "\n"), i % 40);
	}
	assert_int_equal(i, LINES);
	free(line);
	fclose(file);
	unlink("out");
}

static void test_full(void **state)
{
	struct tach_sink *sink;
	struct tach_why why;
	char block[4096] = "";
	int i;

	(void)state;
	assert_int_equal(write_new("/dev/full", &why), -ENOSPC);
	assert_non_null(strstr(why.text, "cannot write /dev/full: No space left on device"));
	/* The first error stays the error, and later writes are harmless. */
	sink = tach_sink__file("/dev/full", &why);
	assert_non_null(sink);
	for (i = 0; i < 100; i++)
		tach_sink__write(sink, block, sizeof(block));
	tach_sink__fail(sink, -EIO);
	assert_int_equal(tach_sink__close(sink, &why), -ENOSPC);
	assert_int_equal(write_new("/dev/null", &why), 0);
	assert_int_equal(entry_cnt(), 0);
}

static void test_fail(void **state)
{
	struct tach_sink *sink;
	struct tach_why why;

	(void)state;
	sink = tach_sink__file("out", &why);
	assert_non_null(sink);
	tach_sink__fail(sink, -ENOMEM);
	tach_sink__write(sink, "new", 3);
	assert_int_equal(tach_sink__close(sink, &why), -ENOMEM);
	assert_string_equal(why.text, "cannot write out: Cannot allocate memory");
	assert_int_equal(entry_cnt(), 0);
}

/* Somebody has made what looks like our temporary files. */
static void test_taken_names(void **state)
{
	struct tach_why why;
	char name[64];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), ".tachyon-bpf-%d-%x.tmp", getpid(), i);
		make_file(name, "", 0644);
	}
	assert_int_equal(write_new("out", &why), 0);
	expect_file("out", "new");
	assert_int_equal(entry_cnt(), 1001);
	assert_int_equal(system("rm .tachyon-bpf-* out"), 0);
}

static void test_bad_places(void **state)
{
	struct tach_why why;
	char longer[300];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	make_file("file", "", 0644);
	assert_int_equal(write_new("", &why), -ENOENT);
	assert_int_equal(write_new("missing/out", &why), -ENOENT);
	assert_string_equal(why.text, "cannot write missing/out: No such file or directory; "
				      "give another place with -o");
	assert_int_equal(write_new("file/out", &why), -ENOTDIR);
	assert_int_equal(write_new(".", &why), -EISDIR);
	assert_int_equal(write_new("/", &why), -EISDIR);
	assert_int_equal(write_new(longer, &why), -ENAMETOOLONG);
	assert_int_equal(write_new("/proc/self/out", &why), -ENOENT);
	assert_int_equal(tach_sink__check("missing/out", &why), -ENOENT);
	assert_int_equal(tach_sink__check("/", &why), -EISDIR);
	unlink("file");
	assert_int_equal(entry_cnt(), 0);
}

/* Rights count for everybody but root, who is nobody in here. */
static void test_no_permission(void **state)
{
	const uid_t nobody = 65534;
	bool root = geteuid() == 0;
	struct tach_why why;

	(void)state;
	assert_int_equal(mkdir("user", 0755), 0);
	if (root) {
		assert_int_equal(chmod(".", 0755), 0);
		assert_int_equal(chown("user", nobody, nobody), 0);
		assert_int_equal(seteuid(nobody), 0);
	}
	assert_int_equal(chdir("user"), 0);
	make_file("read-only", "old", 0444);
	assert_int_equal(write_new("read-only", &why), -EACCES);
	expect_file("read-only", "old");
	assert_int_equal(mkdir("locked", 0755), 0);
	make_file("locked/mine", "old and longer", 0644);
	assert_int_equal(chmod("locked", 0555), 0);
	assert_int_equal(write_new("locked/out", &why), -EACCES);
	assert_int_equal(tach_sink__check("locked/out", &why), -EACCES);
	/* Where no file can be made, the old one is written itself. */
	assert_int_equal(tach_sink__check("locked/mine", &why), 0);
	expect_file("locked/mine", "old and longer");
	assert_int_equal(write_new("locked/mine", &why), 0);
	expect_file("locked/mine", "new");
	assert_int_equal(chmod("locked", 0755), 0);
	unlink("locked/mine");
	rmdir("locked");
	unlink("read-only");
	assert_int_equal(chdir(".."), 0);
	if (root)
		assert_int_equal(seteuid(0), 0);
	rmdir("user");
}

static void test_links(void **state)
{
	struct tach_why why;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	make_file("sub/real", "old", 0644);
	assert_int_equal(symlink("real", "sub/link"), 0);
	assert_int_equal(symlink("sub/link", "link"), 0);
	assert_int_equal(write_new("link", &why), 0);
	expect_file("sub/real", "new");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(lstat("sub/link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	/* To nothing: the file is made there. */
	unlink("sub/real");
	assert_int_equal(write_new("link", &why), 0);
	expect_file("sub/real", "new");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(write_new("loop", &why), -ELOOP);
	assert_non_null(strstr(why.text, "a loop of links"));
	assert_int_equal(symlink("/dev/full", "full"), 0);
	assert_int_equal(write_new("full", &why), -ENOSPC);
	unlink("full");
	unlink("loop");
	unlink("link");
	unlink("sub/link");
	unlink("sub/real");
	rmdir("sub");
}

static void test_check_leaves_no_trace(void **state)
{
	struct tach_why why;

	(void)state;
	assert_int_equal(tach_sink__check("out", &why), 0);
	assert_int_equal(entry_cnt(), 0);
	make_file("out", "old", 0644);
	assert_int_equal(tach_sink__check("out", &why), 0);
	expect_file("out", "old");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(tach_sink__check("pipe", &why), 0); /* does not wait for a reader */
	assert_int_equal(tach_sink__check("/dev/full", &why), 0);
	unlink("pipe");
	unlink("out");
	assert_int_equal(entry_cnt(), 0);
}

static void *drain_slowly(void *arg)
{
	const int *fds = arg;
	char buf[8192];
	ssize_t sz;
	size_t all = 0;

	do {
		usleep(100);
		sz = read(fds[0], buf, sizeof(buf));
		all += sz > 0 ? sz : 0;
	} while (sz > 0);
	return (void *)all;
}

/* Whoever started us may have made the pipe non-blocking. */
static void test_nonblocking_pipe(void **state)
{
	enum { SZ = 300000 };
	struct tach_sink *sink;
	struct tach_why why;
	pthread_t reader;
	int fds[2], i;
	void *all;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	sink = tach_sink__fd(fds[1], "the pipe", &why);
	assert_non_null(sink);
	assert_int_equal(pthread_create(&reader, NULL, drain_slowly, fds), 0);
	for (i = 0; i < SZ; i++)
		tach_sink__write(sink, "x", 1);
	assert_int_equal(tach_sink__close(sink, &why), 0);
	close(fds[1]);
	assert_int_equal(pthread_join(reader, &all), 0);
	assert_int_equal((uintptr_t)all, SZ);
	close(fds[0]);
	sink = tach_sink__fd(fds[1], "the pipe", &why);
	assert_null(sink);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_file),
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_abort_keeps_the_old),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_taken_names),
		cmocka_unit_test(test_bad_places),
		cmocka_unit_test(test_no_permission),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_check_leaves_no_trace),
		cmocka_unit_test(test_nonblocking_pipe),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
