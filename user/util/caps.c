// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <sys/capability.h>

#include "util/caps.h"

int tach_caps__drop(bool own_files)
{
	const cap_value_t keep[] = {
		CAP_BPF,		/* read maps, set a layout after an exec */
		CAP_PERFMON,		/* " */
		CAP_SYS_PTRACE,		/* read the target's memory and /proc files */
		CAP_CHECKPOINT_RESTORE, /* open /proc/PID/map_files */
		CAP_DAC_READ_SEARCH,	/* reach binaries in a container's root */
		CAP_KILL,		/* end a program started as the invoking user */
		CAP_SETUID,		/* write files as the invoking user */
		CAP_SETGID,
		CAP_DAC_OVERRIDE, /* last: only with own_files */
	};
	int cnt = sizeof(keep) / sizeof(*keep) - (own_files ? 0 : 1), err = 0;
	cap_t now = cap_get_proc(), want = cap_init();
	cap_flag_value_t permitted;

	if (!now || !want) {
		err = -errno;
		goto out;
	}
	for (int i = 0; i < cnt; i++) {
		if (cap_get_flag(now, keep[i], CAP_PERMITTED, &permitted) || permitted != CAP_SET)
			continue;
		cap_set_flag(want, CAP_PERMITTED, 1, &keep[i], CAP_SET);
		cap_set_flag(want, CAP_EFFECTIVE, 1, &keep[i], CAP_SET);
	}
	if (cap_set_proc(want))
		err = -errno;
out:
	cap_free(now);
	cap_free(want);
	return err;
}
