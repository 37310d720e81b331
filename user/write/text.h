/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEXT_H
#define TACH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "aggregate/profile.h"

/* Names as they come from a target: UTF-8 with lone surrogates, any characters, and in a damaged
 * target any bytes. Not terminated, not owned. */
struct tach_text {
	const char *ptr;
	size_t sz;
};

struct tach_text tach_text__of(const struct tach_frametab *tab, tach_str_id id);

/* What follows the last slash, like os.path.basename(). */
struct tach_text tach_text__basename(struct tach_text path);

bool tach_text__is(struct tach_text text, const char *str);

/* Negative, 0 or positive. By bytes, which for UTF-8 is by code points, as Python compares. */
int tach_text__cmp(struct tach_text a, struct tach_text b);

/* Decode the first character of a text that is not empty. Returns its size and *@code, a lone surrogate
 * included; for a byte that begins no character 1 and TACH_CODE_INVALID. */
#define TACH_CODE_INVALID 0xffffffffu
size_t tach_text__next(struct tach_text text, __u32 *code);

enum tach_escape {
	TACH_ESCAPE_SURROGATES = 1u << 0, /* where the reader takes no lone surrogates */
	TACH_ESCAPE_SEMICOLON = 1u << 1,
};

/* Write @text in one line to @dst, which has room for TACH_ESCAPE_MAX(sz) bytes. Control characters,
 * line separators, stray bytes and what @flags (enum tach_escape) names become \xNN or \uNNNN, as
 * Python's "backslashreplace" would write them. Returns the number of bytes. */
#define TACH_ESCAPE_MAX(sz) ((sz) * 4)
size_t tach_text__escape(char *dst, struct tach_text text, unsigned flags);

/* Append Python's repr() of @text to @dst, which has room for TACH_REPR_MAX(sz) bytes. Returns the
 * number of bytes. Which of the rarer characters are printable is approximated. */
#define TACH_REPR_MAX(sz) ((sz) * 4 + 2)
size_t tach_text__repr(char *dst, struct tach_text text);

/* Number @cnt texts by their order: *@rank is 0 for the smallest, equal texts have equal ranks,
 * no rank is left out. 0 or -ENOMEM. */
int tach_text__rank(const struct tach_text *texts, __u32 cnt, __u32 *rank);

#endif
