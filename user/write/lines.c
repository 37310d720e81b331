// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <uthash.h>

#include "write/lines.h"

struct file {
	UT_hash_handle hh; /* key: path */
	char *data;	   /* [sz], NULL: not readable */
	size_t sz;
	char path[];
};

struct tach_lines {
	int root_fd, cwd_fd; /* of the target; -1: cannot be opened */
	struct file *files;  /* hash */
};

struct tach_lines *tach_lines__new(int proc_fd)
{
	struct tach_lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->root_fd = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	lines->cwd_fd = openat(proc_fd, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return lines;
}

void tach_lines__free(struct tach_lines *lines)
{
	struct file *file, *next;

	if (!lines)
		return;
	HASH_ITER (hh, lines->files, file, next) {
		HASH_DEL(lines->files, file);
		free(file->data);
		free(file);
	}
	if (lines->root_fd >= 0)
		close(lines->root_fd);
	if (lines->cwd_fd >= 0)
		close(lines->cwd_fd);
	free(lines);
}

/* An absolute path starts at the target's root, a relative one stays below its working directory. */
static int open_file(const struct tach_lines *lines, const char *path)
{
	bool absolute = *path == '/';
	int dir_fd = absolute ? lines->root_fd : lines->cwd_fd;
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | (absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH),
	};

	if (dir_fd < 0 || !*path)
		return -ENOENT;
	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

static void read_file(struct file *file, int fd)
{
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > TACH_LINES_MAX_SZ)
		return;
	file->data = malloc((size_t)st.st_size + 1);
	if (!file->data)
		return;
	while (file->sz < (size_t)st.st_size) {
		got = read(fd, file->data + file->sz, (size_t)st.st_size - file->sz);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		file->sz += (size_t)got;
	}
}

static const struct file *find_file(struct tach_lines *lines, const char *path)
{
	size_t len = strlen(path);
	struct file *file;
	int fd;

	HASH_FIND(hh, lines->files, path, len, file);
	if (file)
		return file;
	file = calloc(1, sizeof(*file) + len + 1);
	if (!file)
		return NULL;
	memcpy(file->path, path, len);
	HASH_ADD_KEYPTR(hh, lines->files, file->path, len, file);
	fd = open_file(lines, path);
	if (fd >= 0) {
		read_file(file, fd);
		close(fd);
	}
	return file;
}

/* Where the line that begins at @pos ends; *@next: where the next one begins. As Python splits lines. */
static size_t line_end(const struct file *file, size_t pos, size_t *next)
{
	while (pos < file->sz && file->data[pos] != '\n' && file->data[pos] != '\r')
		pos++;
	*next = pos + 1;
	if (pos + 1 < file->sz && file->data[pos] == '\r' && file->data[pos + 1] == '\n')
		*next = pos + 2;
	return pos;
}

struct tach_text tach_lines__get(struct tach_lines *lines, const char *path, int line)
{
	const struct file *file = find_file(lines, path);
	size_t pos = 0, next, end;

	if (!file || !file->data || line < 1)
		return (struct tach_text){"", 0};
	while (pos < file->sz) {
		end = line_end(file, pos, &next);
		if (!--line)
			return (struct tach_text){file->data + pos, end - pos};
		pos = next;
	}
	return (struct tach_text){"", 0};
}
