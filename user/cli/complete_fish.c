// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* For fish 3 and newer. */
#include "cli/complete.h"
#include "cli/help.h"

/* clang-format off */
static const char script[] =
	"# fish completion of tachyon-bpf; made by tachyon-bpf --completion fish\n"
	"\n"
	"# Whether the cursor is where the options of one of these commands may stand; \"top\" is before a\n"
	"# command, \"program\" behind the target of run.\n"
	"function __tachyon_bpf_at\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l place top\n"
	"\tset -l skip no\n"
	"\tfor word in $words[2..-1]\n"
	"\t\tif test $skip = yes\n"
	"\t\t\tset skip no\n"
	"\t\t\tcontinue\n"
	"\t\tend\n"
	"\t\tswitch $word\n"
	"\t\t\tcase --\n"
	"\t\t\t\ttest $place = run; and set place program; and break\n"
	"\t\t\tcase @TAKERS@\n"
	"\t\t\t\tset skip yes\n"
	"\t\t\tcase '-*'\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\ttest $place = run; and set place program; and break\n"
	"\t\t\t\ttest $place = top; and set place $word\n"
	"\t\tend\n"
	"\tend\n"
	"\tcontains -- $place $argv\n"
	"end\n"
	"\n"
	"complete -c tachyon-bpf -f\n"
	"complete -c tachyon-bpf -n '__tachyon_bpf_at attach dump' -a '(__fish_complete_pids)'\n"
	"complete -c tachyon-bpf -n '__tachyon_bpf_at run replay program' -F\n"
	"@COMMANDS@"
	"@OPTIONS@";
/* clang-format on */

static void takers(FILE *out)
{
	tach_complete__takers(out, " ");
}

static void describe(FILE *out, const char *help)
{
	fputs(" -d '", out);
	tach_complete__brief(out, help, "'\\");
	fputs("'\n", out);
}

static void commands(FILE *out)
{
	const struct tach_command_info *command = tach_commands;

	for (; (command = tach_complete__command(command)); command++) {
		fprintf(out, "complete -c tachyon-bpf -n '__tachyon_bpf_at top' -a %s",
			command->name);
		describe(out, command->summary);
	}
}

static void places(FILE *out, const struct tach_option *option)
{
	const struct tach_command_info *command = tach_commands;

	if (option->where & TACH_IN_TOP)
		fputs(" top", out);
	for (; (command = tach_complete__command(command)); command++)
		if (option->where & tach_help__where(command))
			fprintf(out, " %s", command->name);
}

static void options(FILE *out)
{
	const struct tach_option *option = tach_options;

	for (; (option = tach_complete__next(option, ~0U)); option++) {
		fputs("complete -c tachyon-bpf -n '__tachyon_bpf_at", out);
		places(out, option);
		fputc('\'', out);
		if (option->letter)
			fprintf(out, " -s %c", option->letter);
		fprintf(out, " -l %s", option->name);
		if (option->metavar)
			fputs(option->path ? " -r -F" : " -x", out);
		if (option->choices) {
			fputs(" -a '", out);
			tach_complete__choices(out, option);
			fputc('\'', out);
		}
		describe(out, option->help);
	}
}

void tach_complete__fish(FILE *out)
{
	static const struct tach_complete_hole holes[] = {
		{"TAKERS", takers},
		{"COMMANDS", commands},
		{"OPTIONS", options},
		{},
	};

	tach_complete__fill(out, script, holes);
}
