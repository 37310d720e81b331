// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/types.h"
#include "write/as_user.h"
#include "write/place.h"

#define MAX_LINKS 40 /* as the kernel: path_resolution(7) */
#define MAX_TEMPS 100

int tach_place__why(struct tach_why *why, int err, const char *path)
{
	const char *hint = "", *cause = strerror(-err);
	char who[80] = "";
	struct passwd *user;
	uid_t uid;

	if (err == -ELOOP)
		cause = "it is a symbolic link of another user, or a loop of links";
	if (err == -ENOSPC || err == -EDQUOT)
		hint = "; make room, or give another place with -o";
	else if (err != -EPIPE && err != -ENOMEM)
		hint = "; give another place with -o";
	if ((err == -EACCES || err == -EPERM) && tach_as_user__uid(&uid)) {
		user = getpwuid(uid);
		if (user)
			snprintf(who, sizeof(who), " for user %s, who called sudo", user->pw_name);
		else
			snprintf(who, sizeof(who), " for user id %u, who called sudo", uid);
	}
	return tach_why__set(why, err, "cannot write %s: %s%s%s", path, cause, who, hint);
}

static uid_t writer_uid(void)
{
	uid_t uid;

	return tach_as_user__uid(&uid) ? uid : geteuid();
}

/* Replace *@path (malloc'd) by what the symbolic link there says. */
static int read_link(char **path)
{
	const char *slash = strrchr(*path, '/');
	char target[PATH_MAX], *joined;
	ssize_t sz;
	int len;

	sz = readlink(*path, target, sizeof(target) - 1);
	if (sz < 0)
		return -errno;
	if (sz == sizeof(target) - 1)
		return -ENAMETOOLONG;
	target[sz] = '\0';
	len = target[0] != '/' && slash ? (int)(slash + 1 - *path) : 0;
	if (asprintf(&joined, "%.*s%s", len, *path, target) < 0)
		return -ENOMEM;
	free(*path);
	*path = joined;
	return 0;
}

/* Follow the links at the end of *@path, none of which may be somebody else's: in a directory like
 * /tmp it could lead anywhere. (Links in its directories are the kernel's matter.) Returns 1 if there
 * is something, with *@st; 0 if the name is free; or a negative errno. */
static int follow(char **path, struct stat *st)
{
	int links, err;

	for (links = 0; links < MAX_LINKS; links++) {
		if (lstat(*path, st))
			return errno == ENOENT ? 0 : -errno;
		if (!S_ISLNK(st->st_mode))
			return 1;
		if (st->st_uid != 0 && st->st_uid != writer_uid())
			return -ELOOP;
		err = read_link(path);
		if (err)
			return err;
	}
	return -ELOOP;
}

static int open_flags(const char *path, int flags)
{
	int fd = open(path, flags | O_WRONLY | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0666);

	return fd < 0 ? -errno : fd;
}

/* Where a file is. The descriptor of the directory is good for paths only. */
static int open_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash + 1 - path) : strdup(".");
	int fd;

	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	return fd < 0 ? -errno : fd;
}

/* Where everybody may make files, somebody may have made a file or a pipe of this name to read what we write, or
 * to have it wait forever. The same as the kernel's fs.protected_regular and .protected_fifos (proc_sys_fs(5)),
 * which need not be switched on. Returns 0 or a negative errno. */
static int check_trap(const char *path, const struct stat *st)
{
	struct stat dir;
	int fd, err = 0;

	if (st->st_uid == 0 || st->st_uid == writer_uid())
		return 0;
	fd = open_dir_of(path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &dir))
		err = -errno;
	else if (dir.st_mode & S_ISVTX && dir.st_mode & S_IWOTH && st->st_uid != dir.st_uid)
		err = -EACCES;
	close(fd);
	return err;
}

/* A device or a pipe. Opening a pipe waits for its reader, which a probe must not. */
static int open_special(struct tach_place *place, const char *path, const struct stat *st,
			bool probe)
{
	if (S_ISSOCK(st->st_mode))
		return -ENXIO; /* as open(2) says it */
	if (probe)
		return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) ? -errno : 0;
	place->fd = open_flags(path, 0);
	return place->fd < 0 ? place->fd : 0;
}

static int open_dir(struct tach_place *place, const char *path)
{
	const char *slash = strrchr(path, '/');

	place->name = strdup(slash ? slash + 1 : path);
	if (!place->name)
		return -ENOMEM;
	place->dir_fd = open_dir_of(path);
	if (place->dir_fd < 0)
		return place->dir_fd;
	return *place->name ? 0 : -EISDIR;
}

static int open_temp(struct tach_place *place, const char *path)
{
	__u64 number = 0;
	int i, err;

	err = open_dir(place, path);
	if (err)
		return err;
	for (i = 0; i < MAX_TEMPS; i++) {
		/* Nobody can have made all of them before. */
		if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
			number++;
		if (asprintf(&place->temp, ".tachyon-bpf-%d-%llx.tmp", getpid(), number) < 0) {
			place->temp = NULL;
			return -ENOMEM;
		}
		place->fd = openat(place->dir_fd, place->temp,
				   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (place->fd >= 0)
			return 0;
		err = -errno;
		free(place->temp);
		place->temp = NULL;
		if (err != -EEXIST)
			return err;
	}
	return err;
}

static void forget_dir(struct tach_place *place)
{
	free(place->temp);
	free(place->name);
	place->temp = place->name = NULL;
	if (place->dir_fd >= 0)
		close(place->dir_fd);
	place->dir_fd = -1;
}

/* The rights that an old file gave. Those of a group that its successor cannot have go to nobody. */
static int copy_mode(int fd, const struct stat *old)
{
	mode_t mode = old->st_mode & 0777;

	if (fchown(fd, (uid_t)-1, old->st_gid))
		mode &= ~S_IRWXG;
	return fchmod(fd, mode) ? -errno : 0;
}

/* Nothing takes the place of what is mounted, as single files are in containers. */
static bool is_mounted(int fd)
{
	struct statx stx;

	return !statx(fd, "", AT_EMPTY_PATH, 0, &stx) && stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Make a file that is to take the place of @old. 1, or 0 if @old itself is to be written, or a negative errno. */
static int open_successor(struct tach_place *place, const char *path, int old)
{
	struct stat st;
	int err;

	if (fstat(old, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EAGAIN; /* it was a moment ago */
	if (st.st_uid != writer_uid() || is_mounted(old))
		return 0;
	err = open_temp(place, path);
	if (!err)
		return copy_mode(place->fd, &st) ?: 1;
	forget_dir(place);
	return err == -EACCES || err == -EPERM ? 0 : err;
}

/* O_CREAT although the file is there: with it the kernel, too, refuses others' files in directories like /tmp. */
static int open_regular(struct tach_place *place, const char *path)
{
	int fd, made;

	fd = open_flags(path, O_CREAT | O_NONBLOCK);
	if (fd < 0)
		return fd;
	made = open_successor(place, path, fd);
	if (made) {
		close(fd);
		return made < 0 ? made : 0;
	}
	place->fd = fd;
	place->regular = true;
	return 0;
}

static int open_place(struct tach_place *place, char **path, bool probe)
{
	struct stat st;
	int found, err;

	found = follow(path, &st);
	if (found < 0)
		return found;
	if (!found)
		return open_temp(place, *path);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	err = check_trap(*path, &st);
	if (err)
		return err;
	return S_ISREG(st.st_mode) ? open_regular(place, *path)
				   : open_special(place, *path, &st, probe);
}

int tach_place__open(struct tach_place *place, const char *path, bool probe, struct tach_why *why)
{
	struct tach_as_user as;
	char *real;
	int err;

	*place = (struct tach_place){.fd = -1, .dir_fd = -1};
	if (!*path)
		return tach_place__why(why, -ENOENT, "''");
	real = strdup(path);
	if (!real)
		return tach_place__why(why, -ENOMEM, path);
	err = tach_as_user__enter(&as);
	if (!err) {
		err = open_place(place, &real, probe);
		tach_as_user__leave(&as);
	}
	free(real);
	if (!err)
		return 0;
	tach_place__discard(place);
	return tach_place__why(why, err, path);
}

static int close_fd(struct tach_place *place)
{
	int err = 0;

	/* Network file systems report here what they could not write. */
	if (place->fd >= 0 && close(place->fd))
		err = -errno;
	place->fd = -1;
	return err;
}

int tach_place__commit(struct tach_place *place)
{
	struct tach_as_user as;
	int err;

	err = close_fd(place);
	if (!err && place->temp) {
		err = tach_as_user__enter(&as);
		if (!err && renameat(place->dir_fd, place->temp, place->dir_fd, place->name))
			err = -errno;
		tach_as_user__leave(&as);
	}
	if (!err)
		forget_dir(place);
	tach_place__discard(place);
	return err;
}

void tach_place__discard(struct tach_place *place)
{
	struct tach_as_user as;

	close_fd(place);
	if (place->temp && !tach_as_user__enter(&as)) {
		unlinkat(place->dir_fd, place->temp, 0);
		tach_as_user__leave(&as);
	}
	forget_dir(place);
}

int tach_place__beside(const char *path, char **name)
{
	struct tach_place place = {.fd = -1, .dir_fd = -1};
	const char *slash = strrchr(path, '/');
	struct tach_as_user as;
	int err = tach_as_user__enter(&as);

	if (err)
		return err;
	err = open_temp(&place, path);
	tach_as_user__leave(&as);
	if (!err &&
	    asprintf(name, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, place.temp) < 0) {
		*name = NULL;
		tach_place__discard(&place);
		return -ENOMEM;
	}
	forget_dir(&place);
	return err ?: place.fd;
}

void tach_place__remove(const char *path)
{
	struct tach_as_user as;

	if (tach_as_user__enter(&as))
		return;
	unlink(path);
	tach_as_user__leave(&as);
}
