// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Reads command lines on stdin, one a line, each word behind a byte 0x1f, and prints what the parser makes of
 * them, so that it can be compared with another parser of the same lines:
 *	EXIT_CODE TAB LAST_LINE_OF_STDERR TAB NAME=VALUE 0x1f NAME=VALUE...
 * with the names that CPython's parser gives them; EXIT_CODE is - if the program would go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/optable.h"

#define WORDS_MAX 64
#define SEP	  '\x1f'

static const char *const async_modes[] = {"running", "all"};
static const char *const compressions[] = {"auto", "zstd", "none"};
static const char *const sorts[] = {"nsamples",	 "tottime",	   "cumtime", "sample-pct",
				    "cumul-pct", "nsamples-cumul", "name"};

static void put_text(const char *name, const char *value)
{
	printf("%s=%s%c", name, value ? value : "None", SEP);
}

static void put_bool(const char *name, bool value)
{
	put_text(name, value ? "True" : "False");
}

static void put_target(const struct tach_opts *opts)
{
	if (opts->command == TACH_CMD_REPLAY)
		put_text("input_file", opts->input);
	else if (opts->command != TACH_CMD_RUN)
		printf("pid=%d%c", opts->pid, SEP);
	else if (opts->args) {
		put_bool("module", opts->module);
		put_bool("raw_command", opts->raw_command);
		put_text("target", opts->args[0]);
		for (char **arg = opts->args + 1; *arg; arg++)
			put_text("arg", *arg);
	}
}

static void put_opts(const struct tach_opts *opts)
{
	put_text("command", tach_commands[opts->command].name);
	put_target(opts);
	put_text("mode", tach_mode__name(opts->mode));
	printf("period_ns=%llu%c", (unsigned long long)opts->period_ns, SEP);
	printf("duration=%g%c", opts->duration_s, SEP);
	put_bool("all_threads", opts->all_threads);
	put_bool("gc", !opts->no_gc);
	put_bool("native", opts->native);
	put_bool("live", opts->live);
	put_bool("realtime_stats", opts->realtime_stats);
	put_bool("opcodes", opts->opcodes);
	put_bool("subprocesses", opts->subprocesses);
	put_bool("blocking", opts->blocking);
	put_bool("async_aware", opts->async_aware);
	put_text("async_mode", async_modes[opts->async_mode]);
	put_text("format", opts->format);
	put_text("diff_baseline", opts->baseline);
	put_text("compression", compressions[opts->compression]);
	put_text("outfile", opts->output);
	put_bool("browser", opts->browser);
	put_text("sort", sorts[opts->sort]);
	printf("limit=%d%c", opts->limit, SEP);
	put_bool("no_summary", opts->no_summary);
}

/* The last line that was written to @fd, and none of it for the next time. */
static void put_last_line(int fd)
{
	char text[8192];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
	char *line;

	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		exit(1);
	text[len > 0 ? len - 1 : 0] = '\0'; /* without its newline */
	line = strrchr(text, '\n');
	fputs(line ? line + 1 : text, stdout);
}

static void parse_line(char *line, int err_fd)
{
	static char prog[] = TACH_PROG, sep[] = {SEP, '\0'};
	char *argv[WORDS_MAX + 2] = {prog};
	struct tach_opts opts;
	int argc = 1, exit_code = -1, ret;

	line[strcspn(line, "\n")] = '\0';
	if (*line)
		line++; /* each word has a separator before it */
	else
		line = NULL;
	while (line && argc <= WORDS_MAX)
		argv[argc++] = strsep(&line, sep);
	ret = tach_opts__parse(argc, argv, &opts, &exit_code);
	fflush(stderr);
	if (ret)
		printf("%d\t", exit_code);
	else
		fputs("-\t", stdout);
	put_last_line(err_fd);
	putchar('\t');
	put_opts(&opts);
	putchar('\n');
}

int main(void)
{
	FILE *err = tmpfile();
	char *line = NULL;
	size_t cap = 0;

	if (!err || dup2(fileno(err), STDERR_FILENO) < 0)
		return 1;
	while (getline(&line, &cap, stdin) > 0)
		parse_line(line, STDERR_FILENO);
	free(line);
	fclose(err);
	return fflush(stdout) ? 1 : 0;
}
