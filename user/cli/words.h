/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WORDS_H
#define TACH_WORDS_H

#include <getopt.h>
#include <stdbool.h>

#include "cli/optable.h"
#include "util/log.h"

/* Words of a command line -> options of the table and positional arguments. getopt_long(3) underneath
 * (one at a time, it has global state): -abc, -r1k, --rate=1k, prefixes of long names that only one
 * option has. */

#define TACH_OPTION_MAX 64 /* rows of the table; a test compares */

enum tach_word {
	TACH_WORD_END,
	TACH_WORD_OPTION,
	TACH_WORD_POSITIONAL,
	TACH_WORD_BAD, /* the reason is in why, without the program's name */
};

struct tach_words {
	int argc;
	char **argv;
	unsigned int where; /* which rows of the table count */
	bool stop;	    /* at the first positional argument: what follows is not ours */
	const char *number; /* the word last returned because it is a negative number */
	char shorts[2 * TACH_OPTION_MAX + 3];
	struct option longs[TACH_OPTION_MAX + 1];
};

/* @argv[0] is skipped. */
void tach_words__init(struct tach_words *words, int argc, char **argv, unsigned int where,
		      bool stop);

/* The next word. Sets *@option for an option; *@arg to its argument (NULL without) or to the
 * positional argument. */
enum tach_word tach_words__next(struct tach_words *words, const struct tach_option **option,
				const char **arg, struct tach_why *why);

/* After TACH_WORD_END: index of the first word not read. */
int tach_words__rest(const struct tach_words *words);

/* "-r/--sampling-rate", as argparse names an option in messages. */
void tach_words__name(const struct tach_option *option, char *buf, size_t sz);

#endif
