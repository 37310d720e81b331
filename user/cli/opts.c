// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The parser: words -> struct tach_opts. Messages, and the order in which mistakes are found, are those of
 * Python's argparse (CPython v3.15.0, Lib/argparse.py), so that it reads as the reference profiler. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/choice.h"
#include "cli/help.h"
#include "cli/parser.h"

int tach_parser__error(const struct tach_parser *parser, const struct tach_command_info *command,
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
	return TACH_PARSER_DONE;
}

static int no_memory(const struct tach_parser *parser)
{
	*parser->exit_code = TACH_EXIT_FAILURE;
	return tach_error(TACH_PARSER_DONE, "out of memory");
}

/* --help and its like. */
static int print(const struct tach_parser *parser, const struct tach_option *option)
{
	option->print(stdout, parser->command, parser->out);
	*parser->exit_code = TACH_EXIT_OK;
	if (fflush(stdout))
		*parser->exit_code =
			tach_error(TACH_EXIT_FAILURE, "cannot write: %s", strerror(errno));
	return TACH_PARSER_DONE;
}

/* The format option that was given before, or NULL. */
static const struct tach_option *other_format(const struct tach_parser *parser,
					      const struct tach_option *option)
{
	const struct tach_option *other;

	if (!option->format)
		return NULL;
	for (other = tach_options; other->name; other++)
		if (other != option && other->format && parser->seen[other - tach_options])
			return other;
	return NULL;
}

static int take_option(struct tach_parser *parser, const struct tach_option *option,
		       const char *arg)
{
	const struct tach_option *other;
	struct tach_why why;
	char name[64];

	tach_words__name(option, name, sizeof(name));
	if (option->set && option->set(option, arg, (char *)parser->out + option->off, &why) != 0)
		return tach_parser__error(parser, parser->command, "argument %s: %s", name,
					  why.text);
	other = other_format(parser, option);
	if (other)
		return tach_parser__error(parser, parser->command,
					  "argument --%s: not allowed with argument --%s",
					  option->name, other->name);
	parser->seen[option - tach_options] = true;
	if (option->format)
		parser->out->format = option->format;
	return option->print ? print(parser, option) : 0;
}

/* Said at the end, all at once. */
static int add_unknown(struct tach_parser *parser, const char *dash, const char *text)
{
	char *all;

	if (asprintf(&all, "%s %s%s", parser->unknown ? parser->unknown : "", dash, text) < 0)
		return no_memory(parser);
	free(parser->unknown);
	parser->unknown = all;
	return 0;
}

/* The positional argument of any command but run. */
static int take_positional(struct tach_parser *parser, const char *text)
{
	struct tach_why why;

	if (parser->has_positional)
		return add_unknown(parser, "", text);
	parser->has_positional = true;
	parser->out->input = text;
	if (parser->command->id != TACH_CMD_REPLAY &&
	    tach_value__int(text, &parser->out->pid, &why) != 0)
		return tach_parser__error(parser, parser->command, "argument pid: %s", why.text);
	return 0;
}

/* The next word that is not an option, or END; a negative value if the answer is an exit code. */
static int next_word(struct tach_parser *parser, struct tach_words *words, const char **text)
{
	const struct tach_option *option;
	enum tach_word word;
	struct tach_why why;
	int err = 0;

	while (!err) {
		word = tach_words__next(words, &option, text, &why);
		switch (word) {
		case TACH_WORD_OPTION:
			err = take_option(parser, option, *text);
			break;
		case TACH_WORD_UNKNOWN:
			err = add_unknown(parser, "-", *text);
			break;
		case TACH_WORD_BAD:
			return tach_parser__error(parser, parser->command, "%s", why.text);
		case TACH_WORD_POSITIONAL:
		case TACH_WORD_SEPARATOR:
		case TACH_WORD_END:
		default:
			return (int)word;
		}
	}
	return err;
}

static int missing(const struct tach_parser *parser, const char *what)
{
	return tach_parser__error(parser, parser->command,
				  "the following arguments are required: %s", what);
}

static int parse_words(struct tach_parser *parser, struct tach_words *words)
{
	const char *text;
	int word, err = 0;

	while (!err) {
		word = next_word(parser, words, &text);
		if (word < 0)
			return word;
		if (word == TACH_WORD_END)
			return parser->has_positional ? 0
						      : missing(parser, parser->command->required);
		if (word == TACH_WORD_POSITIONAL)
			err = take_positional(parser, text);
	}
	return err;
}

static int parse_run(struct tach_parser *parser, struct tach_words *words)
{
	struct tach_opts *out = parser->out;
	bool separated = false;
	const char *text;
	int word;

	do {
		word = next_word(parser, words, &text);
		separated |= word == TACH_WORD_SEPARATOR;
	} while (word == TACH_WORD_SEPARATOR);
	if (word < 0)
		return word;
	if (word == TACH_WORD_END)
		return missing(parser, parser->command->required);
	out->args = words->argv + words->next - 1;
	out->raw_command = separated && !out->module;
	if (out->raw_command && out->python)
		return tach_parser__error(parser, parser->command,
					  "argument --python: not allowed with -- COMMAND");
	return 0;
}

/* NULL: there is none of that name, and it was said. */
static const struct tach_command_info *find_command(const struct tach_parser *parser,
						    const char *name)
{
	const struct tach_command_info *command;
	const char *names[8] = {NULL}; /* a test compares */
	struct tach_why why;

	for (command = tach_commands; command->name; command++) {
		names[command->id] = command->name;
		if (strcmp(command->name, name) == 0)
			return command;
	}
	tach_choice__refuse(name, names, &why);
	tach_parser__error(parser, NULL, "argument command: %s", why.text);
	return NULL;
}

static int parse_command(struct tach_parser *parser, int argc, char **argv)
{
	const struct tach_command_info *command = find_command(parser, argv[0]);
	struct tach_words words;
	int err;

	if (!command)
		return TACH_PARSER_DONE;
	parser->command = command;
	parser->out->command = command->id;
	tach_words__init(&words, argc, argv, TACH_IN(command->id));
	err = command->id == TACH_CMD_RUN ? parse_run(parser, &words) : parse_words(parser, &words);
	if (!err && parser->unknown)
		err = tach_parser__error(parser, NULL, "unrecognized arguments:%s",
					 parser->unknown);
	return err ? err : tach_parser__check(parser);
}

static int parse(struct tach_parser *parser, int argc, char **argv)
{
	struct tach_words words;
	const char *text;
	int word;

	tach_words__init(&words, argc, argv, TACH_IN_TOP);
	do {
		word = next_word(parser, &words, &text);
	} while (word == TACH_WORD_SEPARATOR);
	if (word < 0)
		return word;
	if (word == TACH_WORD_END)
		return missing(parser, "command");
	words.next--;
	return parse_command(parser, argc - words.next, argv + words.next);
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
			err = option->set(option, option->preset, (char *)out + option->off, NULL);
	return err;
}

int tach_opts__parse(int argc, char **argv, struct tach_opts *out, int *exit_code)
{
	struct tach_parser parser = {.out = out, .exit_code = exit_code};
	int err = preset(out);

	if (err)
		*exit_code = TACH_EXIT_FAILURE;
	else
		err = parse(&parser, argc, argv);
	free(parser.unknown);
	return err;
}
