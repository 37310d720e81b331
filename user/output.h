/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_OUTPUT_H
#define TACH_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline.h"
#include "cli/opts.h"
#include "write/writer.h"

/* Where the result goes that the command line asks for, and the words beside it. Functions that fail have said
 * why. */
struct tach_output {
	const struct tach_opts *opts; /* outlives it */
	const struct tach_writer *writer;
	FILE *words; /* what is said of it: stderr if the result goes to stdout */
	struct tach_journal journal;
	struct tach_lines *lines;	/* of source files, if the result shows them */
	struct tach_baseline *baseline; /* if the result is compared with one */
};

/* See whether it can be written, and read what it is compared with. 0 or a negative errno. */
int tach_output__open(struct tach_output *out, const struct tach_opts *opts);

/* Whether a recording like this can be what the command line asks for. 0 or a negative errno. */
int tach_output__check(const struct tach_output *out, const struct tach_summary *run);

/* The file for the records as they come, if the command line asks for it: *@fd, which the caller closes. 0 or a
 * negative errno. */
int tach_output__raw(struct tach_output *out, int *fd);

/* A file for the events of process @pid, or -1, as tach_journal__open(). */
int tach_output__journal(struct tach_output *out, int pid);

/* Source files are those that the process with this /proc/PID sees, now: it may be gone when they are wanted. Not
 * kept. Asked again, nothing happens. 0 or a negative errno. */
int tach_output__sources(struct tach_output *out, int proc_fd);

/* Write @profile (frozen), after tach_interrupt__open(). The journal is not needed any more then; else it stays,
 * if there is something in it, unless the user has given the result up. 0 or a negative errno. */
int tach_output__write(struct tach_output *out, const struct tach_profile *profile);

/* @profile: as far as it got, NULL if there is none. After a write, nothing happens. */
void tach_output__close(struct tach_output *out, const struct tach_profile *profile);

#endif
