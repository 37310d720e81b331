/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_IDENTITY_H
#define TACH_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

#include "launch/launch.h"

/* Everything a child needs to become the invoking user, collected before the fork: behind it nothing
 * may allocate or ask the user database. */

#define TACH_IDENTITY_VARS 4 /* HOME USER LOGNAME SHELL */

struct tach_identity {
	bool change; /* false: stays who it is */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* [group_cnt] supplementary, with gid */
	int group_cnt;
	char **env;			/* NULL-terminated; most strings are those of environ */
	char *vars[TACH_IDENTITY_VARS]; /* the strings in env that are ours */
};

/* 0 or a negative errno. */
int tach_identity__init(struct tach_identity *identity, const struct tach_invoker *who);
void tach_identity__free(struct tach_identity *identity);

/* In the child: groups, gid, uid, for good. Async-signal-safe. 0, or a negative errno: do not go on;
 * -EPERM also when root could be had back. */
int tach_identity__assume(const struct tach_identity *identity);

#endif
