/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WRITE_LEDGER_H
#define TACH_WRITE_LEDGER_H

#include "aggregate/profile.h"

/* Where the time of a thread went, in percent of it: running + runnable + gil_wait + blocked = sum. */
struct tach_ledger_shares {
	double running, runnable, gil_wait, blocked, sum;
	double residual; /* what nobody knows: 100 - sum */
};
/* Unless @knows_gil_waits they are part of what is blocked. */
struct tach_ledger_shares tach_ledger__shares(const struct tach_thread_time *t,
					      bool knows_gil_waits);

/* What tells the thread from others of its process: "main", or a name of its own, or else "". Lives as long as the
 * profile. */
const char *tach_ledger__name(const struct tach_profile *profile, const struct tach_thread_time *t);

/* For formats that have no columns for it: the shares as a text in one line. */
#define TACH_LEDGER_TEXT_SZ 192
void tach_ledger__text(char text[TACH_LEDGER_TEXT_SZ], const struct tach_profile *profile,
		       const struct tach_thread_time *t);

#endif
