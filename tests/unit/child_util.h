/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CHILD_UTIL_H
#define TACH_CHILD_UTIL_H

/* Starting real children in tests, and looking at them from outside. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch/launch.h"

#define CHILDREN_MAX 16

/* Where the child's stdout goes: a pipe that we read. */
static int saved_stdout = -1, out_fd = -1;
/* Of this test: a test that fails must not leave anything behind. */
static pid_t children[CHILDREN_MAX];
static int child_cnt;

static inline void capture(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fflush(stdout);
	saved_stdout = fcntl(1, F_DUPFD_CLOEXEC, 3);
	assert_true(saved_stdout >= 0);
	assert_int_equal(dup2(ends[1], 1), 1);
	close(ends[1]);
	out_fd = ends[0];
}

static inline void uncapture(void)
{
	if (saved_stdout < 0)
		return;
	dup2(saved_stdout, 1);
	close(saved_stdout);
	close(out_fd);
	saved_stdout = out_fd = -1;
}

static inline int cleanup(void **state)
{
	(void)state;
	uncapture();
	for (; child_cnt; child_cnt--) {
		/* One that was reaped is no child any more. */
		if (waitpid(children[child_cnt - 1], NULL, WNOHANG | __WALL) != 0)
			continue;
		kill(children[child_cnt - 1], SIGKILL);
		waitpid(children[child_cnt - 1], NULL, __WALL);
	}
	return 0;
}

static inline bool has_output(int wait_ms)
{
	struct pollfd pollfd = {.fd = out_fd, .events = POLLIN};

	return poll(&pollfd, 1, wait_ms) > 0 && (pollfd.revents & POLLIN);
}

static inline const char *read_output(void)
{
	static char text[8192];
	ssize_t len = has_output(5000) ? read(out_fd, text, sizeof(text) - 1) : 0;

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static inline struct tach_child *spawn(char *const argv[])
{
	struct tach_child *child = NULL;
	struct tach_why why = {""};

	if (tach_child__spawn(argv, &child, &why))
		print_error("%s\n", why.text);
	assert_non_null(child);
	assert_true(tach_child__pid(child) > 0);
	assert_true(child_cnt < CHILDREN_MAX);
	children[child_cnt++] = tach_child__pid(child);
	return child;
}

static inline struct tach_child *spawn_held(char *const argv[])
{
	struct tach_child *child = spawn(argv);
	struct tach_why why = {""};

	assert_int_equal(tach_child__exec(child, &why), 0);
	return child;
}

static inline struct tach_child *shell(const char *script)
{
	return spawn_held((char *[]){"/bin/sh", "-c", (char *)script, NULL});
}

static inline int wait_end(struct tach_child *child)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int status = -1, i;

	for (i = 0; i < 5000 && !tach_child__poll(child, &status); i++)
		nanosleep(&pause, NULL);
	return status;
}

static inline size_t read_proc(const struct tach_child *child, const char *name, void *buf,
			       size_t sz)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tach_child__pid(child), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	len = read(fd, buf, sz);
	close(fd);
	assert_true(len >= 0);
	return (size_t)len;
}

static inline char task_state(const struct tach_child *child)
{
	char text[512];
	size_t len = read_proc(child, "stat", text, sizeof(text) - 1);

	text[len] = '\0';
	return strrchr(text, ')')[2];
}

static inline bool wait_state(const struct tach_child *child, char state)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	int i;

	for (i = 0; i < 1000 && task_state(child) != state; i++)
		nanosleep(&pause, NULL);
	return task_state(child) == state;
}

static inline const char *exe_name(const struct tach_child *child)
{
	static char target[256];
	char path[64], *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", tach_child__pid(child));
	len = readlink(path, target, sizeof(target) - 1);
	assert_true(len > 0);
	target[len] = '\0';
	slash = strrchr(target, '/');
	return slash ? slash + 1 : target;
}

/* Held before its first instruction: the program counter is the entry point of the dynamic linker (or
 * of a static program). */
static inline void assert_nothing_ran(const struct tach_child *child)
{
	unsigned long long auxv[128], base = 0, entry = 0, pc;
	char text[256], path[64], *last;
	Elf64_Ehdr header;
	size_t len, i;
	int fd;

	assert_int_equal(task_state(child), 't');
	len = read_proc(child, "auxv", auxv, sizeof(auxv)) / sizeof(*auxv);
	for (i = 0; i + 1 < len; i += 2) {
		if (auxv[i] == AT_BASE)
			base = auxv[i + 1];
		if (auxv[i] == AT_ENTRY)
			entry = auxv[i + 1];
	}
	if (base) {
		snprintf(path, sizeof(path), "/proc/%d/mem", tach_child__pid(child));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(pread(fd, &header, sizeof(header), (off_t)base), sizeof(header));
		close(fd);
		entry = base + header.e_entry;
	}
	len = read_proc(child, "syscall", text, sizeof(text) - 1);
	text[len] = '\0';
	last = strrchr(text, ' ');
	assert_non_null(last);
	pc = strtoull(last, NULL, 16);
	assert_int_equal(pc, entry);
	assert_false(has_output(0));
}

#endif
