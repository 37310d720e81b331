/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SINK_H
#define TACH_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "util/log.h"

/* Where a writer's bytes go: a descriptor, or a temporary file that takes its final name only when it
 * is complete (what exactly, and with whose rights, says write/place.h). The first error is kept and
 * reported at the end, so writers need not check each call. */
struct tach_sink;

/* These return NULL with @why and errno if it cannot be. What stdio holds for stdout is flushed. */
struct tach_sink *tach_sink__stdout(struct tach_why *why);
struct tach_sink *tach_sink__fd(int fd, const char *name,
				struct tach_why *why); /* not taken over */
struct tach_sink *tach_sink__file(const char *path, struct tach_why *why);

/* Whether tach_sink__file() would succeed; leaves no trace. 0, or a negative errno with @why. */
int tach_sink__check(const char *path, struct tach_why *why);

void tach_sink__write(struct tach_sink *sink, const void *data, size_t sz);
void tach_sink__printf(struct tach_sink *sink, const char *fmt, ...) TACH_PRINTF(2, 3);
/* The writer could not make what it was to write: @err (negative errno) is the sink's error, unless it
 * has one. */
void tach_sink__fail(struct tach_sink *sink, int err);
/* Whether it has an error: what is written goes nowhere then. */
bool tach_sink__failed(const struct tach_sink *sink);

/* Flush, rename, free. 0, or the first error as a negative errno with @why; a broken file is removed,
 * but for one that was written in place. */
int tach_sink__close(struct tach_sink *sink, struct tach_why *why);
/* Free without result; the temporary file is removed. NULL is fine. */
void tach_sink__abort(struct tach_sink *sink);

#endif
