// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "load/kernel.h"

struct version {
	unsigned major, minor, patch;
	bool exact; /* patch is the stable number, not a vendor's */
};

static unsigned number(const struct version *v)
{
	return v->major * 1000000 + v->minor * 1000 + v->patch;
}

static bool scan(const char *text, struct version *out)
{
	out->patch = 0;
	return sscanf(text, "%u.%u.%u", &out->major, &out->minor, &out->patch) >= 2;
}

static struct version find_version(const char *release, const char *version, const char *signature)
{
	static const char debian_mark[] = "Debian ";
	struct version found = {0}, vendor;
	const char *debian = strstr(version, debian_mark);
	const char *last = strrchr(signature, ' ');

	scan(release, &found);
	if (debian && scan(debian + strlen(debian_mark), &vendor)) {
		vendor.exact = true;
		return vendor;
	}
	/* "Ubuntu 6.2.0-39.40-generic 6.2.16": upstream's number is the last word. */
	if (last && scan(last + 1, &vendor)) {
		vendor.exact = true;
		return vendor;
	}
	/* Vanilla: nothing but "-something" of a local build behind the number; patch 0 with a "-NN" ABI
	 * number is a distribution's way to say nothing about the stable release. */
	found.exact = found.patch != 0 || !strchr(release, '-');
	return found;
}

enum tach_kernel_fit tach_kernel__judge(const char *release, const char *version,
					const char *signature)
{
	struct version v = find_version(release, version, signature);
	unsigned n = number(&v);
	bool freezes = (n >= 5019000 && n < 6001036) || (n >= 6002000 && n < 6003010);

	if (n < 6001000)
		return TACH_KERNEL_OLD;
	if (!freezes)
		return TACH_KERNEL_FITS;
	return v.exact ? TACH_KERNEL_FREEZES : TACH_KERNEL_UNSURE;
}

bool tach_kernel__storage_unsure(const char *release)
{
	struct version v = {0};

	return !scan(release, &v) || number(&v) < 6002000;
}

enum tach_task_work tach_kernel__task_work(const char *release)
{
	struct version v = {0};

	if (!scan(release, &v) || number(&v) < 6018000)
		return TACH_TASK_WORK_NONE;
	return number(&v) < 7000000 ? TACH_TASK_WORK_IMPL : TACH_TASK_WORK_NEW;
}
