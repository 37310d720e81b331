// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "load/features.h"
#include "load/kernel.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static void read_line(const char *path, char *line, size_t sz)
{
	FILE *file = fopen(path, "re");

	line[0] = '\0';
	if (!file)
		return;
	if (!fgets(line, sz, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static bool has_cap(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t set = CAP_CLEAR;

	return caps && !cap_get_flag(caps, cap, CAP_EFFECTIVE, &set) && set == CAP_SET;
}

static int check_caps(struct tach_why *why)
{
	cap_t caps = cap_get_proc();
	bool admin = has_cap(caps, CAP_SYS_ADMIN);
	bool bpf = admin || has_cap(caps, CAP_BPF);
	bool perfmon = admin || has_cap(caps, CAP_PERFMON);

	cap_free(caps);
	if (bpf && perfmon)
		return 0;
	return tach_why__set(why, -EPERM,
			     "not allowed to load BPF programs: missing %s%s%s; use sudo, in a "
			     "container `docker run"
			     "%s%s`",
			     bpf ? "" : "CAP_BPF", !bpf && !perfmon ? " and " : "",
			     perfmon ? "" : "CAP_PERFMON", bpf ? "" : " --cap-add=BPF",
			     perfmon ? "" : " --cap-add=PERFMON");
}

/* What says no where the capabilities were checked before. */
#define SOMEBODY_ELSE                                                                              \
	"a seccomp filter or a security module forbids it, or the capabilities are those of a "    \
	"user namespace only; try from the machine itself, as root"

static int check_kernel(bool force, struct tach_why *why)
{
	struct utsname uts;
	char signature[256];

	if (uname(&uts))
		return tach_why__set(why, -errno, "cannot tell the kernel's version: %s",
				     strerror(errno));
	read_line("/proc/version_signature", signature, sizeof(signature));
	switch (tach_kernel__judge(uts.release, uts.version, signature)) {
	case TACH_KERNEL_FITS:
		return 0;
	case TACH_KERNEL_OLD:
		return tach_why__set(why, -ENOTSUP,
				     "Linux %s is too old: tachyon-bpf needs 6.1 or newer",
				     uts.release);
	case TACH_KERNEL_FREEZES:
		return tach_why__set(
			why, -ENOTSUP,
			"Linux %s can freeze when a profiler reads user memory in an interrupt "
			"(fixed in 6.1.36, 6.3.10 and 6.4): update the kernel",
			uts.release);
	case TACH_KERNEL_UNSURE:
		if (force)
			return 0;
		return tach_why__set(
			why, -ENOTSUP,
			"Linux %s may freeze when a profiler reads user memory in an interrupt "
			"(fixed upstream in 6.1.36, 6.3.10 and 6.4), and its version does not say "
			"whether it has the fix: use --force if you know that it has",
			uts.release);
	}
	return 0;
}

int tach_features__check(bool force, struct tach_why *why)
{
	int err = check_kernel(force, why);

	if (err)
		return err;
	if (access(KERNEL_BTF, R_OK))
		return tach_why__set(why, -ENOTSUP,
				     "the kernel does not describe its types (%s: %s): tachyon-bpf "
				     "needs a kernel "
				     "built with CONFIG_DEBUG_INFO_BTF=y",
				     KERNEL_BTF, strerror(errno));
	return check_caps(why);
}

void tach_features__explain(int err, struct tach_why *why)
{
	char lockdown[128];

	read_line("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	if (strstr(lockdown, "[confidentiality]"))
		tach_why__set(why, err,
			      "the kernel refused the BPF programs: it is locked down for "
			      "confidentiality, which forbids reading user memory");
	else if (err == -EPERM) /* -EACCES is the verifier's */
		tach_why__set(why, err,
			      "not allowed to load BPF programs in spite of CAP_BPF and "
			      "CAP_PERFMON: " SOMEBODY_ELSE);
	else if (err == -ENOMEM)
		tach_why__set(why, err,
			      "the kernel has not enough memory for the BPF maps: try a smaller "
			      "--ring-size");
	else
		tach_why__set(why, err,
			      "the kernel refused the BPF programs: %s (--verbose shows more)",
			      strerror(-err));
}

void tach_features__explain_timer(int err, int cpu, struct tach_why *why)
{
	char paranoid[32];

	read_line("/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof(paranoid));
	if (err == -EACCES)
		tach_why__set(
			why, err,
			"not allowed to start a timer on CPU %d: kernel.perf_event_paranoid is "
			"%s; use sudo, or set it to 2",
			cpu, paranoid);
	else if (err == -EPERM)
		tach_why__set(why, err,
			      "not allowed to start a timer on CPU %d in spite of "
			      "CAP_PERFMON: " SOMEBODY_ELSE,
			      cpu);
	else
		tach_why__set(why, err, "cannot start a timer on CPU %d: %s", cpu, strerror(-err));
}

int tach_features__parse_cpus(const char *list, bool *online, int cnt)
{
	int found = 0, from, to, used;

	while (*list) {
		if (sscanf(list, "%d%n", &from, &used) != 1 || from < 0)
			return -EINVAL;
		list += used;
		to = from;
		if (*list == '-') {
			if (sscanf(list, "-%d%n", &to, &used) != 1 || to < from)
				return -EINVAL;
			list += used;
		}
		for (int cpu = from; cpu <= to && cpu < cnt; cpu++, found++)
			online[cpu] = true;
		if (*list == ',')
			list++;
		else if (*list)
			return -EINVAL;
	}
	return found;
}

int tach_features__online_cpus(bool **online, int *cnt)
{
	int possible = libbpf_num_possible_cpus(), found;
	char list[4096];

	if (possible < 0)
		return possible;
	*online = calloc(possible, sizeof(**online));
	if (!*online)
		return -ENOMEM;
	*cnt = possible;
	read_line("/sys/devices/system/cpu/online", list, sizeof(list));
	found = tach_features__parse_cpus(list, *online, possible);
	if (found > 0)
		return 0;
	free(*online);
	*online = NULL;
	return found < 0 ? found : -ENOENT;
}
