// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The commands as data: what help, manual page and completions say of them. */
#include "cli/optable.h"

/* clang-format off */
static const char *const run_usage[] = {
	"[options] [-m] TARGET [ARG ...]",
	"[options] -- COMMAND [ARG ...]",
	NULL,
};

static const char *const run_text[] = {
	"Start a Python program and profile it, from its first bytecode to its end. Its input, output and "
	"exit status are those of the program.",
	"Everything after TARGET or COMMAND belongs to the program, options too. When the time of -d is "
	"over, or on Ctrl-C or SIGTERM, the program is ended as well.",
	"Under sudo the program runs as the user who called sudo. sudo resets PATH and VIRTUAL_ENV, by "
	"which the interpreter is found: keep them with sudo --preserve-env=PATH,VIRTUAL_ENV, or name "
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
	{"sudo tachyon-bpf run -a --flamegraph -o out.html app.py", "a page for the browser"},
	{},
};

static const char *const attach_usage[] = {"[options] PID", NULL};

static const char *const attach_text[] = {
	"Profile a running Python process, until it ends, until the given time is over or until Ctrl-C. "
	"The process is only read: it is not signalled, not written to, and stopped only with "
	"--blocking.",
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
	"Print the stack that the main thread of a running Python process has now, or with -a those of all "
	"threads, like a traceback. The process is only read, and stopped only with --blocking. Source lines come from "
	"the process's own file system.",
	NULL,
};

static const struct tach_example dump_examples[] = {
	{"sudo tachyon-bpf dump -a 1234", "where every thread is"},
	{},
};

static const char *const replay_usage[] = {"[options] FILE", NULL};

static const char *const replay_text[] = {
	"Convert what --binary has recorded to another format.",
	NULL,
};

static const struct tach_positional replay_positionals[] = {
	{"FILE", "a file that was written with --binary"},
	{},
};

static const struct tach_example replay_examples[] = {
	{"tachyon-bpf replay --collapsed -o out.txt profile.bin", "to collapsed stacks"},
	{"tachyon-bpf replay --flamegraph -o out.html profile.bin", "to a flame graph"},
	{},
};

const struct tach_command_info tach_commands[] = {
	[TACH_CMD_RUN] = {
		.id = TACH_CMD_RUN,
		.name = "run",
		.required = "target",
		.summary = "start a Python program and profile it",
		.usage = run_usage,
		.text = run_text,
		.positionals = run_positionals,
		.examples = run_examples,
	},
	[TACH_CMD_ATTACH] = {
		.id = TACH_CMD_ATTACH,
		.name = "attach",
		.required = "pid",
		.summary = "profile a running Python process",
		.usage = attach_usage,
		.text = attach_text,
		.positionals = attach_positionals,
		.examples = attach_examples,
	},
	[TACH_CMD_DUMP] = {
		.id = TACH_CMD_DUMP,
		.name = "dump",
		.required = "pid",
		.summary = "print the stacks of a running Python process",
		.usage = dump_usage,
		.text = dump_text,
		.positionals = attach_positionals,
		.examples = dump_examples,
	},
	[TACH_CMD_REPLAY] = {
		.id = TACH_CMD_REPLAY,
		.name = "replay",
		.required = "input_file",
		.summary = "convert a recording to another format",
		.usage = replay_usage,
		.text = replay_text,
		.positionals = replay_positionals,
		.examples = replay_examples,
	},
	{},
};
/* clang-format on */
