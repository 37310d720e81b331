// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "target/names.h"

/* Up to @sz bytes of a file; 0 if it cannot be read. */
static size_t read_file(int dir_fd, const char *path, char *out, size_t sz)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while (used < sz && (got = read(fd, out + used, sz - used)) > 0)
		used += (size_t)got;
	close(fd);
	return used;
}

static void read_comm(int dir_fd, const char *path, char *out, size_t out_sz)
{
	size_t sz = read_file(dir_fd, path, out, out_sz - 1);

	if (sz && out[sz - 1] == '\n')
		sz--;
	out[sz] = '\0';
}

void tach_names__process(int proc_fd, char *out, size_t out_sz)
{
	read_comm(proc_fd, "comm", out, out_sz);
}

void tach_names__command(int proc_fd, char *out, size_t out_sz)
{
	size_t sz = read_file(proc_fd, "cmdline", out, out_sz - 1);

	while (sz && !out[sz - 1])
		sz--;
	for (char *end = out; (end = memchr(end, '\0', sz - (size_t)(end - out)));)
		*end = ' ';
	out[sz] = '\0';
}

void tach_names__thread(int proc_fd, pid_t tid, char *out, size_t out_sz)
{
	char path[48];

	snprintf(path, sizeof(path), "task/%d/comm", tid);
	read_comm(proc_fd, path, out, out_sz);
}
