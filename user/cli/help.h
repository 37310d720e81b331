/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HELP_H
#define TACH_HELP_H

#include <stdio.h>

#include "cli/optable.h"

/* What the option table looks like to people, and to their shells. A @command of NULL is the program as a
 * whole. */

/* The bit of @command in tach_option.where. */
unsigned int tach_help__where(const struct tach_command_info *command);
void tach_help__usage(FILE *out, const struct tach_command_info *command);
/* "replay, --live": what the reference has there and this version has not; commands if @where has
 * TACH_IN_TOP. Empty if there is nothing. */
void tach_help__later(unsigned int where, char *buf, size_t sz);

/* These are tach_option.print. */
void tach_help__print(FILE *out, const struct tach_command_info *command,
		      const struct tach_opts *opts);
/* The manual page, in roff (man(7)). */
void tach_man__print(FILE *out, const struct tach_command_info *command,
		     const struct tach_opts *opts);

#endif
