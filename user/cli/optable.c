// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The command line as data: the only place that names an option. Names, short forms, defaults and
 * texts of what exists there too are those of CPython 3.15's profiling.sampling (Lib/profiling/
 * sampling/cli.py). */
#include "cli/optable.h"

#define FIELD(name) offsetof(struct tach_opts, name)
#define RUN	    TACH_IN(TACH_CMD_RUN)
#define ATTACH	    TACH_IN(TACH_CMD_ATTACH)
#define DUMP	    TACH_IN(TACH_CMD_DUMP)
#define SAMPLE	    (RUN | ATTACH)
#define ALL	    (SAMPLE | DUMP)

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

/* Index: enum tach_tids. */
static const char *const tids[] = {"host", "inner", NULL};

/* Index: enum tach_sort (write/writer.h). */
static const char *const sorts[] = {"nsamples",	 "tottime",	   "cumtime", "sample-pct",
				    "cumul-pct", "nsamples-cumul", "name",    NULL};

const char *tach_mode__name(enum tach_mode mode)
{
	return modes[mode];
}

/* clang-format off */
const struct tach_option tach_options[] = {
	{
		.name = "help", .letter = 'h', .group = TACH_GROUP_GENERAL, .where = ALL | TACH_IN_TOP,
		.help = "show this help and exit",
	}, {
		.name = "version", .group = TACH_GROUP_GENERAL, .where = TACH_IN_TOP,
		.help = "show the version and exit",
	}, {
		.name = "man-page", .group = TACH_GROUP_GENERAL, .where = TACH_IN_TOP,
	}, {
		.name = "verbose", .letter = 'v', .group = TACH_GROUP_GENERAL, .where = ALL,
		.help = "say on stderr what is being done",
		.set = tach_set__flag, .off = FIELD(verbose),
	}, {
		.name = "module", .letter = 'm', .group = TACH_GROUP_TARGET, .where = RUN,
		.help = "TARGET is a module, as with python -m",
		.set = tach_set__flag, .off = FIELD(module),
	}, {
		.name = "python", .group = TACH_GROUP_TARGET, .where = RUN, .metavar = "EXE",
		.help = "the interpreter that runs TARGET (default: $VIRTUAL_ENV/bin/python, "
			"else python3 on PATH)",
		.set = tach_set__text, .off = FIELD(python),
	}, {
		.name = "mode", .group = TACH_GROUP_SAMPLING, .where = SAMPLE, .metavar = "MODE",
		.preset = "wall", .choices = modes,
		.help = "what counts as time: wall (all of it), cpu (on a CPU), gil (holding the GIL), "
			"exception (while one propagates or is handled)",
		.set = tach_set__choice, .off = FIELD(mode),
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
		.name = "all-threads", .letter = 'a', .group = TACH_GROUP_SAMPLING, .where = ALL,
		.help = "every thread, not only the main thread",
		.set = tach_set__flag, .off = FIELD(all_threads),
	}, {
		.name = "native", .group = TACH_GROUP_SAMPLING, .where = ALL,
		.help = "show where C code called Python code, as frames <native>",
		.set = tach_set__flag, .off = FIELD(native),
	}, {
		.name = "no-gc", .group = TACH_GROUP_SAMPLING, .where = ALL,
		.help = "do not show garbage collection, as frames <GC>",
		.set = tach_set__flag, .off = FIELD(no_gc),
	}, {
		.name = "pstats", .group = TACH_GROUP_FORMAT, .where = SAMPLE,
		.help = "table of functions (default)",
		.set = tach_set__format, .off = FIELD(format),
	}, {
		.name = "collapsed", .group = TACH_GROUP_FORMAT, .where = SAMPLE,
		.help = "one line per stack, for flame graph tools",
		.set = tach_set__format, .off = FIELD(format),
	}, {
		.name = "output", .letter = 'o', .group = TACH_GROUP_OUTPUT, .where = SAMPLE,
		.metavar = "PATH",
		.help = "write there; into it, if it is a directory (default: pstats to stdout, "
			"others to FORMAT_PID.EXT)",
		.set = tach_set__text, .off = FIELD(output),
	}, {
		.name = "tids", .group = TACH_GROUP_OUTPUT, .where = ALL, .metavar = "WHICH",
		.preset = "inner", .choices = tids,
		.help = "which numbers threads are called by: inner (those that the program itself sees, "
			"in its container) or host (those that are seen from here, as by ps -L)",
		.set = tach_set__choice, .off = FIELD(tids),
	}, {
		.name = "sort", .group = TACH_GROUP_PSTATS, .where = SAMPLE, .metavar = "KEY",
		.preset = "nsamples", .choices = sorts,
		.help = "order of the rows: nsamples, tottime, cumtime, sample-pct, cumul-pct, "
			"nsamples-cumul or name",
		.set = tach_set__choice, .off = FIELD(sort),
	}, {
		.name = "limit", .letter = 'l', .group = TACH_GROUP_PSTATS, .where = SAMPLE, .metavar = "N",
		.preset = "15",
		.help = "at most that many rows",
		.set = tach_set__limit, .off = FIELD(limit),
	}, {
		.name = "no-summary", .group = TACH_GROUP_PSTATS, .where = SAMPLE,
		.help = "leave out the summary of interesting functions",
		.set = tach_set__flag, .off = FIELD(no_summary),
	}, {
		.name = "force", .group = TACH_GROUP_SPECIAL, .where = ALL,
		.help = "go on with a kernel of which it is not known whether it is free of the bug that "
			"freezes the machine when memory is read in a timer (5.19 to 6.3)",
		.set = tach_set__flag, .off = FIELD(force),
	}, {
		.name = "ring-size", .group = TACH_GROUP_SPECIAL, .where = SAMPLE, .metavar = "SIZE",
		.preset = "8m",
		.help = "buffer between kernel and profiler, a power of two from 4k to 1g; larger if the "
			"report says that samples were lost because it was full",
		.set = tach_set__size, .off = FIELD(ring_sz),
	}, {
		.name = "raw", .group = TACH_GROUP_SPECIAL, .where = SAMPLE, .metavar = "FILE",
		.help = "for debugging: also write the kernel's records as they come",
		.set = tach_set__text, .off = FIELD(raw_output),
	},
	{},
};
/* clang-format on */

const char *const tach_absent_options[] = {
	"live",		"realtime-stats", "opcodes",	"async-aware",	   "async-mode",
	"subprocesses", "blocking",	  "flamegraph", "diff-flamegraph", "gecko",
	"heatmap",	"jsonl",	  "binary",	"compression",	   "browser",
	NULL,
};

const char *const tach_absent_commands[] = {"replay", NULL};

static const char *const run_usage[] = {
	"[options] [-m] TARGET [ARG ...]",
	"[options] -- COMMAND [ARG ...]",
	NULL,
};

static const char *const run_text[] = {
	"Start a Python program and profile it, from its first bytecode to its end. Its input, "
	"output and "
	"exit status are those of the program.",
	"Everything after TARGET or COMMAND belongs to the program, options too. When the time of "
	"-d is "
	"over, or on Ctrl-C or SIGTERM, the program is ended as well.",
	"Under sudo the program runs as the user who called sudo. sudo resets PATH and "
	"VIRTUAL_ENV, by "
	"which the interpreter is found: keep them with sudo --preserve-env=PATH,VIRTUAL_ENV, or "
	"name "
	"the interpreter with --python.",
	NULL,
};

static const struct tach_positional run_positionals[] = {
	{"TARGET", "a Python script; with -m a module"},
	{"COMMAND", "any program that is or becomes a Python, looked up on PATH"},
	{"ARG", "its arguments"},
	{},
};

static const struct tach_example run_examples[] = {
	{"sudo tachyon-bpf run --mode cpu app.py --fast", "profile a script"},
	{"sudo tachyon-bpf run --mode cpu -r 10khz -m json.tool big.json", "a module, at 10 kHz"},
	{"sudo tachyon-bpf run --mode cpu --collapsed -o out.txt -- pytest -q",
	 "a command that is a Python program"},
	{},
};

static const char *const attach_usage[] = {"[options] PID", NULL};

static const char *const attach_text[] = {
	"Profile a running Python process, until it ends, until the given time is over or until "
	"Ctrl-C. "
	"The process is only read: it is not stopped, not signalled, not written to.",
	NULL,
};

static const struct tach_positional attach_positionals[] = {
	{"PID", "the process, by the number that ps shows here"},
	{},
};

static const struct tach_example attach_examples[] = {
	{"sudo tachyon-bpf attach 1234 --mode cpu", "profile a process until Ctrl-C"},
	{"sudo tachyon-bpf attach 1234 --mode cpu -a -d 10 --sort cumtime -l 30",
	 "all its threads for 10 s; 30 rows"},
	{},
};

static const char *const dump_usage[] = {"[options] PID", NULL};

static const char *const dump_text[] = {
	"Print the stack that the main thread of a running Python process has now, or with -a "
	"those of all "
	"threads, like a traceback. The process is only read: it is not stopped. Source lines come "
	"from "
	"the process's own file system.",
	NULL,
};

static const struct tach_example dump_examples[] = {
	{"sudo tachyon-bpf dump -a 1234", "where every thread is"},
	{},
};

const struct tach_command_info tach_commands[] = {
	[TACH_CMD_RUN] =
		{
			.id = TACH_CMD_RUN,
			.name = "run",
			.summary = "start a Python program and profile it",
			.usage = run_usage,
			.text = run_text,
			.positionals = run_positionals,
			.examples = run_examples,
		},
	[TACH_CMD_ATTACH] =
		{
			.id = TACH_CMD_ATTACH,
			.name = "attach",
			.summary = "profile a running Python process",
			.usage = attach_usage,
			.text = attach_text,
			.positionals = attach_positionals,
			.examples = attach_examples,
		},
	[TACH_CMD_DUMP] =
		{
			.id = TACH_CMD_DUMP,
			.name = "dump",
			.summary = "print the stacks of a running Python process",
			.usage = dump_usage,
			.text = dump_text,
			.positionals = attach_positionals,
			.examples = dump_examples,
		},
	{},
};
