/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_OPTS_H
#define TACH_OPTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/types.h"

/* The command line as data. One table (optable.c) declares every option and makes parser, help, man page
 * and completions. */
enum tach_command {
	TACH_CMD_RUN,
	TACH_CMD_ATTACH,
	TACH_CMD_DUMP,
	TACH_CMD_REPLAY,
};

enum tach_mode {
	TACH_MODE_WALL,
	TACH_MODE_CPU,
	TACH_MODE_GIL,
	TACH_MODE_EXCEPTION,
};

enum tach_async_mode {
	TACH_ASYNC_RUNNING,
	TACH_ASYNC_ALL,
};

enum tach_compression {
	TACH_COMPRESSION_AUTO,
	TACH_COMPRESSION_ZSTD,
	TACH_COMPRESSION_NONE,
};

/* Which numbers outputs call threads by. */
enum tach_tids {
	TACH_TIDS_HOST,
	TACH_TIDS_INNER,
};

/* Shells that the completions are for. */
enum tach_shell {
	TACH_SHELL_BASH,
	TACH_SHELL_ZSH,
	TACH_SHELL_FISH,
};

struct tach_opts {
	enum tach_command command;
	pid_t pid;	   /* attach, dump */
	const char *input; /* replay */
	char **args;	   /* run: target and its arguments, NULL-terminated, points into argv */
	bool module;	   /* run -m */
	bool raw_command;  /* run -- COMMAND: args[0] is a program, not a script */
	const char *python;

	enum tach_mode mode;
	__u64 period_ns;
	double duration_s; /* < 0: until the target ends */
	bool all_threads;
	bool no_gc, native; /* markers in the stacks */
	bool live, realtime_stats, opcodes, subprocesses, blocking;
	bool async_aware;
	enum tach_async_mode async_mode;

	const char *format;   /* name of a writer */
	const char *baseline; /* of diff_flamegraph: a binary profile */
	enum tach_compression compression;
	const char *output; /* NULL: default place */
	bool browser;
	enum tach_tids tids;
	int sort; /* enum tach_sort */
	int limit;
	bool no_summary;

	bool verbose;
	bool force;		/* go on although the kernel cannot be told safe */
	__u32 ring_sz;		/* bytes */
	const char *raw_output; /* debug: file for the raw records */
	enum tach_shell shell;	/* --completion */
};

enum tach_exit {
	TACH_EXIT_OK = 0,
	TACH_EXIT_FAILURE = 1,
	TACH_EXIT_USAGE = 2,
};

/* Parse. Returns 0 to go on; else *@exit_code is what to exit with: help and version were printed
 * (TACH_EXIT_OK), or a usage error was (TACH_EXIT_USAGE). */
int tach_opts__parse(int argc, char **argv, struct tach_opts *out, int *exit_code);

const char *tach_mode__name(enum tach_mode mode);

#endif
