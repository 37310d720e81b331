// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/procinfo.h"

#define DELETED " (deleted)"

/* Linux v6.18 include/linux/sched.h */
#define FLAG_KTHREAD 0x00200000

/* Read a small file, NUL-terminated. 0 or a negative errno. */
static int read_text(int dir_fd, const char *path, char *out, size_t out_sz)
{
	ssize_t got;
	int fd, err;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, out, out_sz - 1);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	out[got] = '\0';
	return 0;
}

/* Point behind the name in a stat file: the name is in parentheses and may contain any. */
static const char *behind_name(const char *stat)
{
	const char *paren = strrchr(stat, ')');

	return paren && paren[1] == ' ' ? paren + 2 : NULL;
}

enum tach_proc_kind tach_procinfo__kind(int proc_fd)
{
	char stat[1024], state;
	const char *rest;
	unsigned int flags;

	if (read_text(proc_fd, "stat", stat, sizeof(stat)) != 0)
		return TACH_PROC_GONE;
	/* Fields 3 and 9 of proc(5), /proc/PID/stat. */
	rest = behind_name(stat);
	if (!rest || sscanf(rest, "%c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return TACH_PROC_GONE;
	if (flags & FLAG_KTHREAD)
		return TACH_PROC_KERNEL;
	return state == 'Z' || state == 'X' ? TACH_PROC_ZOMBIE : TACH_PROC_USER;
}

pid_t tach_procinfo__leader(pid_t tid)
{
	char path[48], status[2048];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (read_text(AT_FDCWD, path, status, sizeof(status)) != 0)
		return 0;
	line = strstr(status, "\nTgid:");
	return line ? (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10) : 0;
}

void tach_procinfo__exe(int proc_fd, char *out, size_t out_sz)
{
	size_t mark_len = strlen(DELETED);
	ssize_t len = readlinkat(proc_fd, "exe", out, out_sz - 1);

	if (len < 0)
		len = 0;
	out[len] = '\0';
	if ((size_t)len > mark_len && strcmp(out + len - mark_len, DELETED) == 0)
		out[len - mark_len] = '\0';
}

const char *tach_procinfo__path_in_root(int proc_fd, const char *path)
{
	char root[PATH_MAX];
	ssize_t len = readlinkat(proc_fd, "root", root, sizeof(root) - 1);

	if (len <= 1)
		return path;
	return strncmp(path, root, len) == 0 && path[len] == '/' ? path + len : path;
}

/* A name is data from somebody else: it must not move the cursor or forge a second line. Bytes from
 * 0x80 on stay, but for the second control set as it is in UTF-8 (c2 80 - c2 9f). */
static void make_printable(char *text)
{
	unsigned char last = 0;

	for (unsigned char *pos = (unsigned char *)text; *pos; pos++) {
		bool is_c1 = last == 0xc2 && *pos >= 0x80 && *pos < 0xa0;

		last = *pos;
		if (*pos < 0x20 || *pos == 0x7f || is_c1)
			*pos = '?';
	}
}

void tach_procinfo__exe_text(int proc_fd, char *out, size_t out_sz)
{
	const char *inside;

	tach_procinfo__exe(proc_fd, out, out_sz);
	inside = tach_procinfo__path_in_root(proc_fd, out);
	memmove(out, inside, strlen(inside) + 1);
	if (!out[0])
		snprintf(out, out_sz, "?");
	make_printable(out);
}

__u64 tach_procinfo__thread_cpu_ns(int proc_fd, pid_t tid)
{
	char path[48], text[1024];
	unsigned long long ns, user_ticks, system_ticks;
	const char *rest;

	snprintf(path, sizeof(path), "task/%d/schedstat", tid);
	if (read_text(proc_fd, path, text, sizeof(text)) == 0 && sscanf(text, "%llu", &ns) == 1 &&
	    ns)
		return ns;

	/* A kernel without CONFIG_SCHED_INFO: fields 14 and 15 of proc(5), in clock ticks. */
	snprintf(path, sizeof(path), "task/%d/stat", tid);
	if (read_text(proc_fd, path, text, sizeof(text)) != 0)
		return 0;
	rest = behind_name(text);
	if (!rest || sscanf(rest, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
			    &user_ticks, &system_ticks) != 2)
		return 0;
	return (user_ticks + system_ticks) * (1000000000ull / (unsigned long)sysconf(_SC_CLK_TCK));
}
