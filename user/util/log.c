// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "util/log.h"

static int verbose_on;

/* One write per line: the target's own stderr may be the same terminal. */
static void print_line(const char *level, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	fprintf(stderr, "tachyon-bpf: %s%s\n", level, text);
}

int tach_error(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line("error: ", fmt, args);
	va_end(args);
	return err;
}

void tach_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line("warning: ", fmt, args);
	va_end(args);
}

void tach_debug(const char *fmt, ...)
{
	va_list args;

	if (!verbose_on)
		return;
	va_start(args, fmt);
	print_line("", fmt, args);
	va_end(args);
}

void tach_log__set_verbose(int verbose)
{
	verbose_on = verbose;
}

int tach_why__set(struct tach_why *why, int err, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return err;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return err;
}
