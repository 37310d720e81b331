/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PLACE_H
#define TACH_PLACE_H

#include <stdbool.h>

#include "util/log.h"

/* Where a path leads, opened for writing with the rights of the invoking user:
 * - a name that is free, or a regular file of that user: a temporary file beside it, which takes the
 *   name in the end. Readers never see half a profile, and an old one survives a failure;
 * - another regular file that the user may write (somebody else's, or in a directory where the user
 *   may not make files, or mounted there): that file itself, emptied;
 * - a device or pipe: itself;
 * - a file or pipe of somebody else's in a directory like /tmp, where it may be a trap: refused;
 * - a symbolic link: where it leads, if the link is the user's or root's. Others' are refused. */
struct tach_place {
	int fd;	      /* open for writing */
	int dir_fd;   /* where name and temp are; -1: fd is the thing itself */
	char *name;   /* final */
	char *temp;   /* present */
	bool regular; /* fd is a regular file, not a temporary one: empty it first */
};

/* Find out and open. @probe: only see whether it would work: a device is not opened, a file's contents
 * stay. 0, or a negative errno with @why. */
int tach_place__open(struct tach_place *place, const char *path, bool probe, struct tach_why *why);

/* Close, and give the temporary file its name. 0 or a negative errno; the temporary file is gone in
 * either case. */
int tach_place__commit(struct tach_place *place);
/* Close and remove the temporary file. */
void tach_place__discard(struct tach_place *place);

/* Make a file with a temporary name in the directory of @path, for reading and writing. A descriptor and
 * *@name, its path, which the caller frees; or a negative errno. */
int tach_place__beside(const char *path, char **name);
void tach_place__remove(const char *path);

/* Set @why to "cannot write @path: ..." for @err (negative errno), which is returned. */
int tach_place__why(struct tach_why *why, int err, const char *path);

#endif
