/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TAPE_H
#define TACH_TAPE_H

#include "aggregate/profile.h"

/* The events of a recording, in a file: memory stays the same however long it gets. */
struct tach_tape;

/* In a file without a name in $TMPDIR, or else /var/tmp. NULL with errno. */
struct tach_tape *tach_tape__new(void);
void tach_tape__free(struct tach_tape *tape); /* NULL is fine */

/* The first error, as a negative errno, is kept: nothing is written after it. */
int tach_tape__add(struct tach_tape *tape, const struct tach_event *event);
int tach_tape__flush(struct tach_tape *tape);

/* As tach_profile__walk(); flush first. */
int tach_tape__walk(const struct tach_tape *tape,
		    int (*on_event)(void *ctx, const struct tach_event *event), void *ctx);

#endif
