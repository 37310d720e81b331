/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FEATURES_H
#define TACH_FEATURES_H

#include <stdbool.h>

#include "util/log.h"

/* What the kernel and our rights allow, checked before anything is loaded so that the message names the
 * cause and not a symptom. */

/* 0, or a negative errno with @why: -EPERM (missing capabilities by name), -ENOTSUP. */
int tach_features__check(bool force, struct tach_why *why);

/* Say why the kernel refused the programs with @err / the timer of @cpu with @err. */
void tach_features__explain(int err, struct tach_why *why);
void tach_features__explain_timer(int err, int cpu, struct tach_why *why);

/* Which CPUs are on-line: *@online[*@cnt], caller frees. 0 or a negative errno. */
int tach_features__online_cpus(bool **online, int *cnt);

/* Parse a CPU list such as "0-3,8". Pure: sets online[n] for n < cnt; returns the number of CPUs set, or
 * -EINVAL. */
int tach_features__parse_cpus(const char *list, bool *online, int cnt);

#endif
