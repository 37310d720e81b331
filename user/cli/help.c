// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <string.h>

#include "cli/help.h"

#define WIDTH	   80
#define HELP_COL   24
#define OPTION_COL 2

unsigned int tach_help__where(const struct tach_command_info *command)
{
	return command ? TACH_IN(command->id) : TACH_IN_TOP;
}

/* Words of @text from column @col on, continued at column @indent; ends the line. */
static void wrap(FILE *out, const char *text, int col, int indent)
{
	bool first = true;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (!first && col + 1 + len >= WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			col = indent;
			first = true;
		}
		col += fprintf(out, "%s%.*s", first ? "" : " ", len, text);
		first = false;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

/* One row of two columns; the second starts on a line of its own if the first is too long. */
static void row(FILE *out, const char *left, const char *text)
{
	int col = fprintf(out, "%*s%s", OPTION_COL, "", left);

	if (col > HELP_COL - 2) {
		fputc('\n', out);
		col = 0;
	}
	fprintf(out, "%*s", HELP_COL - col, "");
	wrap(out, text, HELP_COL, HELP_COL);
}

static void option_row(FILE *out, const struct tach_option *option)
{
	char left[64], text[512];

	snprintf(left, sizeof(left), "%s%c%s--%s%s%s", option->letter ? "-" : "",
		 option->letter ? option->letter : ' ', option->letter ? ", " : "   ", option->name,
		 option->metavar ? " " : "", option->metavar ? option->metavar : "");
	snprintf(text, sizeof(text), "%s%s%s%s", option->help, option->preset ? " (default: " : "",
		 option->preset ? option->preset : "", option->preset ? ")" : "");
	row(out, left, text);
}

static void group(FILE *out, enum tach_opt_group group, unsigned int where)
{
	const struct tach_option *option;
	bool any = false;

	for (option = tach_options; option->name; option++) {
		if (option->group != group || !tach_option__shown(option, where))
			continue;
		if (!any)
			fprintf(out, "\n%s:\n", tach_groups[group]);
		any = true;
		option_row(out, option);
	}
}

void tach_help__usage(FILE *out, const struct tach_command_info *command)
{
	const char *const *usage;

	if (!command) {
		fprintf(out, "usage: %s [-h] [--version] COMMAND ...\n", TACH_PROG);
		return;
	}
	for (usage = command->usage; *usage; usage++)
		fprintf(out, "%s %s %s %s\n", usage == command->usage ? "usage:" : "      ",
			TACH_PROG, command->name, *usage);
}

static void command_help(FILE *out, const struct tach_command_info *command)
{
	const struct tach_positional *positional;
	const char *const *text;

	for (text = command->text; *text; text++) {
		fputc('\n', out);
		wrap(out, *text, 0, 0);
	}
	fprintf(out, "\npositional arguments:\n");
	for (positional = command->positionals; positional->metavar; positional++)
		row(out, positional->metavar, positional->help);
}

static void examples(FILE *out, const struct tach_command_info *command)
{
	const struct tach_example *example;

	for (example = command->examples; example->line; example++)
		fprintf(out, "  %s\n      %s\n", example->line, example->text);
}

static void add_name(char *buf, size_t sz, const char *dashes, const char *name)
{
	size_t used = strlen(buf);

	snprintf(buf + used, sz - used, "%s%s%s", used ? ", " : "", dashes, name);
}

void tach_help__later(unsigned int where, char *buf, size_t sz)
{
	const struct tach_command_info *command;
	const struct tach_option *option;

	buf[0] = '\0';
	for (command = tach_commands; command->name && (where & TACH_IN_TOP); command++)
		if (command->later)
			add_name(buf, sz, "", command->name);
	for (option = tach_options; option->name; option++)
		if (option->later && (option->where & where))
			add_name(buf, sz, "--", option->name);
}

static void later(FILE *out, unsigned int where)
{
	char list[512];

	tach_help__later(where, list, sizeof(list));
	if (!list[0])
		return;
	fprintf(out, "\nnot in this version:\n%*s", OPTION_COL, "");
	wrap(out, list, OPTION_COL, OPTION_COL);
}

void tach_help__print(FILE *out, const struct tach_command_info *command,
		      const struct tach_opts *opts)
{
	const struct tach_command_info *each;
	int i;

	(void)opts;
	tach_help__usage(out, command);
	if (command) {
		command_help(out, command);
	} else {
		fputc('\n', out);
		wrap(out,
		     "Sampling profiler for CPython 3.13 to 3.15 that reads the stacks inside the "
		     "kernel.",
		     0, 0);
		fprintf(out, "\ncommands (each with a --help of its own):\n");
		for (each = tach_commands; each->name; each++)
			if (!each->later)
				row(out, each->name, each->summary);
	}
	for (i = 0; i < TACH_GROUP_CNT; i++)
		group(out, (enum tach_opt_group)i, tach_help__where(command));
	later(out, tach_help__where(command));
	fprintf(out, "\nexamples:\n");
	for (each = tach_commands; each->name; each++)
		if (command ? command == each : !each->later)
			examples(out, each);
}
