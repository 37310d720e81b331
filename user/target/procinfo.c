// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/procinfo.h"

#define DELETED " (deleted)"

/* Linux v6.18 include/linux/sched.h */
#define FLAG_KTHREAD   0x00200000
#define MAX_PID_LEVELS 33 /* MAX_PID_NS_LEVEL + 1; include/linux/pid_namespace.h */

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

pid_t tach_procinfo__number(int pidfd)
{
	char path[48], info[512];
	const char *line;
	long number;

	/* Linux v6.1 kernel/fork.c, pidfd_show_fdinfo(): 0 not in that namespace, -1 ended. */
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (read_text(AT_FDCWD, path, info, sizeof(info)) != 0)
		return -ENOENT;
	line = strstr(info, "\nPid:");
	number = line ? strtol(line + strlen("\nPid:"), NULL, 10) : 0;
	if (number < 0)
		return -ESRCH;
	return number ? (pid_t)number : -ENOENT;
}

/* NULL if there is none. */
static FILE *open_status(int proc_fd)
{
	int fd = openat(proc_fd, "status", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* Read up to the line that begins with @key. @line is of getline(3). */
static bool find_line(FILE *file, const char *key, char **line, size_t *line_sz)
{
	while (getline(line, line_sz, file) > 0) {
		if (strncmp(*line, key, strlen(key)) == 0)
			return true;
	}
	return false;
}

/* Pid namespaces from the one that /proc shows down to that of the process, both included. 0 if unknown:
 * a kernel without them does not say. */
static unsigned int ns_levels(int proc_fd)
{
	FILE *file = open_status(proc_fd);
	unsigned int levels = 0;
	size_t line_sz = 0;
	char *line = NULL;

	if (!file)
		return 0;
	if (find_line(file, "NSpid:", &line, &line_sz)) {
		for (const char *pos = line; (pos = strchr(pos, '\t')); pos++)
			levels++;
	}
	free(line);
	fclose(file);
	return levels;
}

unsigned int tach_procinfo__depth(int proc_fd)
{
	int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned int ours, its;

	if (self_fd < 0)
		return 0;
	ours = ns_levels(self_fd);
	its = ns_levels(proc_fd);
	close(self_fd);
	return its > ours ? its - ours : 0;
}

/* The process of which the thread behind @proc_fd is one; 0 if there is none. */
static pid_t leader_of(int proc_fd)
{
	char status[2048];
	const char *line;

	if (read_text(proc_fd, "status", status, sizeof(status)) != 0)
		return 0;
	line = strstr(status, "\nTgid:");
	return line ? (pid_t)strtol(line + strlen("\nTgid:"), NULL, 10) : 0;
}

static int open_process(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

pid_t tach_procinfo__leader(pid_t tid)
{
	char self[16] = "";
	pid_t leader;
	int fd;

	if (readlink("/proc/self", self, sizeof(self) - 1) < 0 || atoi(self) != getpid())
		return 0;
	fd = open_process(tid);
	if (fd < 0)
		return 0;
	leader = leader_of(fd);
	close(fd);
	return leader;
}

int tach_procinfo__open_living(int proc_fd, pid_t pid)
{
	int task_fd = openat(proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = task_fd < 0 ? NULL : fdopendir(task_fd);
	const struct dirent *entry;
	int fd = -ESRCH;

	if (!dir && task_fd >= 0)
		close(task_fd);
	while (dir && fd < 0 && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid <= 0 || tid == pid)
			continue;
		fd = open_process(tid);
		/* The number may have been given to a stranger meanwhile. */
		if (fd >= 0 &&
		    (leader_of(fd) != pid || tach_procinfo__kind(fd) != TACH_PROC_USER)) {
			close(fd);
			fd = -ESRCH;
		}
	}
	if (dir)
		closedir(dir);
	return fd < 0 ? -ESRCH : fd;
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

/* Read a file of thread @tid. 0 or a negative errno. */
static int read_of_thread(int task_fd, pid_t tid, const char *name, char *out, size_t out_sz)
{
	char path[48];

	snprintf(path, sizeof(path), "%d/%s", tid, name);
	return read_text(task_fd, path, out, out_sz);
}

int tach_procinfo__tids(int task_fd, pid_t tid, __u32 depth, __u32 *host_tid, __u32 *inner_tid)
{
	__u32 tids[MAX_PID_LEVELS], cnt = 0;
	char path[16], *line = NULL;
	size_t line_sz = 0;
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%d", tid);
	fd = openat(task_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	file = open_status(fd);
	close(fd);
	if (!file)
		return -ESRCH;
	if (find_line(file, "NSpid:", &line, &line_sz)) {
		for (char *pos = line; cnt < MAX_PID_LEVELS && (pos = strchr(pos, '\t'));)
			tids[cnt++] = (__u32)strtoul(pos + 1, &pos, 10);
	} else {
		tids[cnt++] = (__u32)tid;
	}
	free(line);
	fclose(file);
	if (cnt <= depth)
		return -ESRCH;
	*inner_tid = tids[cnt - 1];
	*host_tid = tids[cnt - 1 - depth];
	return 0;
}

char tach_procinfo__state(int task_fd, pid_t tid)
{
	char stat[1024];
	const char *rest;

	if (read_of_thread(task_fd, tid, "stat", stat, sizeof(stat)) != 0)
		return 0;
	rest = behind_name(stat);
	return rest ? *rest : 0;
}

struct tach_sched tach_procinfo__sched(int task_fd, pid_t tid)
{
	unsigned long long ran_ns, waited_ns, turns;
	char text[128];

	if (read_of_thread(task_fd, tid, "schedstat", text, sizeof(text)) != 0 ||
	    sscanf(text, "%llu %llu %llu", &ran_ns, &waited_ns, &turns) != 3)
		return (struct tach_sched){0};
	return (struct tach_sched){.ran_ns = ran_ns, .waited_ns = waited_ns, .turns = turns};
}

__u64 tach_procinfo__futex(int task_fd, pid_t tid)
{
	unsigned long long futex;
	char text[256];
	int number;

	if (read_of_thread(task_fd, tid, "syscall", text, sizeof(text)) != 0 ||
	    sscanf(text, "%d %llx", &number, &futex) != 2)
		return 0;
	/* A stop has interrupted it, and it goes on by that, with the same registers. */
	return number == SYS_futex || number == SYS_restart_syscall ? futex : 0;
}

pid_t tach_procinfo__tracer(int task_fd, pid_t tid)
{
	char status[2048];
	const char *line;

	if (read_of_thread(task_fd, tid, "status", status, sizeof(status)) != 0)
		return 0;
	line = strstr(status, "\nTracerPid:");
	return line ? (pid_t)strtol(line + strlen("\nTracerPid:"), NULL, 10) : 0;
}
