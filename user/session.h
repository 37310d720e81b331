/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SESSION_H
#define TACH_SESSION_H

#include "cli/opts.h"

/* One recording from start to written profile. Returns the exit code of the program: the target's own
 * for `run`, else enum tach_exit. Has printed what went wrong. */
int tach_session__run(const struct tach_opts *opts);

#endif
