/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WRITER_H
#define TACH_WRITER_H

#include <stdbool.h>

#include "aggregate/profile.h"
#include "util/log.h"
#include "write/sink.h"

/* A format is one file with one of these, and one row in registry.c. */
enum tach_sort {
	TACH_SORT_NSAMPLES,
	TACH_SORT_TOTTIME,
	TACH_SORT_CUMTIME,
	TACH_SORT_SAMPLE_PCT,
	TACH_SORT_CUMUL_PCT,
	TACH_SORT_NSAMPLES_CUMUL,
	TACH_SORT_NAME,
};

struct tach_write_opts {
	enum tach_sort sort; /* text table only, like the next two */
	int limit;	     /* rows */
	bool summary;	     /* the lists of interesting functions */
};

struct tach_writer {
	const char *name; /* of the option and of the file: "collapsed" */
	const char *ext;  /* "txt" */
	bool to_stdout;	  /* without -o the result goes to stdout in this form */
	/* Write the frozen profile. 0 or a negative errno; the sink remembers write errors itself. */
	int (*write)(const struct tach_profile *profile, const struct tach_write_opts *opts,
		     struct tach_sink *sink);
	/* Printed after a file was written ("Collapsed stack output written to"); NULL: nothing. */
	const char *done;
};

/* By name of the option; NULL if there is none. */
const struct tach_writer *tach_writer__find(const char *name);

/* Write to @path, to the default place if NULL, into the directory if it is one. Owner of new files is
 * the invoking user. 0, or a negative errno with @why. */
int tach_write(const struct tach_writer *writer, const struct tach_profile *profile,
	       const struct tach_write_opts *opts, const char *path, struct tach_why *why);

/* Whether tach_write() could write there: said before sampling starts, not after. */
int tach_write__check(const struct tach_writer *writer, const char *path, struct tach_why *why);

#endif
