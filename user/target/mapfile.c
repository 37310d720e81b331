// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "target/mapfile.h"
#include "target/procinfo.h"

/* Open what @path_fd (O_PATH, consumed) stands for. To open a device would be an act. */
static int open_regular(int path_fd)
{
	char self[64];
	struct stat st;
	int fd;

	if (path_fd < 0)
		return -errno;
	if (fstat(path_fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(path_fd);
		return -EINVAL;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", path_fd);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(path_fd);
	return fd;
}

/* The path is printed as seen from our root. A target in a chroot has its root below ours; one in
 * another mount namespace has paths that start at the root of that one. */
static int open_in_root(int proc_fd, const char *path)
{
	/* Symbolic links in there lead to files in there. */
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root_fd, fd;

	root_fd = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root_fd, tach_procinfo__path_in_root(proc_fd, path), &how,
			  sizeof(how));
	fd = open_regular(fd);
	close(root_fd);
	return fd;
}

int tach_mapfile__open(int proc_fd, const struct tach_map *map, bool is_exe)
{
	char name[64];
	int fd;

	/* Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN (Linux v6.1 fs/proc/base.c,
	 * proc_map_files_get_link()); the others do not. */
	snprintf(name, sizeof(name), "map_files/%llx-%llx", map->start, map->end);
	fd = open_regular(openat(proc_fd, name, O_PATH | O_CLOEXEC));
	if (fd < 0 && is_exe)
		fd = open_regular(openat(proc_fd, "exe", O_PATH | O_CLOEXEC));
	if (fd < 0 && !map->deleted)
		fd = open_in_root(proc_fd, map->path);
	return fd;
}
