/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PARSE_LINE_H
#define TACH_PARSE_LINE_H

/* Runs the real parser on a command line and keeps what it said. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opts.h"

#define ARGS_MAX 24

struct answer {
	int ret, exit_code;
	struct tach_opts opts;
	char err[4096];	 /* what went to stderr */
	char out[32768]; /* to stdout */
	char line[512];
	char *argv[ARGS_MAX + 1];
};

/* Send what is written to @fd into a new temporary file; returns a duplicate of the old fd. */
static inline int divert(int fd, FILE **file)
{
	int saved = dup(fd);

	*file = tmpfile();
	assert_non_null(*file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(*file), fd) >= 0);
	return saved;
}

static inline void restore(int fd, int saved, FILE *file, char *text, size_t sz)
{
	size_t len;

	dup2(saved, fd);
	close(saved);
	rewind(file);
	len = fread(text, 1, sz - 1, file);
	text[len] = '\0';
	fclose(file);
}

/* @line: words separated by one blank; "~" stands for a blank in a word, "" for no words. */
static inline const struct answer *parse(const char *line)
{
	static struct answer answer;
	FILE *err_file, *out_file;
	int saved_err, saved_out, argc = 0;
	char *word, *save = NULL, *c;

	memset(&answer, 0, sizeof(answer));
	snprintf(answer.line, sizeof(answer.line), "tachyon-bpf %s", line);
	for (word = strtok_r(answer.line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(argc < ARGS_MAX);
		for (c = word; *c; c++)
			if (*c == '~')
				*c = ' ';
		answer.argv[argc++] = word;
	}
	fflush(stdout);
	saved_err = divert(2, &err_file);
	saved_out = divert(1, &out_file);
	answer.exit_code = -1;
	answer.ret = tach_opts__parse(argc, answer.argv, &answer.opts, &answer.exit_code);
	fflush(stdout);
	restore(1, saved_out, out_file, answer.out, sizeof(answer.out));
	restore(2, saved_err, err_file, answer.err, sizeof(answer.err));
	return &answer;
}

static inline const struct tach_opts *good(const char *line)
{
	const struct answer *answer = parse(line);

	if (answer->ret)
		print_error("%s: %s", line, answer->err);
	assert_int_equal(answer->ret, 0);
	assert_int_equal(answer->exit_code, -1);
	assert_string_equal(answer->err, "");
	assert_string_equal(answer->out, "");
	return &answer->opts;
}

/* The last line of stderr is exactly @message, and the exit code 2. */
static inline void wrong(const char *line, const char *message)
{
	const struct answer *answer = parse(line);
	size_t len = strlen(message), got = strlen(answer->err);

	assert_int_not_equal(answer->ret, 0);
	assert_int_equal(answer->exit_code, TACH_EXIT_USAGE);
	assert_string_equal(answer->out, "");
	if (got < len + 1 || strncmp(answer->err + got - len - 1, message, len) != 0 ||
	    (got > len + 1 && answer->err[got - len - 2] != '\n')) {
		print_error("%s\n  want: %s\n  got:  %s", line, message, answer->err);
		fail();
	}
}

#endif
