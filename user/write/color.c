// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write/color.h"

/* CPython v3.15.0, Lib/_colorize.py: can_colorize() */
bool tach_color__wanted(int fd)
{
	const char *python = getenv("PYTHON_COLORS"), *no = getenv("NO_COLOR");
	const char *force = getenv("FORCE_COLOR"), *term = getenv("TERM");

	if (python && (!strcmp(python, "0") || !strcmp(python, "1")))
		return *python == '1';
	if (no && *no)
		return false;
	if (force && *force)
		return true;
	return !(term && !strcmp(term, "dumb")) && isatty(fd);
}

const struct tach_palette *tach_color__palette(bool colors)
{
	static const struct tach_palette plain = {"", "", "", "", "", ""};
	/* As CPython v3.15.0 Lib/profiling/sampling/pstats_collector.py. */
	static const struct tach_palette ansi = {
		.heading = "\x1b[1;34m",
		.term = "\x1b[33m",
		.file = "\x1b[32m",
		.line = "\x1b[33m",
		.func = "\x1b[36m",
		.end = "\x1b[0m",
	};

	return colors ? &ansi : &plain;
}
