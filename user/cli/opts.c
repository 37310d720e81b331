// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The parser: words -> struct tach_opts, and what fits together. Messages are those of Python's
 * argparse, so that they read as the reference profiler's. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/words.h"

/* Returned where the answer is an exit code. */
#define DONE (-ECANCELED)

struct parser {
	const struct tach_command_info *command; /* NULL before the command */
	struct tach_opts *out;
	int *exit_code;
	bool seen[TACH_OPTION_MAX];
	bool has_pid;
};

/* Usage and one line on stderr; the usage error's exit code. */
static int TACH_PRINTF(3, 4)
	usage_error(const struct parser *parser, const struct tach_command_info *command,
		    const char *fmt, ...)
{
	va_list args;

	tach_help__usage(stderr, command);
	fprintf(stderr, "%s%s%s: error: ", TACH_PROG, command ? " " : "",
		command ? command->name : "");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	*parser->exit_code = TACH_EXIT_USAGE;
	return DONE;
}

static void *field(struct tach_opts *opts, const struct tach_option *option)
{
	return (char *)opts + option->off;
}

/* --help and its like. */
static int print(const struct parser *parser, const struct tach_option *option)
{
	if (strcmp(option->name, "version") == 0)
		printf("%s %s\n", TACH_PROG, TACH_VERSION);
	else if (strcmp(option->name, "man-page") == 0)
		tach_man__print(stdout);
	else
		tach_help__print(stdout, parser->command);
	*parser->exit_code = TACH_EXIT_OK;
	if (fflush(stdout))
		*parser->exit_code =
			tach_error(TACH_EXIT_FAILURE, "cannot write: %s", strerror(errno));
	return DONE;
}

static int take_option(struct parser *parser, const struct tach_option *option, const char *arg)
{
	const struct tach_option *other;
	struct tach_why why;
	char name[64];

	if (!option->set)
		return print(parser, option);
	if (option->group == TACH_GROUP_FORMAT) {
		for (other = tach_options; other->name; other++)
			if (other != option && other->group == TACH_GROUP_FORMAT &&
			    parser->seen[other - tach_options])
				return usage_error(parser, parser->command,
						   "argument --%s: not allowed with argument --%s",
						   option->name, other->name);
	}
	parser->seen[option - tach_options] = true;
	if (option->set(option, arg, field(parser->out, option), &why) == 0)
		return 0;
	tach_words__name(option, name, sizeof(name));
	return usage_error(parser, parser->command, "argument %s: %s", name, why.text);
}

static int take_pid(struct parser *parser, const char *arg)
{
	int pid;

	if (parser->has_pid)
		return usage_error(parser, parser->command, "unrecognized arguments: %s", arg);
	switch (tach_value__int(arg, &pid)) {
	case 0:
		break;
	case -ERANGE: /* an int for Python, but never a process */
		return usage_error(parser, parser->command, "argument pid: no such number: '%s'",
				   arg);
	default:
		return usage_error(parser, parser->command, "argument pid: invalid int value: '%s'",
				   arg);
	}
	parser->has_pid = true;
	parser->out->pid = pid;
	return 0;
}

/* Options up to the first positional argument (@stop), or all words. Returns the index of the first
 * word not read. */
static int take_words(struct parser *parser, int argc, char **argv, bool stop)
{
	const struct tach_option *option;
	struct tach_words words;
	struct tach_why why;
	const char *arg;
	int err;

	tach_words__init(&words, argc, argv, tach_help__where(parser->command), stop);
	for (;;) {
		switch (tach_words__next(&words, &option, &arg, &why)) {
		case TACH_WORD_OPTION:
			err = take_option(parser, option, arg);
			break;
		case TACH_WORD_POSITIONAL:
			err = take_pid(parser, arg);
			break;
		case TACH_WORD_BAD:
			return usage_error(parser, parser->command, "%s", why.text);
		case TACH_WORD_END:
		default:
			return tach_words__rest(&words);
		}
		if (err)
			return err;
	}
}

static int parse_attach(struct parser *parser, int argc, char **argv)
{
	int rest = take_words(parser, argc, argv, false), err = rest < 0 ? rest : 0;

	for (; !err && rest < argc; rest++) /* after "--" */
		err = take_pid(parser, argv[rest]);
	if (!err && !parser->has_pid)
		err = usage_error(parser, parser->command,
				  "the following arguments are required: pid");
	return err;
}

static int parse_run(struct parser *parser, int argc, char **argv)
{
	struct tach_opts *out = parser->out;
	int rest = take_words(parser, argc, argv, true);

	if (rest < 0)
		return rest;
	if (rest == argc)
		return usage_error(parser, parser->command,
				   "the following arguments are required: target");
	out->args = argv + rest;
	/* No option takes "--" as its argument, so this one is the separator. */
	out->raw_command = rest > 1 && strcmp(argv[rest - 1], "--") == 0 && !out->module;
	if (out->raw_command && out->python)
		return usage_error(parser, parser->command,
				   "argument --python: not allowed with -- COMMAND");
	return 0;
}

/* Options that make no sense together. As in the reference these carry the name of the program. */
static int check(const struct parser *parser)
{
	const struct tach_opts *out = parser->out;
	char list[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; tach_options[i].name; i++)
		if (tach_options[i].group == TACH_GROUP_PSTATS && parser->seen[i] &&
		    used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s--%s",
						 used ? ", " : "", tach_options[i].name);
	if (used && strcmp(out->format, "pstats") != 0)
		return usage_error(parser, NULL,
				   "Options %s are only valid with --pstats, not --%s", list,
				   out->format);
	return 0;
}

/* What the options are when not given: the table says it, for parser and help alike. */
static int preset(struct tach_opts *out)
{
	const struct tach_option *option;
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->duration_s = -1;
	out->format = "pstats";
	for (option = tach_options; option->name && !err; option++)
		if (option->preset)
			err = option->set(option, option->preset, field(out, option), NULL);
	return err;
}

static int find_command(struct parser *parser, const char *name)
{
	const struct tach_command_info *command;
	const char *const *absent;
	char list[128] = "";
	size_t used = 0;

	for (command = tach_commands; command->name; command++) {
		if (strcmp(command->name, name) == 0) {
			parser->command = command;
			parser->out->command = command->id;
			return 0;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s'%s'",
						 used ? ", " : "", command->name);
	}
	for (absent = tach_absent_commands; *absent; absent++)
		if (strcmp(*absent, name) == 0)
			return usage_error(
				parser, NULL,
				"argument command: '%s' is not available in this version", name);
	return usage_error(parser, NULL, "argument command: invalid choice: '%s' (choose from %s)",
			   name, list);
}

int tach_opts__parse(int argc, char **argv, struct tach_opts *out, int *exit_code)
{
	struct parser parser = {.out = out, .exit_code = exit_code};
	int rest, err;

	err = preset(out);
	if (err) {
		*exit_code = TACH_EXIT_FAILURE;
		return err;
	}
	rest = argc > 0 ? take_words(&parser, argc, argv, true) : argc;
	if (rest < 0)
		return rest;
	if (rest == argc)
		return usage_error(&parser, NULL, "the following arguments are required: command");
	err = find_command(&parser, argv[rest]);
	if (err)
		return err;
	err = out->command == TACH_CMD_RUN ? parse_run(&parser, argc - rest, argv + rest)
					   : parse_attach(&parser, argc - rest, argv + rest);
	return err ? err : check(&parser);
}
