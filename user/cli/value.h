/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_VALUE_H
#define TACH_VALUE_H

#include "util/log.h"

/* Text of an option's argument -> field of struct tach_opts. */
struct tach_option;

/* Set *@field from @arg (NULL for an option without argument). 0, or -EINVAL with @why: the part of
 * the message after "argument --x: ". Texts stay the caller's: argv. */
typedef int (*tach_setter)(const struct tach_option *option, const char *arg, void *field,
			   struct tach_why *why);

int tach_set__flag(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why); /* bool: true */
int tach_set__text(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why); /* const char * */
int tach_set__choice(const struct tach_option *option, const char *arg, void *field,
		     struct tach_why *why); /* int: index in option->choices */
int tach_set__limit(const struct tach_option *option, const char *arg, void *field,
		    struct tach_why *why); /* int, the nearest there is */
int tach_set__rate(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why); /* __u64: period in ns */
int tach_set__duration(const struct tach_option *option, const char *arg, void *field,
		       struct tach_why *why); /* double: seconds >= 0; negative: 0 */
int tach_set__size(const struct tach_option *option, const char *arg, void *field,
		   struct tach_why *why); /* __u32: bytes, a power of two */

/* Python's int(): blanks around it, a sign, digits with single underscores; the nearest int of what is none
 * in C. 0, or -EINVAL with @why. */
int tach_value__int(const char *arg, int *out, struct tach_why *why);

#endif
