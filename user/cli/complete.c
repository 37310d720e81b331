// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <string.h>

#include "cli/complete.h"

/* What ends the part of a help text that fits into a menu. */
static const char *const ends[] = {": ", "; ", " (", ", e.g."};

/* The hole that @text begins with, or NULL: an "@" of the script's own. */
static const struct tach_complete_hole *find_hole(const struct tach_complete_hole *hole,
						  const char *text)
{
	for (; hole->name; hole++) {
		size_t len = strlen(hole->name);

		if (strncmp(text + 1, hole->name, len) == 0 && text[1 + len] == '@')
			return hole;
	}
	return NULL;
}

void tach_complete__fill(FILE *out, const char *script, const struct tach_complete_hole *holes)
{
	const struct tach_complete_hole *hole;

	for (; *script; script++) {
		hole = *script == '@' ? find_hole(holes, script) : NULL;
		if (hole) {
			hole->print(out);
			script += strlen(hole->name) + 1;
		} else {
			fputc(*script, out);
		}
	}
}

const struct tach_option *tach_complete__next(const struct tach_option *option, unsigned int where)
{
	for (; option->name; option++)
		if (tach_option__shown(option, where))
			return option;
	return NULL;
}

const struct tach_command_info *tach_complete__command(const struct tach_command_info *command)
{
	for (; command->name; command++)
		if (!command->later)
			return command;
	return NULL;
}

void tach_complete__commands(FILE *out, const char *between)
{
	const struct tach_command_info *command = tach_commands;
	const char *sep = "";

	for (; (command = tach_complete__command(command)); command++, sep = between)
		fprintf(out, "%s%s", sep, command->name);
}

void tach_complete__takers(FILE *out, const char *between)
{
	const struct tach_option *option = tach_options;
	const char *sep = "";

	for (; (option = tach_complete__next(option, ~0U)); option++) {
		if (!option->metavar)
			continue;
		if (option->letter)
			fprintf(out, "%s-%c", sep, option->letter);
		fprintf(out, "%s--%s", option->letter ? between : sep, option->name);
		sep = between;
	}
}

void tach_complete__choices(FILE *out, const struct tach_option *option)
{
	const char *const *choice;

	for (choice = option->choices; *choice; choice++)
		fprintf(out, "%s%s", choice == option->choices ? "" : " ", *choice);
}

void tach_complete__brief(FILE *out, const char *help, const char *special)
{
	size_t len = strlen(help);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end = strstr(help, ends[i]);

		if (end && (size_t)(end - help) < len)
			len = (size_t)(end - help);
	}
	for (size_t i = 0; i < len; i++) {
		if (strchr(special, help[i]))
			fputc('\\', out);
		fputc(help[i], out);
	}
}

void tach_complete__print(FILE *out, const struct tach_command_info *command,
			  const struct tach_opts *opts)
{
	(void)command;
	switch (opts->shell) {
	case TACH_SHELL_BASH:
		tach_complete__bash(out);
		break;
	case TACH_SHELL_ZSH:
		tach_complete__zsh(out);
		break;
	case TACH_SHELL_FISH:
		tach_complete__fish(out);
		break;
	}
}
