/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WRITER_H
#define TACH_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "aggregate/profile.h"
#include "util/log.h"
#include "write/lines.h"
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
	int limit;	     /* rows; negative: all but the last -limit */
	bool summary;	     /* the lists of interesting functions */
	/* pstats file only: say in it that it holds samples. CPython 3.15's pstats then titles its
	 * columns so; the pstats of 3.14 and older cannot read such a file at all. */
	bool sampled_marker;
	bool zstd;   /* binary only: compress */
	FILE *words; /* where a writer may say how it went; NULL: nowhere */
	/* The target's source files, for a writer that shows lines of them; NULL: not to be had. */
	struct tach_lines *lines;
	/* What the profile is compared with, frozen, for a writer that compares; else NULL. */
	const struct tach_profile *baseline;
	/* Gets the path of the file that was written (caller frees), or NULL if it went elsewhere; NULL: nobody asks. */
	char **file;
};

struct tach_writer {
	const char *name; /* of the option and of the file: "collapsed" */
	const char *ext;  /* "txt" */
	/* It shows samples one by one: tach_profile__walk() has them. Else a profile has sums only. */
	bool events;
	/* It shows the states of threads, those that are only looked for where they are asked for, too; and what
	 * sockets they wait for. */
	bool states;
	bool sources; /* it shows lines of source files */
	bool page;    /* it is for a browser */
	/* Write the frozen profile. 0 or a negative errno; the sink remembers write errors itself. */
	int (*write)(const struct tach_profile *profile, const struct tach_write_opts *opts,
		     struct tach_sink *sink);
	/* The same for people, on stdout, if no place is given; NULL: a file at the default place. */
	int (*write_stdout)(const struct tach_profile *profile, const struct tach_write_opts *opts,
			    struct tach_sink *sink);
	/* Printed on stdout, with the path, after a file was written ("Collapsed stack output written
	 * to"); NULL: nothing. */
	const char *done;
	const char *advice; /* a line after that; NULL: none */
	bool done_total;    /* and the number of samples behind that */
	/* The events are worth keeping where the result would be, should it come to none. */
	bool journal;
};

/* By name of the option; NULL if there is none. */
const struct tach_writer *tach_writer__find(const char *name);

/* Write to @path: a file, a directory (then <name>_<pid>.<ext> in it), "-" or NULL for stdout in the
 * writer's form for it, or the path of an open descriptor (/dev/stdout, /dev/fd/3). NULL where the
 * writer has no form for stdout: <name>_<pid>.<ext> in the current directory. New files belong to the
 * invoking user. 0, or a negative errno with @why; what cannot be written there is then in a directory for
 * temporary files, if it can be, and @why says where. */
int tach_write(const struct tach_writer *writer, const struct tach_profile *profile,
	       const struct tach_write_opts *opts, const char *path, struct tach_why *why);

/* Whether tach_write() could write there: said before sampling starts, not after. Leaves no trace. */
int tach_write__check(const struct tach_writer *writer, const char *path, struct tach_why *why);

/* A file for the events of a recording of process @pid, beside the one that tach_write() will write, with a name
 * of its own until tach_journal__end(): whatever happens to us, they are there. Made as tach_write() makes
 * files. */
struct tach_journal {
	char *path; /* NULL: there is none */
};
/* Returns a descriptor that the caller owns; -1: it cannot be, or there is no such place. */
int tach_journal__open(struct tach_journal *journal, const struct tach_writer *writer,
		       const char *path, int pid);
/* @keep: leave it there. */
void tach_journal__end(struct tach_journal *journal, bool keep);

/* Whether the bytes would go to stdout: then nothing else should. */
bool tach_write__to_stdout(const struct tach_writer *writer, const char *path);

#endif
