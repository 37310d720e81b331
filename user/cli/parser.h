/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PARSER_H
#define TACH_PARSER_H

#include <errno.h>

#include "cli/words.h"

/* Returned where the answer is an exit code. */
#define TACH_PARSER_DONE (-ECANCELED)

/* What the parser knows so far. */
struct tach_parser {
	const struct tach_command_info *command; /* NULL before the command */
	struct tach_opts *out;
	int *exit_code;
	bool seen[TACH_OPTION_MAX]; /* by row of the table */
	bool has_positional;
	char *unknown; /* words that are nobody's, each behind a blank, or NULL; ours */
};

/* Usage (of the program if @command is NULL) and one line on stderr; TACH_PARSER_DONE with the exit code of
 * a usage error. */
int tach_parser__error(const struct tach_parser *parser, const struct tach_command_info *command,
		       const char *fmt, ...) TACH_PRINTF(3, 4);

/* Options that make no sense together, in the order and the words of the reference; then what this version
 * does not have. 0 or TACH_PARSER_DONE. */
int tach_parser__check(const struct tach_parser *parser);

#endif
