/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CONVERT_H
#define TACH_CONVERT_H

#include "cli/opts.h"

/* `replay`: a recording that was written before, in another format. Returns the exit code (enum tach_exit); has
 * printed what went wrong. */
int tach_convert__run(const struct tach_opts *opts);

#endif
