/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REPORT_H
#define TACH_REPORT_H

#include <stdio.h>

#include "tally.h"
#include "write/text.h"

#define TACH_REPORT_THREADS 10 /* named one by one */

/* Print the closing lines on @out, warnings on stderr. */
void tach_report__print(const struct tach_tally *tally, FILE *out);

/* What --realtime-stats adds to that: how stacks were found and records came over. */
void tach_report__print_statistics(const struct tach_tally *tally, FILE *out);

/* Parts of the former: where the time of each thread went; who held the GIL, who waited for it, and for whom; what is
 * missing, and what to do about it. */
void tach_report__print_threads(const struct tach_tally *tally, FILE *out);
void tach_report__print_gil(const struct tach_tally *tally, FILE *out);
void tach_report__print_losses(const struct tach_tally *tally);

/* A name, which is the program's: in one line, nothing in it moves the cursor, and of a long one the beginning. */
void tach_report__print_name(struct tach_text name, FILE *out);

/* Add the times of @t to @sum. */
void tach_report__add_times(struct tach_thread_time *sum, const struct tach_thread_time *t);

#endif
