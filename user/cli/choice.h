/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CHOICE_H
#define TACH_CHOICE_H

#include <stddef.h>

#include "util/log.h"

/* What a user wrote instead of one of several words, told in Python's manner. */

/* Python's repr() of a string: in quotes, with escapes. Cut to @sz. */
void tach_repr(const char *text, char *buf, size_t sz);

/* The one of @choices (NULL-terminated) that is most like @word, or NULL if none is: as
 * difflib.get_close_matches(word, choices, 1), up to words of 64 bytes. */
const char *tach_choice__like(const char *word, const char *const *choices);

/* -EINVAL with "invalid choice: 'cpuu', maybe you meant 'cpu'? (choose from 'wall', ...)". */
int tach_choice__refuse(const char *word, const char *const *choices, struct tach_why *why);

#endif
