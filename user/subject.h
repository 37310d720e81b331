/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SUBJECT_H
#define TACH_SUBJECT_H

#include <stdbool.h>

#include "cli/opts.h"
#include "target/target.h"
#include "util/types.h"

/* The process that is profiled, attached to or launched, and the search for the interpreter in it. A
 * program may need a while, or some execs, until it is a Python. Functions that fail have said why. */
struct tach_subject;

/* Open the process of `attach`, or launch the one of `run` and hold it before its exec.
 * 0 and *@out, or a negative errno. */
int tach_subject__open(const struct tach_opts *opts, struct tach_subject **out);
/* Ends a launched process that still runs. NULL is fine. */
void tach_subject__free(struct tach_subject *subject);

/* Let a launched process exec, and hold it before its first instruction. */
int tach_subject__start(struct tach_subject *subject);

/* Who walks the interpreter's stacks, and needs its layout for that. */
struct tach_layout_sink {
	/* Number of the program image that runs now: rises with each exec. */
	__u32 (*image)(void *ctx);
	/* Take the layout that is valid for that image. 0 or a negative errno. */
	int (*set_layout)(void *ctx, __u32 image, const struct tach_layout *layout);
	void *ctx;
};

/* Look for the interpreter, and hand its layout on, with what the options want of markers; serves a
 * launched process that is still held at each exec. Call it again and again: it does nothing once all is
 * found. 0, or a negative errno. */
int tach_subject__search(struct tach_subject *subject, const struct tach_layout_sink *sink);

/* It replaced its program; @image is the number of the new one. */
void tach_subject__on_exec(struct tach_subject *subject, __u32 image);

bool tach_subject__is_launched(const struct tach_subject *subject); /* by us: else attached to */
bool tach_subject__found(const struct tach_subject *subject);
bool tach_subject__ever_found(const struct tach_subject *subject); /* or in an earlier program */
int tach_subject__wait_ms(const struct tach_subject *subject);	   /* until the next search */

/* The process has ended: collect its status. */
void tach_subject__on_exit(struct tach_subject *subject);

/* Exit code for our own process after a session without error: the launched process's own, as a shell
 * gives it, unless the user has @interrupted it; else enum tach_exit. */
int tach_subject__exit_code(struct tach_subject *subject, bool interrupted);

struct tach_target *tach_subject__target(struct tach_subject *subject);

#endif
