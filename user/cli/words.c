// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* CPython v3.15.0, Lib/argparse.py: ArgumentParser._parse_optional(), _get_option_tuples() and
 * consume_optional() of _parse_known_args(). */
#include "cli/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/choice.h"

/* What a word that begins with a dash may mean. */
struct meaning {
	const struct tach_option *option; /* NULL: nobody knows it */
	const char *arg;		  /* behind "=" or behind the letter, or NULL */
	int cnt;			  /* of options that it is a prefix of */
	char list[256];			  /* "--a, --b" */
};

void tach_words__init(struct tach_words *words, int argc, char **argv, unsigned int where)
{
	*words = (struct tach_words){.argc = argc, .argv = argv, .where = where, .next = 1};
}

void tach_words__name(const struct tach_option *option, char *buf, size_t sz)
{
	if (option->letter)
		snprintf(buf, sz, "-%c/--%s", option->letter, option->name);
	else
		snprintf(buf, sz, "--%s", option->name);
}

static const struct tach_option *by_letter(const struct tach_words *words, char letter)
{
	const struct tach_option *option;

	for (option = tach_options; option->name; option++)
		if (letter && option->letter == letter && (option->where & words->where))
			return option;
	return NULL;
}

static void add_meaning(struct meaning *meaning, const struct tach_option *option)
{
	size_t used = strlen(meaning->list);

	snprintf(meaning->list + used, sizeof(meaning->list) - used, "%s--%s",
		 meaning->cnt ? ", " : "", option->name);
	meaning->option = option;
	meaning->cnt++;
}

/* The options whose names begin with the @len bytes at @name. Our own count only if none of the reference's
 * does: what can be abbreviated there can be here. */
static void find_long(const struct tach_words *words, const char *name, size_t len,
		      struct meaning *meaning)
{
	const struct tach_option *option;

	for (int own = 0; own < 2 && !meaning->cnt; own++) {
		for (option = tach_options; option->name; option++)
			if ((option->where & words->where) && option->own == own &&
			    strncmp(option->name, name, len) == 0)
				add_meaning(meaning, option);
	}
	for (option = tach_options; option->name; option++) {
		if ((option->where & words->where) && strlen(option->name) == len &&
		    strncmp(option->name, name, len) == 0) {
			meaning->option = option;
			meaning->cnt = 1;
		}
	}
}

/* "=1k", "1k", "": what follows a letter. */
static const char *behind_letter(const char *rest)
{
	return *rest == '=' ? rest + 1 : *rest ? rest : NULL;
}

/* As argparse: "-5", "-.5", and whatever goes on behind that. */
static bool negative_number(const char *word)
{
	return isdigit((unsigned char)word[word[1] == '.' ? 2 : 1]);
}

/* False if the word is no option at all. */
static bool look_up(const struct tach_words *words, const char *word, struct meaning *meaning)
{
	const char *equals;
	size_t len;

	*meaning = (struct meaning){};
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-') {
		equals = strchr(word, '=');
		len = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
		find_long(words, word + 2, len, meaning);
		meaning->arg = equals ? equals + 1 : NULL;
	} else {
		meaning->option = by_letter(words, word[1]);
		meaning->cnt = meaning->option ? 1 : 0;
		meaning->arg = behind_letter(word + 2);
	}
	return meaning->cnt || (!negative_number(word) && !strchr(word, ' '));
}

static enum tach_word TACH_PRINTF(3, 4)
	bad(struct tach_why *why, const struct tach_option *option, const char *fmt, ...)
{
	char name[64], text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tach_words__name(option, name, sizeof(name));
	tach_why__set(why, -EINVAL, "argument %s: %s", name, text);
	return TACH_WORD_BAD;
}

/* The argument of @option: @given with it, or the next word. */
static enum tach_word take_argument(struct tach_words *words, const struct tach_option *option,
				    const char *given, const char **text, struct tach_why *why)
{
	const char *next = words->next < words->argc ? words->argv[words->next] : NULL;
	struct meaning meaning;
	char shown[256];

	*text = given;
	if (!option->metavar && !given)
		return TACH_WORD_OPTION;
	if (!option->metavar) {
		tach_repr(given, shown, sizeof(shown));
		return bad(why, option, "ignored explicit argument %s", shown);
	}
	if (given)
		return TACH_WORD_OPTION;
	if (!next || strcmp(next, "--") == 0 || look_up(words, next, &meaning))
		return bad(why, option, "expected one argument");
	words->next++;
	*text = next;
	return TACH_WORD_OPTION;
}

/* A letter of a word of short options; @rest follows it. */
static enum tach_word take_letter(struct tach_words *words, const struct tach_option *option,
				  const char *rest, const char **text, struct tach_why *why)
{
	if (!option->metavar && *rest && *rest != '=' && *rest != '-') {
		words->letters = rest;
		*text = NULL;
		return TACH_WORD_OPTION;
	}
	return take_argument(words, option, behind_letter(rest), text, why);
}

static enum tach_word next_letter(struct tach_words *words, const struct tach_option **option,
				  const char **text, struct tach_why *why)
{
	const char *letters = words->letters;

	words->letters = NULL;
	*option = by_letter(words, *letters);
	if (*option)
		return take_letter(words, *option, letters + 1, text, why);
	*text = letters;
	return TACH_WORD_UNKNOWN;
}

enum tach_word tach_words__next(struct tach_words *words, const struct tach_option **option,
				const char **text, struct tach_why *why)
{
	struct meaning meaning;
	const char *word;

	if (words->letters)
		return next_letter(words, option, text, why);
	if (words->next >= words->argc)
		return TACH_WORD_END;
	word = words->argv[words->next++];
	*text = word;
	if (words->plain)
		return TACH_WORD_POSITIONAL;
	if (strcmp(word, "--") == 0) {
		words->plain = true;
		return TACH_WORD_SEPARATOR;
	}
	if (!look_up(words, word, &meaning))
		return TACH_WORD_POSITIONAL;
	if (!meaning.cnt) {
		*text = word + 1;
		return TACH_WORD_UNKNOWN;
	}
	if (meaning.cnt > 1) {
		tach_why__set(why, -EINVAL, "ambiguous option: %s could match %s", word,
			      meaning.list);
		return TACH_WORD_BAD;
	}
	*option = meaning.option;
	if (word[1] != '-')
		return take_letter(words, *option, word + 2, text, why);
	return take_argument(words, *option, meaning.arg, text, why);
}
