// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/proc_maps.h"

#define DELETED " (deleted)"

/* The kernel's own limit (vm.max_map_count) is 65530 by default; 100 bytes each are 6.5 MB. */
#define MAPS_MAX_SZ (64u << 20)

/* Read digits of @base at *@pos, which must be followed by @end; step over both. */
static bool parse_number(char **pos, int base, char end, __u64 *out)
{
	char *stop;

	/* strtoull would take spaces and signs. */
	if (**pos == '-' || **pos == '+' || **pos == ' ' || **pos == '\t')
		return false;
	errno = 0;
	*out = strtoull(*pos, &stop, base);
	if (errno || stop == *pos || *stop != end)
		return false;
	*pos = stop + 1;
	return true;
}

static bool parse_flags(char **pos, struct tach_map *out)
{
	const char *flags = *pos;

	if (strnlen(flags, 5) < 5 || flags[4] != ' ')
		return false;
	out->read = flags[0] == 'r';
	out->write = flags[1] == 'w';
	out->exec = flags[2] == 'x';
	out->shared = flags[3] == 's';
	*pos += 5;
	return true;
}

static void cut_deleted(char *path, struct tach_map *out)
{
	size_t len = strlen(path);
	size_t mark_len = sizeof(DELETED) - 1;

	if (len <= mark_len || strcmp(path + len - mark_len, DELETED) != 0)
		return;
	path[len - mark_len] = '\0';
	out->deleted = true;
}

int tach_map__parse(char *line, struct tach_map *out)
{
	char *pos = line;
	__u64 dev_major, dev_minor;
	size_t digits;

	memset(out, 0, sizeof(*out));
	if (!parse_number(&pos, 16, '-', &out->start) || !parse_number(&pos, 16, ' ', &out->end) ||
	    !parse_flags(&pos, out) || !parse_number(&pos, 16, ' ', &out->offset) ||
	    !parse_number(&pos, 16, ':', &dev_major) || !parse_number(&pos, 16, ' ', &dev_minor))
		return -EINVAL;
	out->dev_major = dev_major;
	out->dev_minor = dev_minor;

	/* Without a path the line ends behind the inode, with or without a space. */
	digits = strspn(pos, "0123456789");
	if (!digits || (pos[digits] && pos[digits] != ' ') || out->start >= out->end)
		return -EINVAL;
	out->inode = strtoull(pos, NULL, 10);
	pos += digits;
	/* The path is padded to a column; a path of a file starts with '/', never with a space. */
	pos += strspn(pos, " ");
	cut_deleted(pos, out);
	out->path = pos;
	return 0;
}

int tach_maps__parse(char *text, struct tach_maps *out)
{
	size_t lines = 1;
	char *rest = text, *line;

	*out = (struct tach_maps){.text = text};
	for (const char *pos = text; (pos = strchr(pos, '\n')); pos++)
		lines++;
	out->items = calloc(lines, sizeof(*out->items));
	if (!out->items) {
		tach_maps__free(out);
		return -ENOMEM;
	}
	while ((line = strsep(&rest, "\n"))) {
		if (tach_map__parse(line, &out->items[out->cnt]) == 0)
			out->cnt++;
	}
	return 0;
}

/* Read @fd to its end. 0 with NUL-terminated *@out (caller frees), or a negative errno. */
static int read_all(int fd, char **out)
{
	size_t room = 64u << 10, sz = 0;
	char *text = NULL;
	int err;

	for (;;) {
		char *grown = realloc(text, room);
		if (!grown) {
			err = -ENOMEM;
			goto fail;
		}
		text = grown;
		while (sz < room - 1) {
			ssize_t got = read(fd, text + sz, room - 1 - sz);
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0) {
				err = -errno;
				goto fail;
			}
			if (got == 0) {
				text[sz] = '\0';
				*out = text;
				return 0;
			}
			sz += got;
		}
		if (room >= MAPS_MAX_SZ) {
			err = -E2BIG;
			goto fail;
		}
		room *= 2;
	}
fail:
	free(text);
	return err;
}

int tach_maps__read(int proc_fd, struct tach_maps *out)
{
	char *text = NULL;
	int fd, err;

	*out = (struct tach_maps){0};
	fd = openat(proc_fd, "maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_all(fd, &text);
	close(fd);
	return err ? err : tach_maps__parse(text, out);
}

void tach_maps__free(struct tach_maps *maps)
{
	free(maps->items);
	free(maps->text);
	*maps = (struct tach_maps){0};
}

bool tach_map__is_file(const struct tach_map *map)
{
	return map->inode && map->path[0] == '/';
}

const char *tach_map__basename(const struct tach_map *map)
{
	const char *slash = strrchr(map->path, '/');

	return slash ? slash + 1 : map->path;
}
