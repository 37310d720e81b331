// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* For zsh, by its own _arguments(). */
#include <string.h>

#include "cli/complete.h"
#include "cli/help.h"

/* clang-format off */
static const char script[] =
	"#compdef tachyon-bpf\n"
	"# zsh completion of tachyon-bpf; made by tachyon-bpf --completion zsh\n"
	"\n"
	"_tachyon-bpf() {\n"
	"\tlocal curcontext=$curcontext state line ret=1\n"
	"\tlocal -A opt_args\n"
	"\tlocal -a commands=(\n"
	"@COMMANDS@"
	"\t)\n"
	"\t_arguments -C -s -S -A '-*' \\\n"
	"@TOP@"
	"\t\t'1: :->command' '*:: :->rest' && ret=0\n"
	"\tcase $state in\n"
	"\tcommand) _describe -t commands command commands && ret=0 ;;\n"
	"\trest)\n"
	"\t\tcurcontext=${curcontext%:*:*}:tachyon-bpf-$line[1]:\n"
	"\t\tcase $line[1] in\n"
	"@COMMAND@"
	"\t\tesac\n"
	"\t\t;;\n"
	"\tesac\n"
	"\treturn ret\n"
	"}\n"
	"\n"
	"if [ \"$funcstack[1]\" = _tachyon-bpf ]; then\n"
	"\t_tachyon-bpf \"$@\"\n"
	"else # not loaded by compinit, but read with source\n"
	"\tcompdef _tachyon-bpf tachyon-bpf\n"
	"fi\n";
/* clang-format on */

/* In single quotes. */
static const char *const positionals[] = {
	[TACH_CMD_RUN] = "'1:target:_files' '*::argument:_files'",
	[TACH_CMD_ATTACH] = "'1:pid:_pids'",
	[TACH_CMD_DUMP] = "'1:pid:_pids'",
	[TACH_CMD_REPLAY] = "'1:file:_files'",
};

/* Help texts have apostrophes. */
static void put_quoted(FILE *out, const struct tach_option *option)
{
	char text[512];
	FILE *brief = fmemopen(text, sizeof(text), "w");

	if (!brief)
		return;
	tach_complete__brief(brief, option->help, "[]\\");
	fclose(brief);
	for (const char *c = text; *c; c++)
		fputs(*c == '\'' ? "'\\''" : (char[]){*c, '\0'}, out);
}

/* Those that cannot stand beside it. */
static void exclusions(FILE *out, const struct tach_option *option, unsigned int where)
{
	const struct tach_option *other = tach_options;

	if (option->print) {
		fputs("(- *)", out);
		return;
	}
	fputc('(', out);
	if (option->letter)
		fprintf(out, "-%c ", option->letter);
	fprintf(out, "--%s", option->name);
	for (; option->format && (other = tach_complete__next(other, where)); other++)
		if (other->format && other != option)
			fprintf(out, " --%s", other->name);
	fputc(')', out);
}

static void spec(FILE *out, const struct tach_option *option, unsigned int where)
{
	const char *tabs = where == TACH_IN_TOP ? "\t\t" : "\t\t\t\t";

	fprintf(out, "%s'", tabs);
	exclusions(out, option, where);
	if (option->letter)
		fprintf(out, "'{-%c%s,--%s%s}'[", option->letter, option->metavar ? "+" : "",
			option->name, option->metavar ? "=" : "");
	else
		fprintf(out, "--%s%s[", option->name, option->metavar ? "=" : "");
	put_quoted(out, option);
	fputc(']', out);
	if (option->metavar)
		fprintf(out, ":%s:", option->metavar);
	if (option->choices) {
		fputc('(', out);
		tach_complete__choices(out, option);
		fputc(')', out);
	} else if (option->metavar) {
		fputs(option->path ? "_files" : " ", out);
	}
	fputs("' \\\n", out);
}

static void specs(FILE *out, unsigned int where)
{
	const struct tach_option *option = tach_options;

	for (; (option = tach_complete__next(option, where)); option++)
		spec(out, option, where);
}

static void top(FILE *out)
{
	specs(out, TACH_IN_TOP);
}

static void commands(FILE *out)
{
	const struct tach_command_info *command = tach_commands;

	for (; (command = tach_complete__command(command)); command++)
		fprintf(out, "\t\t'%s:%s'\n", command->name, command->summary);
}

static void each_command(FILE *out)
{
	const struct tach_command_info *command = tach_commands;

	for (; (command = tach_complete__command(command)); command++) {
		fprintf(out, "\t\t%s)\n\t\t\t_arguments -s -S -A '-*' \\\n", command->name);
		specs(out, tach_help__where(command));
		fprintf(out, "\t\t\t\t%s && ret=0\n\t\t\t;;\n", positionals[command->id]);
	}
}

void tach_complete__zsh(FILE *out)
{
	static const struct tach_complete_hole holes[] = {
		{"COMMANDS", commands},
		{"TOP", top},
		{"COMMAND", each_command},
		{},
	};

	tach_complete__fill(out, script, holes);
}
