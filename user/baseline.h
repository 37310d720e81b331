/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BASELINE_H
#define TACH_BASELINE_H

#include "aggregate/profile.h"

/* The recording that a profile is compared with. Functions that fail have said why. */
struct tach_baseline;

/* Read all of the file, so that a damaged one is known before anything is sampled. 0 and *@out, which the caller
 * frees, or a negative errno. */
int tach_baseline__open(const char *path, struct tach_baseline **out);
void tach_baseline__free(struct tach_baseline *baseline); /* NULL is fine */

/* Whether a recording like @run can be compared with it: mode and features are the same, as far as both are known.
 * 0 or -EINVAL. */
int tach_baseline__check(const struct tach_baseline *baseline, const struct tach_summary *run);

/* Frozen; lives as long as the baseline. */
const struct tach_profile *tach_baseline__profile(const struct tach_baseline *baseline);

#endif
