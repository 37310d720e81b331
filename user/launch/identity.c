// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launch/identity.h"

/* What sudo sets for root (sudoers(5), "Command environment") is not the user's. */
static bool is_sudos(const char *var)
{
	static const char *const names[] = {
		"HOME=",     "USER=",	   "LOGNAME=",	    "SHELL=",	  "MAIL=",     "SUDO_UID=",
		"SUDO_GID=", "SUDO_USER=", "SUDO_COMMAND=", "SUDO_HOME=", "SUDO_TTY=", NULL};
	const char *const *name;

	for (name = names; *name; name++)
		if (strncmp(var, *name, strlen(*name)) == 0)
			return true;
	return false;
}

/* NAME=@value as identity->vars[@idx]; nothing if the value is unknown. */
static int set_var(struct tach_identity *identity, int idx, const char *name, const char *value)
{
	if (value && asprintf(&identity->vars[idx], "%s=%s", name, value) < 0) {
		identity->vars[idx] = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int init_env(struct tach_identity *identity, const struct tach_invoker *who)
{
	const struct passwd *entry = getpwuid(who->uid);
	size_t cnt = 0, used = 0, i;

	if (set_var(identity, 0, "HOME", who->home ? who->home : "/") ||
	    set_var(identity, 1, "USER", who->name) || set_var(identity, 2, "LOGNAME", who->name) ||
	    set_var(identity, 3, "SHELL", entry && *entry->pw_shell ? entry->pw_shell : "/bin/sh"))
		return -ENOMEM;
	while (environ && environ[cnt])
		cnt++;
	identity->env = calloc(cnt + TACH_IDENTITY_VARS + 1, sizeof(*identity->env));
	if (!identity->env)
		return -ENOMEM;
	for (i = 0; i < cnt; i++)
		if (!is_sudos(environ[i]))
			identity->env[used++] = environ[i];
	for (i = 0; i < TACH_IDENTITY_VARS; i++)
		if (identity->vars[i])
			identity->env[used++] = identity->vars[i];
	return 0;
}

static int init_groups(struct tach_identity *identity, const struct tach_invoker *who)
{
	int cnt = 32;
	gid_t *groups;

	for (;;) {
		groups = reallocarray(identity->groups, (size_t)cnt, sizeof(*groups));
		if (!groups)
			return -ENOMEM;
		identity->groups = groups;
		identity->group_cnt = cnt;
		/* Without a name there can be no supplementary groups. */
		if (!who->name) {
			groups[0] = who->gid;
			identity->group_cnt = 1;
			return 0;
		}
		if (getgrouplist(who->name, who->gid, groups, &identity->group_cnt) >= 0)
			return 0;
		if (identity->group_cnt <= cnt)
			return -EIO;
		cnt = identity->group_cnt;
	}
}

int tach_identity__init(struct tach_identity *identity, const struct tach_invoker *who)
{
	int err;

	*identity = (struct tach_identity){.change = who->sudo, .uid = who->uid, .gid = who->gid};
	if (!who->sudo)
		return 0;
	err = init_groups(identity, who);
	if (!err)
		err = init_env(identity, who);
	if (err)
		tach_identity__free(identity);
	return err;
}

void tach_identity__free(struct tach_identity *identity)
{
	int i;

	for (i = 0; i < TACH_IDENTITY_VARS; i++)
		free(identity->vars[i]);
	free(identity->env);
	free(identity->groups);
	*identity = (struct tach_identity){0};
}

int tach_identity__assume(const struct tach_identity *identity)
{
	uid_t uids[3];
	gid_t gids[3];
	int i;

	if (!identity->change)
		return 0;
	/* The uid last: it takes the right to do the others. */
	if (setgroups((size_t)identity->group_cnt, identity->groups) ||
	    setresgid(identity->gid, identity->gid, identity->gid) ||
	    setresuid(identity->uid, identity->uid, identity->uid))
		return -errno;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (getresuid(&uids[0], &uids[1], &uids[2]) || getresgid(&gids[0], &gids[1], &gids[2]))
		return -errno;
	for (i = 0; i < 3; i++)
		if (uids[i] != identity->uid || gids[i] != identity->gid)
			return -EPERM;
	/* With unusual securebits the capabilities stay, and root can be had back. */
	return setuid(0) == 0 ? -EPERM : 0;
}
