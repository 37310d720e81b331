// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What fits together: CPython v3.15.0, Lib/profiling/sampling/cli.py, _validate_args(). As there these
 * messages carry the name of the program, not of the command. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/parser.h"

/* "--sort, --limit" */
struct list {
	char text[256];
};

static void TACH_PRINTF(3, 4) add(struct list *list, bool given, const char *fmt, ...)
{
	size_t used = strlen(list->text);
	va_list args;

	if (!given)
		return;
	if (used)
		used += (size_t)snprintf(list->text + used, sizeof(list->text) - used, ", ");
	va_start(args, fmt);
	vsnprintf(list->text + used, sizeof(list->text) - used, fmt, args);
	va_end(args);
}

static bool seen(const struct tach_parser *parser, const char *name)
{
	for (int i = 0; tach_options[i].name; i++)
		if (strcmp(tach_options[i].name, name) == 0)
			return parser->seen[i];
	return false;
}

static bool is_format(const struct tach_parser *parser, const char *format)
{
	return strcmp(parser->out->format, format) == 0;
}

/* Asked for, even if with the values that they have anyway. */
static void add_pstats_options(const struct tach_parser *parser, struct list *list)
{
	for (int i = 0; tach_options[i].name; i++)
		add(list, tach_options[i].group == TACH_GROUP_PSTATS && parser->seen[i], "--%s",
		    tach_options[i].name);
}

static int check_async(const struct tach_parser *parser)
{
	const struct tach_opts *out = parser->out;
	struct list list = {""};
	bool wanted;

	if (!out->async_aware) {
		wanted = out->command == TACH_CMD_DUMP ? seen(parser, "async-mode")
						       : out->async_mode != TACH_ASYNC_RUNNING;
		return wanted ? tach_parser__error(
					parser, NULL,
					"--async-mode requires --async-aware to be enabled.")
			      : 0;
	}
	add(&list, out->native, "--native");
	add(&list, out->no_gc, "--no-gc");
	add(&list, is_format(parser, "binary"), "--binary");
	add(&list, out->mode != TACH_MODE_WALL, "--mode=%s", tach_mode__name(out->mode));
	add(&list, out->all_threads, "--all-threads");
	if (!list.text[0])
		return 0;
	return tach_parser__error(parser, NULL,
				  "Options %s are incompatible with --async-aware. Async-aware "
				  "profiling uses task-based stack reconstruction.",
				  list.text);
}

static void warn_of_blocking(const struct tach_opts *out)
{
	unsigned long long period_us = out->period_ns / 1000;

	if (out->blocking && period_us < 100)
		fprintf(stderr,
			"Warning: --blocking with a %llu µs interval will stop all threads %llu "
			"times per second. Consider using --sampling-rate 1khz or lower to reduce "
			"overhead.\n",
			period_us, 1000000 / period_us);
}

static int check_live(const struct tach_parser *parser)
{
	struct list list = {""};

	if (!is_format(parser, "pstats"))
		return tach_parser__error(
			parser, NULL,
			"--live is incompatible with --%s. Live mode uses a TUI interface.",
			parser->out->format);
	add_pstats_options(parser, &list);
	if (!list.text[0])
		return 0;
	return tach_parser__error(parser, NULL,
				  "Options %s are incompatible with --live. Live mode uses a TUI "
				  "interface with its own controls.",
				  list.text);
}

/* Formats that have a place for instructions. */
static bool shows_opcodes(const struct tach_parser *parser)
{
	return !is_format(parser, "pstats") && !is_format(parser, "collapsed") &&
	       !is_format(parser, "jsonl");
}

static int check_format(const struct tach_parser *parser)
{
	const struct tach_opts *out = parser->out;
	struct list list = {""};

	if (is_format(parser, "gecko") && out->mode != TACH_MODE_WALL)
		return tach_parser__error(
			parser, NULL,
			"--mode option is incompatible with --gecko. Gecko format automatically "
			"includes both GIL-holding and CPU status analysis.");
	if (out->opcodes && !shows_opcodes(parser))
		return tach_parser__error(
			parser, NULL,
			"--opcodes is only compatible with --live, --gecko, --flamegraph, "
			"--diff_flamegraph, --heatmap, --binary.");
	add_pstats_options(parser, &list);
	if (list.text[0] && !is_format(parser, "pstats"))
		return tach_parser__error(parser, NULL,
					  "Options %s are only valid with --pstats, not --%s",
					  list.text, out->format);
	return 0;
}

static int check_together(const struct tach_parser *parser)
{
	const struct tach_opts *out = parser->out;
	int err;

	if (out->command == TACH_CMD_REPLAY)
		return 0;
	if (out->subprocesses && out->live)
		return tach_parser__error(parser, NULL,
					  "--subprocesses is incompatible with --live mode.");
	err = check_async(parser);
	if (err || out->command == TACH_CMD_DUMP)
		return err;
	warn_of_blocking(out);
	return out->live ? check_live(parser) : check_format(parser);
}

static int check_later(const struct tach_parser *parser)
{
	if (parser->command->later)
		return tach_parser__error(parser, NULL,
					  "argument command: '%s' is not available in this version",
					  parser->command->name);
	for (int i = 0; tach_options[i].name; i++)
		if (parser->seen[i] && tach_options[i].later)
			return tach_parser__error(parser, parser->command,
						  "--%s is not available in this version",
						  tach_options[i].name);
	return 0;
}

int tach_parser__check(const struct tach_parser *parser)
{
	int err = check_together(parser);

	return err ? err : check_later(parser);
}
