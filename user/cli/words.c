// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/words.h"

/* getopt's code of row i; above every letter. */
#define ROW_BASE 256

void tach_words__init(struct tach_words *words, int argc, char **argv, unsigned int where,
		      bool stop)
{
	struct option *row = words->longs;
	char *letter = words->shorts;
	int i;

	memset(words, 0, sizeof(*words));
	words->argc = argc;
	words->argv = argv;
	words->where = where;
	words->stop = stop;
	*letter++ = stop ? '+' : '-'; /* '-': positional arguments come in order, as code 1 */
	*letter++ = ':';	      /* a missing argument comes as ':' */
	for (i = 0; tach_options[i].name && i < TACH_OPTION_MAX; i++) {
		const struct tach_option *option = &tach_options[i];

		if (!(option->where & where))
			continue;
		row->name = option->name;
		row->has_arg = option->metavar ? required_argument : no_argument;
		row->val = ROW_BASE + i;
		row++;
		if (!option->letter)
			continue;
		*letter++ = option->letter;
		if (option->metavar)
			*letter++ = ':';
	}
	opterr = 0;
	optind = 0; /* glibc: start anew */
}

void tach_words__name(const struct tach_option *option, char *buf, size_t sz)
{
	if (option->letter)
		snprintf(buf, sz, "-%c/--%s", option->letter, option->name);
	else
		snprintf(buf, sz, "--%s", option->name);
}

static const struct tach_option *by_code(const struct tach_words *words, int code)
{
	int i;

	if (code >= ROW_BASE)
		return &tach_options[code - ROW_BASE];
	for (i = 0; tach_options[i].name; i++)
		if (tach_options[i].letter == code && (tach_options[i].where & words->where))
			return &tach_options[i];
	return NULL;
}

/* argparse, too, takes such a word for an argument, not for an option. */
static bool negative_number(const char *word)
{
	if (*word++ != '-')
		return false;
	word += strspn(word, "0123456789");
	if (*word == '.')
		word += 1 + strspn(word + 1, "0123456789");
	return !*word && isdigit((unsigned char)word[-1]);
}

/* "--sort", "--sort=x" -> length of the name. */
static size_t name_len(const char *word)
{
	return strcspn(word + 2, "=");
}

static bool is_prefix(const char *word, const char *name)
{
	return strncmp(word + 2, name, name_len(word)) == 0;
}

/* The options that the word may mean, as "--a, --b". Returns how many. */
static int candidates(const struct tach_words *words, const char *word, char *list, size_t sz)
{
	size_t used = 0;
	int i, cnt = 0;

	list[0] = '\0';
	for (i = 0; tach_options[i].name; i++) {
		if (!(tach_options[i].where & words->where) ||
		    !is_prefix(word, tach_options[i].name))
			continue;
		if (used < sz)
			used += (size_t)snprintf(list + used, sz - used, "%s--%s", cnt ? ", " : "",
						 tach_options[i].name);
		cnt++;
	}
	return cnt;
}

/* An option that the reference profiler has and this version does not; NULL if the word is none. */
static const char *absent(const char *word)
{
	const char *const *name, *found = NULL;

	for (name = tach_absent_options; *name; name++) {
		if (!is_prefix(word, *name))
			continue;
		if (strlen(*name) == name_len(word))
			return *name;
		if (found)
			return NULL;
		found = *name;
	}
	return found;
}

static enum tach_word bad(struct tach_why *why, const struct tach_option *option, const char *text)
{
	char name[64];

	tach_words__name(option, name, sizeof(name));
	tach_why__set(why, -EINVAL, "argument %s: %s", name, text);
	return TACH_WORD_BAD;
}

/* What getopt answered with '?'. */
static enum tach_word explain(const struct tach_words *words, const char *word,
			      struct tach_why *why)
{
	char list[256], text[256];

	if (strncmp(word, "--", 2) != 0) {
		tach_why__set(why, -EINVAL, "unrecognized arguments: %s", word);
		return TACH_WORD_BAD;
	}
	if (optopt >= ROW_BASE) {
		snprintf(text, sizeof(text), "ignored explicit argument '%s'",
			 word + 2 + name_len(word) + 1);
		return bad(why, by_code(words, optopt), text);
	}
	if (candidates(words, word, list, sizeof(list)) > 1)
		tach_why__set(why, -EINVAL, "ambiguous option: %s could match %s", word, list);
	else if (absent(word))
		tach_why__set(why, -EINVAL, "--%s is not available in this version", absent(word));
	else
		tach_why__set(why, -EINVAL, "unrecognized arguments: %s", word);
	return TACH_WORD_BAD;
}

/* -o --collapsed: the option's argument was forgotten. */
static bool forgotten(const struct tach_words *words, const char *arg)
{
	return arg == words->argv[optind - 1] && arg[0] == '-' && arg[1] && !negative_number(arg);
}

enum tach_word tach_words__next(struct tach_words *words, const struct tach_option **option,
				const char **arg, struct tach_why *why)
{
	const char *word;
	int code;

	do {
		/* Nothing is permuted, so this is the word that getopt looks at now. */
		word = words->argv[optind ? optind : 1];
		code = getopt_long(words->argc, words->argv, words->shorts, words->longs, NULL);
	} while (code == '?' && word == words->number); /* its other digits */

	if (code == -1)
		return TACH_WORD_END;
	if (code == '?' && !words->stop && negative_number(word)) {
		words->number = word;
		*arg = word;
		return TACH_WORD_POSITIONAL;
	}
	if (code == 1) {
		*arg = optarg;
		return TACH_WORD_POSITIONAL;
	}
	if (code == '?')
		return explain(words, word, why);
	if (code == ':')
		return bad(why, by_code(words, optopt), "expected one argument");
	*option = by_code(words, code);
	*arg = (*option)->metavar ? optarg : NULL;
	if (*arg && forgotten(words, *arg))
		return bad(why, *option, "expected one argument");
	return TACH_WORD_OPTION;
}

int tach_words__rest(const struct tach_words *words)
{
	return optind < words->argc ? optind : words->argc;
}
