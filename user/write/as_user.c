// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "write/as_user.h"

/* A number of 32 bits as sudo writes it. */
static bool env_id(const char *name, unsigned *out)
{
	const char *text = getenv(name);
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value >= (uid_t)-1)
		return false;
	*out = value;
	return true;
}

bool tach_as_user__uid(uid_t *uid)
{
	return geteuid() == 0 && env_id("SUDO_UID", uid) && *uid != 0;
}

/* The C library's setgroups() changes every thread of the process; the system call only ours. */
static int set_groups(int cnt, const gid_t *groups)
{
	return syscall(SYS_setgroups, cnt, groups) ? -errno : 0;
}

/* The groups of the user, by name where it has one. */
static int user_groups(uid_t uid, gid_t gid, gid_t **out)
{
	const struct passwd *user = getpwuid(uid);
	int cnt = 64, had;
	gid_t *groups = NULL, *more;

	do {
		had = cnt;
		more = reallocarray(groups, cnt, sizeof(*groups));
		if (!more) {
			free(groups);
			return -ENOMEM;
		}
		groups = more;
		if (!user) {
			groups[0] = gid;
			cnt = 1;
			break;
		}
	} while (getgrouplist(user->pw_name, gid, groups, &cnt) < 0 && cnt > had);
	*out = groups;
	return cnt;
}

static int save_groups(struct tach_as_user *as)
{
	as->group_cnt = getgroups(0, NULL);
	if (as->group_cnt < 0)
		return -errno;
	as->groups = calloc(as->group_cnt + 1, sizeof(*as->groups));
	if (!as->groups)
		return -ENOMEM;
	as->group_cnt = getgroups(as->group_cnt, as->groups);
	return as->group_cnt < 0 ? -errno : 0;
}

/* setfsuid() and setfsgid() report no errors: ask afterwards. Losing user id 0 also takes the file
 * capabilities (CAP_DAC_OVERRIDE, ...) away, and getting it back restores them: capabilities(7). */
static int become(const struct tach_as_user *as, const gid_t *groups, int group_cnt)
{
	int err;

	err = set_groups(group_cnt, groups);
	if (err)
		return err;
	setfsgid(as->gid);
	setfsuid(as->uid);
	if ((uid_t)setfsuid(-1) == as->uid && (gid_t)setfsgid(-1) == as->gid)
		return 0;
	setfsuid(geteuid());
	setfsgid(getegid());
	set_groups(as->group_cnt, as->groups);
	return -EPERM;
}

int tach_as_user__enter(struct tach_as_user *as)
{
	gid_t *groups = NULL;
	int err, group_cnt;

	memset(as, 0, sizeof(*as));
	if (!tach_as_user__uid(&as->uid))
		return 0;
	if (!env_id("SUDO_GID", &as->gid))
		return -EPERM;
	err = save_groups(as);
	if (err)
		goto out;
	group_cnt = user_groups(as->uid, as->gid, &groups);
	err = group_cnt < 0 ? group_cnt : become(as, groups, group_cnt);
	as->on = !err;
out:
	free(groups);
	if (err) {
		free(as->groups);
		as->groups = NULL;
	}
	return err;
}

void tach_as_user__leave(struct tach_as_user *as)
{
	int saved_errno = errno;

	if (as->on) {
		setfsuid(geteuid());
		setfsgid(getegid());
		set_groups(as->group_cnt, as->groups);
		free(as->groups);
	}
	memset(as, 0, sizeof(*as));
	errno = saved_errno;
}
