// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The manual page: the option table in roff, with the sections that are not about options. */
#include "cli/help.h"

struct para {
	const char *term; /* NULL: plain text */
	const char *text;
};

struct section {
	const char *heading;
	const struct para *paras; /* ends with text NULL */
};

static const struct para description[] = {
	{NULL,
	 "tachyon-bpf is a sampling profiler for CPython 3.13, 3.14 and 3.15. A timer on every "
	 "CPU starts a BPF program, which reads the Python stack of the thread that it "
	 "interrupted, inside the kernel. The profiled program is only read; the profiler needs "
	 "no Python of its own."},
	{NULL,
	 "Its options and output formats are those of python -m profiling.sampling of CPython "
	 "3.15."},
	{NULL, "It needs root, or the capabilities CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE."},
	{},
};

static const struct para exit_status[] = {
	{"0", "The profile, or the stacks of dump, were taken and written."},
	{"1", "It was not; one line on stderr says why."},
	{"2", "The command line is wrong."},
	{NULL,
	 "run passes on the exit status of the program: its own, or 128 plus the number of the "
	 "signal that ended it."},
	{},
};

static const struct para signals[] = {
	{NULL,
	 "SIGINT (Ctrl-C), SIGTERM and SIGHUP (unless it is ignored, as by nohup) end the "
	 "sampling; "
	 "what was sampled until then is written, and the exit status is 0. While it is written a "
	 "second signal is only answered; a third one gives the result up, and a file that is not "
	 "complete does not stay."},
	{},
};

static const struct para environment[] = {
	{"VIRTUAL_ENV, PATH",
	 "Where run finds the interpreter and COMMAND. sudo resets both: see run above."},
	{"SUDO_UID, SUDO_GID, SUDO_USER",
	 "Set by sudo: the user as whom run starts the program and to whom the output belongs."},
	{},
};

static const struct para differences[] = {
	{NULL, "On purpose other than in python -m profiling.sampling:"},
	{"-d", "takes fractions of a second."},
	{"-r", "ends at 100khz: the kernel's timer does not go below 10 us, and a sample would not "
	       "weigh what the report says."},
	{"run",
	 "passes on the program's exit status. run -- COMMAND starts a program that is not a "
	 "script."},
	{},
};

static const struct section sections[] = {
	{"EXIT STATUS", exit_status},
	{"SIGNALS", signals},
	{"ENVIRONMENT", environment},
	{"DIFFERENCES", differences},
	{},
};

/* "-" would be typeset as a hyphen, which a shell does not take for an option; a dot or a quote that
 * starts a line would be a request. */
static void put(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void line(FILE *out, const char *request, const char *text)
{
	fputs(request, out);
	put(out, text);
	fputc('\n', out);
}

static void item(FILE *out, const char *term, const char *text)
{
	fputs(".TP\n", out);
	line(out, "", term);
	line(out, "", text);
}

/* Which commands know it, if not all do. */
static void scope(FILE *out, const struct tach_option *option)
{
	const struct tach_command_info *command;
	unsigned int missing = 0;

	for (command = tach_commands; command->name; command++)
		if (!command->later)
			missing |= tach_help__where(command) & ~option->where;
	if (!missing)
		return;
	if (option->where == TACH_IN_TOP)
		fputs(" (without a command)", out);
	for (command = tach_commands; command->name; command++)
		if (!command->later && (option->where & tach_help__where(command)))
			fprintf(out, " (only %s)", command->name);
}

static void option_item(FILE *out, const struct tach_option *option)
{
	fputs(".TP\n", out);
	if (option->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", out);
	put(out, option->name);
	fputs("\\fR", out);
	if (option->metavar)
		fprintf(out, " \\fI%s\\fR", option->metavar);
	fputc('\n', out);
	put(out, option->help);
	if (option->preset) {
		fputs(" (default: ", out);
		put(out, option->preset);
		fputc(')', out);
	}
	scope(out, option);
	fputs(".\n", out);
}

static void synopsis(FILE *out)
{
	const struct tach_command_info *command;
	const char *const *usage;

	fputs(".SH SYNOPSIS\n.nf\n", out);
	for (command = tach_commands; command->name; command++) {
		for (usage = command->usage; *usage && !command->later; usage++) {
			fputs("\\fB", out);
			put(out, TACH_PROG);
			fprintf(out, " %s\\fR ", command->name);
			line(out, "", *usage);
		}
	}
	fputs("\\fB", out);
	put(out, TACH_PROG);
	line(out, "\\fR ", "--help | --version");
	fputs(".fi\n", out);
}

static void commands(FILE *out)
{
	const struct tach_command_info *command;
	const struct tach_positional *positional;
	const char *const *text;

	fputs(".SH COMMANDS\n", out);
	for (command = tach_commands; command->name; command++) {
		if (command->later)
			continue;
		line(out, ".SS ", command->name);
		for (text = command->text; *text; text++)
			line(out, text == command->text ? "" : ".PP\n", *text);
		for (positional = command->positionals; positional->metavar; positional++)
			item(out, positional->metavar, positional->help);
	}
}

static void options(FILE *out)
{
	const struct tach_option *option;
	int last = -1;

	fputs(".SH OPTIONS\n", out);
	for (option = tach_options; option->name; option++) {
		if (!tach_option__shown(option, ~0U))
			continue;
		if ((int)option->group != last)
			line(out, ".SS ", tach_groups[option->group]);
		last = (int)option->group;
		option_item(out, option);
	}
}

static void section(FILE *out, const char *heading, const struct para *paras)
{
	const struct para *para;

	line(out, ".SH ", heading);
	for (para = paras; para->text; para++) {
		if (para->term)
			item(out, para->term, para->text);
		else
			line(out, para == paras ? "" : ".PP\n", para->text);
	}
}

static void examples(FILE *out)
{
	const struct tach_command_info *command;
	const struct tach_example *example;

	fputs(".SH EXAMPLES\n", out);
	for (command = tach_commands; command->name; command++)
		for (example = command->examples; example->line && !command->later; example++)
			item(out, example->line, example->text);
}

static void later(FILE *out)
{
	char list[512];

	tach_help__later(~0U, list, sizeof(list));
	if (!list[0])
		return;
	fputs(".SH NOT IN THIS VERSION\n", out);
	line(out, "", list);
}

void tach_man__print(FILE *out, const struct tach_command_info *command,
		     const struct tach_opts *opts)
{
	const struct section *each;

	(void)command;
	(void)opts;
	fprintf(out, ".TH TACHYON\\-BPF 1 \"\" \"%s %s\"\n", TACH_PROG, TACH_VERSION);
	fputs(".SH NAME\n", out);
	line(out, "",
	     "tachyon-bpf - sampling profiler for CPython that reads the stacks in the kernel");
	synopsis(out);
	section(out, "DESCRIPTION", description);
	commands(out);
	options(out);
	later(out);
	for (each = sections; each->heading; each++)
		section(out, each->heading, each->paras);
	examples(out);
	fputs(".SH SEE ALSO\n.BR python3 (1),\n.BR sudo (8)\n", out);
}
