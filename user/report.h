/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REPORT_H
#define TACH_REPORT_H

#include <stdio.h>

#include "tally.h"

#define TACH_REPORT_THREADS 10 /* named one by one */

/* Print the closing lines on @out, warnings on stderr. */
void tach_report__print(const struct tach_tally *tally, FILE *out);

/* Part of that: who held the GIL, who waited for it, and for whom. */
void tach_report__print_gil(const struct tach_tally *tally, FILE *out);

#endif
