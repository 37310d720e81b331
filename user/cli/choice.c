// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/choice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 64 /* no choice is so long that a longer word is like it */
#define CUTOFF	 0.6

static size_t put_escaped(unsigned char c, char quote, char out[5])
{
	static const char *const special = "\n\r\t", *const names = "nrt";
	const char *at = c ? strchr(special, c) : NULL;

	if (at)
		return (size_t)sprintf(out, "\\%c", names[at - special]);
	if (c == '\\' || c == (unsigned char)quote)
		return (size_t)sprintf(out, "\\%c", c);
	if (c < ' ' || c == 0x7f)
		return (size_t)sprintf(out, "\\x%02x", c);
	out[0] = (char)c;
	return 1;
}

void tach_repr(const char *text, char *buf, size_t sz)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'', one[5];
	size_t used = 0, len;

	buf[used++] = quote;
	for (; *text; text++) {
		len = put_escaped((unsigned char)*text, quote, one);
		if (used + len + 2 > sz)
			break;
		memcpy(buf + used, one, len);
		used += len;
	}
	buf[used++] = quote;
	buf[used] = '\0';
}

/* The longest run of bytes that both have; the first in a, then the first in b. */
static size_t longest_run(const char *a, size_t a_len, const char *b, size_t b_len, size_t *a_at,
			  size_t *b_at)
{
	size_t best = 0;

	for (size_t i = 0; i < a_len; i++) {
		for (size_t j = 0; j < b_len; j++) {
			size_t len = 0;

			while (i + len < a_len && j + len < b_len && a[i + len] == b[j + len])
				len++;
			if (len <= best)
				continue;
			best = len;
			*a_at = i;
			*b_at = j;
		}
	}
	return best;
}

/* How many bytes of both are in common runs, as difflib.SequenceMatcher finds them. Each call has less than
 * its caller, so it ends. */
static size_t common(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t a_at = 0, b_at = 0, run = longest_run(a, a_len, b, b_len, &a_at, &b_at);

	if (!run)
		return 0;
	return common(a, a_at, b, b_at) + run +
	       common(a + a_at + run, a_len - a_at - run, b + b_at + run, b_len - b_at - run);
}

const char *tach_choice__like(const char *word, const char *const *choices)
{
	const char *best = NULL;
	double best_ratio = CUTOFF;
	size_t len = strlen(word);

	if (len > WORD_MAX)
		return NULL;
	for (; *choices; choices++) {
		size_t choice_len = strlen(*choices);
		double ratio = 2.0 * common(*choices, choice_len, word, len) / (choice_len + len);

		if (ratio > best_ratio ||
		    (ratio == best_ratio && (!best || strcmp(*choices, best) > 0))) {
			best_ratio = ratio;
			best = *choices;
		}
	}
	return best;
}

int tach_choice__refuse(const char *word, const char *const *choices, struct tach_why *why)
{
	const char *like = tach_choice__like(word, choices);
	char shown[256], maybe[128] = "", list[256] = "";
	size_t used = 0;

	for (int i = 0; choices[i] && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s'%s'", i ? ", " : "",
					 choices[i]);
	if (like)
		snprintf(maybe, sizeof(maybe), ", maybe you meant '%s'?", like);
	tach_repr(word, shown, sizeof(shown));
	return tach_why__set(why, -EINVAL, "invalid choice: %s%s (choose from %s)", shown, maybe,
			     list);
}
