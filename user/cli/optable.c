// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The command line as data: the only place that names an option. Names, short forms, defaults and the order
 * of what exists there too are those of CPython 3.15's profiling.sampling (Lib/profiling/sampling/cli.py). */
#include "cli/complete.h"
#include "cli/help.h"

#define FIELD(name) offsetof(struct tach_opts, name)
#define RUN	    TACH_IN(TACH_CMD_RUN)
#define ATTACH	    TACH_IN(TACH_CMD_ATTACH)
#define DUMP	    TACH_IN(TACH_CMD_DUMP)
#define REPLAY	    TACH_IN(TACH_CMD_REPLAY)
#define SAMPLE	    (RUN | ATTACH)
#define READ	    (SAMPLE | DUMP)   /* read a process */
#define WRITE	    (SAMPLE | REPLAY) /* write a profile */
#define COMMANDS    (DUMP | WRITE)

const char *const tach_groups[TACH_GROUP_CNT] = {
	[TACH_GROUP_GENERAL] = "options",
	[TACH_GROUP_TARGET] = "what to run",
	[TACH_GROUP_SAMPLING] = "sampling",
	[TACH_GROUP_FORMAT] = "output formats (one of them)",
	[TACH_GROUP_OUTPUT] = "output",
	[TACH_GROUP_PSTATS] = "text table (only with --pstats)",
	[TACH_GROUP_SPECIAL] = "special cases",
};

/* Index: enum tach_mode. */
static const char *const modes[] = {"wall", "cpu", "gil", "exception", NULL};

/* Index: enum tach_async_mode. */
static const char *const async_modes[] = {"running", "all", NULL};

/* Index: enum tach_compression. */
static const char *const compressions[] = {"auto", "zstd", "none", NULL};

/* Index: enum tach_tids. */
static const char *const tids[] = {"host", "inner", NULL};

/* Index: enum tach_sort (write/writer.h). */
static const char *const sorts[] = {"nsamples",	 "tottime",	   "cumtime", "sample-pct",
				    "cumul-pct", "nsamples-cumul", "name",    NULL};

/* Index: enum tach_shell. */
static const char *const shells[] = {"bash", "zsh", "fish", NULL};

const char *tach_mode__name(enum tach_mode mode)
{
	return modes[mode];
}

static void print_version(FILE *out, const struct tach_command_info *command,
			  const struct tach_opts *opts)
{
	(void)command;
	(void)opts;
	fprintf(out, "%s %s\n", TACH_PROG, TACH_VERSION);
}

/* clang-format off */
const struct tach_option tach_options[] = {
	{
		.name = "help", .letter = 'h', .group = TACH_GROUP_GENERAL, .where = COMMANDS | TACH_IN_TOP,
		.help = "show this help and exit",
		.print = tach_help__print,
	}, {
		.name = "version", .group = TACH_GROUP_GENERAL, .where = TACH_IN_TOP, .own = true,
		.help = "show the version and exit",
		.print = print_version,
	}, {
		.name = "man-page", .group = TACH_GROUP_GENERAL, .where = TACH_IN_TOP, .own = true,
		.print = tach_man__print,
	}, {
		.name = "completion", .group = TACH_GROUP_GENERAL, .where = TACH_IN_TOP, .own = true,
		.metavar = "SHELL", .choices = shells,
		.help = "print the completions for a shell (bash, zsh or fish) and exit",
		.set = tach_set__choice, .off = FIELD(shell),
		.print = tach_complete__print,
	}, {
		.name = "verbose", .letter = 'v', .group = TACH_GROUP_GENERAL, .where = COMMANDS, .own = true,
		.help = "say on stderr what is being done",
		.set = tach_set__flag, .off = FIELD(verbose),
	}, {
		.name = "module", .letter = 'm', .group = TACH_GROUP_TARGET, .where = RUN,
		.help = "TARGET is a module, as with python -m",
		.set = tach_set__flag, .off = FIELD(module),
	}, {
		.name = "python", .group = TACH_GROUP_TARGET, .where = RUN, .own = true, .path = true,
		.metavar = "EXE",
		.help = "the interpreter that runs TARGET (default: $VIRTUAL_ENV/bin/python, "
			"else python3 on PATH)",
		.set = tach_set__text, .off = FIELD(python),
	}, {
		.name = "live", .group = TACH_GROUP_SAMPLING, .where = SAMPLE, .later = true,
		.help = "show the profile while it grows, like top",
		.set = tach_set__flag, .off = FIELD(live),
	}, {
		.name = "sampling-rate", .letter = 'r', .group = TACH_GROUP_SAMPLING, .where = SAMPLE,
		.metavar = "RATE", .preset = "1khz",
		.help = "samples per second of each thread, e.g. 500, 10khz, 20k; at most 100khz",
		.set = tach_set__rate, .off = FIELD(period_ns),
	}, {
		.name = "duration", .letter = 'd', .group = TACH_GROUP_SAMPLING, .where = SAMPLE,
		.metavar = "SECONDS",
		.help = "stop after this time, fractions allowed (default: when the program ends)",
		.set = tach_set__duration, .off = FIELD(duration_s),
	}, {
		.name = "all-threads", .letter = 'a', .group = TACH_GROUP_SAMPLING, .where = READ,
		.help = "every thread, not only the main thread",
		.set = tach_set__flag, .off = FIELD(all_threads),
	}, {
		.name = "realtime-stats", .group = TACH_GROUP_SAMPLING, .where = SAMPLE,
		.help = "show while sampling how it goes: samples per second, errors, cost",
		.set = tach_set__flag, .off = FIELD(realtime_stats),
	}, {
		.name = "native", .group = TACH_GROUP_SAMPLING, .where = READ,
		.help = "show where C code called Python code, as frames <native>",
		.set = tach_set__flag, .off = FIELD(native),
	}, {
		.name = "no-gc", .group = TACH_GROUP_SAMPLING, .where = READ,
		.help = "do not show garbage collection, as frames <GC>",
		.set = tach_set__flag, .off = FIELD(no_gc),
	}, {
		.name = "opcodes", .group = TACH_GROUP_SAMPLING, .where = READ, .later = true,
		.help = "record which instruction each frame is at",
		.set = tach_set__flag, .off = FIELD(opcodes),
	}, {
		.name = "async-aware", .group = TACH_GROUP_SAMPLING, .where = READ, .later = true,
		.help = "stacks of asyncio tasks instead of threads",
		.set = tach_set__flag, .off = FIELD(async_aware),
	}, {
		.name = "subprocesses", .group = TACH_GROUP_SAMPLING, .where = SAMPLE, .later = true,
		.help = "the processes that it starts, too",
		.set = tach_set__flag, .off = FIELD(subprocesses),
	}, {
		.name = "blocking", .group = TACH_GROUP_SAMPLING, .where = READ,
		.help = "stop all threads for each sample, so that their stacks are from one instant; slows "
			"the program down",
		.set = tach_set__flag, .off = FIELD(blocking),
	}, {
		.name = "mode", .group = TACH_GROUP_SAMPLING, .where = SAMPLE, .metavar = "MODE",
		.preset = "wall", .choices = modes,
		.help = "what counts as time: wall (all of it), cpu (on a CPU), gil (holding the GIL), "
			"exception (while one propagates or is handled)",
		.set = tach_set__choice, .off = FIELD(mode),
	}, {
		.name = "async-mode", .group = TACH_GROUP_SAMPLING, .where = READ, .later = true,
		.metavar = "WHICH", .preset = "running", .choices = async_modes,
		.help = "which tasks: running or all; only with --async-aware",
		.set = tach_set__choice, .off = FIELD(async_mode),
	}, {
		.name = "pstats", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "pstats",
		.help = "table of functions (default)",
	}, {
		.name = "collapsed", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "collapsed",
		.help = "one line per stack, for flame graph tools",
	}, {
		.name = "flamegraph", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "flamegraph",
		.help = "flame graph, an HTML page",
	}, {
		.name = "gecko", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "gecko",
		.help = "what each thread did when, for profiler.firefox.com",
	}, {
		.name = "speedscope", .group = TACH_GROUP_FORMAT, .where = WRITE, .own = true,
		.format = "speedscope",
		.help = "all stacks in the order of time, for speedscope.app",
	}, {
		.name = "heatmap", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "heatmap",
		.later = true,
		.help = "source code with its samples, HTML pages in a directory",
	}, {
		.name = "diff-flamegraph", .group = TACH_GROUP_FORMAT, .where = WRITE,
		.format = "diff_flamegraph", .path = true, .metavar = "BASELINE",
		.help = "flame graph of what is different from BASELINE, a file of --binary",
		.set = tach_set__text, .off = FIELD(baseline),
	}, {
		.name = "jsonl", .group = TACH_GROUP_FORMAT, .where = WRITE, .format = "jsonl",
		.help = "lines of JSON, for programs",
	}, {
		.name = "binary", .group = TACH_GROUP_FORMAT, .where = SAMPLE, .format = "binary",
		.help = "all samples, to be converted by replay",
	}, {
		.name = "pprof", .group = TACH_GROUP_FORMAT, .where = WRITE, .own = true, .format = "pprof",
		.help = "for go tool pprof and what else reads its files",
	}, {
		.name = "compression", .group = TACH_GROUP_OUTPUT, .where = SAMPLE,
		.metavar = "HOW", .preset = "auto", .choices = compressions,
		.help = "of --binary: auto, zstd or none",
		.set = tach_set__choice, .off = FIELD(compression),
	}, {
		.name = "output", .letter = 'o', .group = TACH_GROUP_OUTPUT, .where = WRITE, .path = true,
		.metavar = "PATH",
		.help = "write there; into it, if it is a directory (default: pstats to stdout, "
			"others to FORMAT_PID.EXT)",
		.set = tach_set__text, .off = FIELD(output),
	}, {
		.name = "browser", .group = TACH_GROUP_OUTPUT, .where = WRITE,
		.help = "open the HTML page, as the user who called sudo",
		.set = tach_set__flag, .off = FIELD(browser),
	}, {
		.name = "tids", .group = TACH_GROUP_OUTPUT, .where = READ, .own = true, .metavar = "WHICH",
		.preset = "inner", .choices = tids,
		.help = "which numbers threads are called by: inner (those that the program itself sees, "
			"in its container) or host (those that are seen from here, as by ps -L)",
		.set = tach_set__choice, .off = FIELD(tids),
	}, {
		.name = "sort", .group = TACH_GROUP_PSTATS, .where = WRITE, .metavar = "KEY",
		.preset = "nsamples", .choices = sorts,
		.help = "order of the rows: nsamples, tottime, cumtime, sample-pct, cumul-pct, "
			"nsamples-cumul or name",
		.set = tach_set__choice, .off = FIELD(sort),
	}, {
		.name = "limit", .letter = 'l', .group = TACH_GROUP_PSTATS, .where = WRITE, .metavar = "N",
		.preset = "15",
		.help = "at most that many rows; all but the last N if it is negative",
		.set = tach_set__limit, .off = FIELD(limit),
	}, {
		.name = "no-summary", .group = TACH_GROUP_PSTATS, .where = WRITE,
		.help = "leave out the summary of interesting functions",
		.set = tach_set__flag, .off = FIELD(no_summary),
	}, {
		.name = "force", .group = TACH_GROUP_SPECIAL, .where = READ, .own = true,
		.help = "go on with a kernel that may freeze: of some from 5.19 to 6.3 it is not known "
			"whether they are free of the bug that freezes the machine when memory is read "
			"in a timer",
		.set = tach_set__flag, .off = FIELD(force),
	}, {
		.name = "ring-size", .group = TACH_GROUP_SPECIAL, .where = SAMPLE, .own = true,
		.metavar = "SIZE", .preset = "8m",
		.help = "buffer between kernel and profiler, a power of two from 4k to 1g; larger if the "
			"report says that samples were lost because it was full",
		.set = tach_set__size, .off = FIELD(ring_sz),
	}, {
		.name = "raw", .group = TACH_GROUP_SPECIAL, .where = SAMPLE, .own = true, .path = true,
		.metavar = "FILE",
		.help = "also write the kernel's records as they come, for debugging",
		.set = tach_set__text, .off = FIELD(raw_output),
	},
	{},
};
/* clang-format on */
