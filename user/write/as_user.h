/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_AS_USER_H
#define TACH_AS_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Under sudo, files are opened, made, renamed and removed with the rights of the user who called sudo:
 * they belong to that user, and root never writes where the user could not. For this thread only, and
 * only for file access (setfsuid(2)). Without sudo nothing changes. */
struct tach_as_user {
	bool on;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* [group_cnt] root's own, to go back to; NULL: none */
	int group_cnt;
};

/* Become the user. 0, or a negative errno: nothing has changed then. -EPERM: we are root but may not
 * change identity (CAP_SETUID, CAP_SETGID), or sudo's variables are incomplete. */
int tach_as_user__enter(struct tach_as_user *as);
void tach_as_user__leave(struct tach_as_user *as); /* keeps errno */

/* The user's id, if files are written as somebody else than ourselves. */
bool tach_as_user__uid(uid_t *uid);

#endif
