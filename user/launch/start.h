/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_START_H
#define TACH_START_H

#include "launch/identity.h"

/* What the child does between fork and exec. */

enum tach_start_step {
	TACH_START_USER, /* become the invoking user */
	TACH_START_EXEC,
};

/* What failed, through the link; nothing comes when the exec worked. */
struct tach_start_report {
	enum tach_start_step step;
	int err; /* errno */
};

/* Signals are as a new program expects them: none blocked, none handled; those ignored stay so (nohup), but for
 * SIGPIPE and SIGXFSZ. */
void tach_start__reset_signals(void);

/* Become the invoking user, wait for a byte from @link_fd, exec @argv, with signals reset.
 * Only async-signal-safe calls. */
_Noreturn void tach_start__child(const struct tach_identity *identity, char *const argv[],
				 int link_fd);

#endif
