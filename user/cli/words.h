/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WORDS_H
#define TACH_WORDS_H

#include <stdbool.h>

#include "cli/optable.h"
#include "util/log.h"

/* Words of a command line -> options of the table and other words, as Python's argparse tells them apart:
 * -abc, -r1k, -r=1k, --rate=1k, prefixes of long names that only one option has; a word with a blank in it,
 * and one that looks like a negative number, is no option. */

#define TACH_OPTION_MAX 64 /* rows of the table; a test compares */

enum tach_word {
	TACH_WORD_END,
	TACH_WORD_OPTION,
	TACH_WORD_POSITIONAL,
	TACH_WORD_SEPARATOR, /* the first "--": what follows are positional arguments */
	TACH_WORD_UNKNOWN,   /* an option that nobody knows; the text is without its first dash */
	TACH_WORD_BAD,	     /* the reason is in why, without the program's name */
};

struct tach_words {
	int argc;
	char **argv;
	unsigned int where;  /* which rows of the table count */
	int next;	     /* index of the first word not read */
	const char *letters; /* the rest of a word of short options */
	bool plain;	     /* behind the separator */
};

/* @argv[0] is skipped. */
void tach_words__init(struct tach_words *words, int argc, char **argv, unsigned int where);

/* The next word. Sets *@option for an option; *@text to its argument (NULL without), or to the word. */
enum tach_word tach_words__next(struct tach_words *words, const struct tach_option **option,
				const char **text, struct tach_why *why);

/* "-r/--sampling-rate", as argparse names an option in messages. */
void tach_words__name(const struct tach_option *option, char *buf, size_t sz);

#endif
