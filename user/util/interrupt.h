/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_INTERRUPT_H
#define TACH_INTERRUPT_H

#include <stdbool.h>

/* The signals by which a user ends us: SIGINT, SIGTERM and SIGHUP, the last one unless it is ignored (nohup).
 *
 * While we sample they wait to be taken, and end the sampling. A second one must not cost the result: terminals
 * and people send them twice. So while the result is written the first one only says how to give it up, the next
 * one gives it up, and after that a further one ends us at once. What was in the middle of writing then fails
 * with -EINTR, as any other error, and leaves nothing behind.
 *
 * A signal is the process's, so is what is kept here. */

/* Let them wait. Returns a descriptor that becomes readable when one of them or SIGCHLD has come (the caller closes
 * it), or a negative errno. */
int tach_interrupt__open(void);

/* Take those that have come to @fd: whether one of them was to end us. */
bool tach_interrupt__take(int fd);

/* The result is written in between. */
void tach_interrupt__begin_writing(void);
void tach_interrupt__end_writing(void);
bool tach_interrupt__gave_up(void);

/* If the result was given up: end the process by the signal that said so, as whoever started us expects. */
void tach_interrupt__die(void);

#endif
