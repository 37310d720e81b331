// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "write/label.h"

void tach_label__thread(const struct tach_profile *profile, __u32 who_idx,
			char label[TACH_LABEL_SZ])
{
	const struct tach_who *who = tach_profile__who(profile, who_idx);
	const struct tach_process *process = tach_profile__process(profile, who->process);
	size_t sz;

	/* A thread without a name of its own has that of the process. */
	if (who->main_thread)
		snprintf(label, TACH_LABEL_SZ, "MainThread");
	else if (*who->name && strcmp(who->name, process->name) != 0)
		snprintf(label, TACH_LABEL_SZ, "%s", who->name);
	else
		snprintf(label, TACH_LABEL_SZ, "Thread-%u", who->tid);
	sz = strlen(label);
	if (who->interp)
		snprintf(label + sz, TACH_LABEL_SZ - sz, " (interpreter %u)", who->interp);
}
