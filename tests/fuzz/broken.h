/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_BROKEN_H
#define TACH_FUZZ_BROKEN_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What must not be is: say it, and end the process in a way that the fuzzer notes. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void broken(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "broken: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

#endif
