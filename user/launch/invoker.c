// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch/launch.h"

#define NOGROUP 65534

/* A decimal id as sudo writes it. */
static bool parse_id(const char *text, unsigned int *out)
{
	unsigned long value;
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end || errno || value >= UINT_MAX) /* (uid_t)-1 means "leave as it is" */
		return false;
	*out = (unsigned int)value;
	return true;
}

static char *copy(const char *text)
{
	return text && *text ? strdup(text) : NULL;
}

static void look_up(struct tach_invoker *out)
{
	const struct passwd *entry;
	const char *name = NULL;
	bool from_sudo;

	*out = (struct tach_invoker){.uid = getuid(), .gid = getgid()};
	/* The environment is only believed when root made it, not when we are a set-uid program. */
	from_sudo = out->uid == 0 && parse_id(getenv("SUDO_UID"), &out->uid) && out->uid != 0;
	out->sudo = from_sudo || (out->uid != 0 && geteuid() == 0);
	entry = getpwuid(out->uid);
	if (from_sudo) {
		name = getenv("SUDO_USER");
		if (!parse_id(getenv("SUDO_GID"), &out->gid))
			out->gid = entry ? entry->pw_gid : NOGROUP;
	}
	out->name = copy(entry ? entry->pw_name : name);
	out->home = copy(entry ? entry->pw_dir : NULL);
}

const struct tach_invoker *tach_invoker(void)
{
	static struct tach_invoker invoker;
	static bool known;

	if (!known)
		look_up(&invoker);
	known = true;
	return &invoker;
}
