// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* For bash 4.4 and newer. Needs nothing of the package bash-completion, which finds and loads it. */
#include "cli/complete.h"
#include "cli/help.h"

/* bash splits words at "=": --mode=c is three of them. */
/* clang-format off */
static const char script[] =
	"# bash completion of tachyon-bpf; made by tachyon-bpf --completion bash\n"
	"_tachyon_bpf()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command='' target='' words='' i\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD && !${#target}; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--) target=-- ;;\n"
	"\t\t@TAKERS@)\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))\n"
	"\t\t\t((i++))\n"
	"\t\t\t;;\n"
	"\t\t-*) ;;\n"
	"\t\t*)\n"
	"\t\t\t[[ ! $command ]] || target=${COMP_WORDS[i]}\n"
	"\t\t\tcommand=${command:-${COMP_WORDS[i]}}\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tif [[ $command == run && $target == -- && $prev == -- ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\t\treturn\n"
	"\telif [[ $command == run && $target ]]; then\n"
	"\t\tcompopt -o default\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $prev in\n"
	"@ARGUMENTS@"
	"\tesac\n"
	"\tcase $command:$cur in\n"
	"@OPTIONS@"
	"\t:*) words='@COMMANDS@' ;;\n"
	"\tattach:* | dump:*)\n"
	"\t\twords=$(echo /proc/[0-9]*)\n"
	"\t\twords=${words//\\/proc\\//}\n"
	"\t\t;;\n"
	"\t*)\n"
	"\t\tcompopt -o default\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\tesac\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -F _tachyon_bpf tachyon-bpf\n";
/* clang-format on */

/* What may follow an option that takes an argument. */
static void argument(FILE *out, const struct tach_option *option)
{
	fputc('\t', out);
	if (option->letter)
		fprintf(out, "-%c | ", option->letter);
	fprintf(out, "--%s)\n", option->name);
	if (option->choices) {
		fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", out);
		tach_complete__choices(out, option);
		fputs("' -- \"$cur\")\n", out);
	} else if (option->path) {
		fputs("\t\tcompopt -o default\n", out);
	}
	fputs("\t\treturn\n\t\t;;\n", out);
}

static void arguments(FILE *out)
{
	const struct tach_option *option = tach_options;

	for (; (option = tach_complete__next(option, ~0U)); option++)
		if (option->metavar)
			argument(out, option);
}

static void names(FILE *out, const char *command, unsigned int where)
{
	const struct tach_option *option = tach_options;

	fprintf(out, "\t%s:-*) words='", command);
	for (; (option = tach_complete__next(option, where)); option++) {
		if (option->letter)
			fprintf(out, " -%c", option->letter);
		fprintf(out, " --%s", option->name);
	}
	fputs("' ;;\n", out);
}

static void options(FILE *out)
{
	const struct tach_command_info *command = tach_commands;

	names(out, "", TACH_IN_TOP);
	for (; (command = tach_complete__command(command)); command++)
		names(out, command->name, tach_help__where(command));
}

static void takers(FILE *out)
{
	tach_complete__takers(out, " | ");
}

static void commands(FILE *out)
{
	tach_complete__commands(out, " ");
}

void tach_complete__bash(FILE *out)
{
	static const struct tach_complete_hole holes[] = {
		{"TAKERS", takers},
		{"ARGUMENTS", arguments},
		{"OPTIONS", options},
		{"COMMANDS", commands},
		{},
	};

	tach_complete__fill(out, script, holes);
}
