/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_DUMP_H
#define TACH_DUMP_H

#include "cli/opts.h"

/* The command `dump`: print the stacks that the threads of a process have now (snapshot.h). Returns an exit
 * code. */
int tach_dump__run(const struct tach_opts *opts);

#endif
