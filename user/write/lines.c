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

#include "util/grow.h"
#include "util/types.h"
#include "write/lines.h"

struct file {
	UT_hash_handle hh; /* key: path */
	char *data;	   /* [sz], NULL: not readable */
	size_t sz;
	__u32 *starts; /* [cnt] where each line begins; NULL: nobody has asked yet */
	size_t start_cap;
	__u32 cnt;
	char path[];
};

struct tach_lines {
	int root_fd, cwd_fd; /* of the target; -1: cannot be opened */
	struct file *files;  /* hash */
	size_t kept_sz;	     /* of their data */
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

static void forget(struct tach_lines *lines)
{
	struct file *file, *next;

	HASH_ITER (hh, lines->files, file, next) {
		HASH_DEL(lines->files, file);
		free(file->data);
		free(file->starts);
		free(file);
	}
	lines->kept_sz = 0;
}

void tach_lines__free(struct tach_lines *lines)
{
	if (!lines)
		return;
	forget(lines);
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

static struct file *find_file(struct tach_lines *lines, const char *path)
{
	size_t len = strlen(path);
	struct file *file;
	int fd;

	HASH_FIND(hh, lines->files, path, len, file);
	if (file)
		return file;
	if (lines->kept_sz > TACH_LINES_KEPT_SZ - TACH_LINES_MAX_SZ)
		forget(lines);
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
	lines->kept_sz += file->sz;
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

/* Find where its lines begin: once, as a file may have millions. What there is no memory for is not there. */
static void index_lines(struct file *file)
{
	size_t pos, next;
	__u32 *moved;

	for (pos = 0; pos < file->sz; pos = next) {
		moved = tach_grow(file->starts, &file->start_cap, file->cnt + 1, sizeof(*moved));
		if (!moved)
			return;
		file->starts = moved;
		file->starts[file->cnt++] = (__u32)pos;
		line_end(file, pos, &next);
	}
}

static const struct file *find_lines(struct tach_lines *lines, const char *path)
{
	struct file *file = find_file(lines, path);

	if (file && file->data && !file->starts)
		index_lines(file);
	return file;
}

struct tach_text tach_lines__get(struct tach_lines *lines, const char *path, int line)
{
	const struct file *file = find_lines(lines, path);
	size_t pos, next;

	if (!file || line < 1 || (__u32)line > file->cnt)
		return (struct tach_text){"", 0};
	pos = file->starts[line - 1];
	return (struct tach_text){file->data + pos, line_end(file, pos, &next) - pos};
}

int tach_lines__cnt(struct tach_lines *lines, const char *path)
{
	const struct file *file = find_lines(lines, path);

	return file ? (int)file->cnt : 0;
}
