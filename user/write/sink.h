/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SINK_H
#define TACH_SINK_H

#include <stddef.h>

#include "util/log.h"

/* Where a writer's bytes go: stdout, or a temporary file that takes its final name only when it is
 * complete. The first error is kept and reported at the end, so writers need not check each call. */
struct tach_sink;

struct tach_sink *tach_sink__stdout(void);
/* NULL with @why and errno if the file cannot be made. */
struct tach_sink *tach_sink__file(const char *path, struct tach_why *why);

void tach_sink__write(struct tach_sink *sink, const void *data, size_t sz);
void tach_sink__printf(struct tach_sink *sink, const char *fmt, ...) TACH_PRINTF(2, 3);

/* Flush, rename, free. 0, or the first error as a negative errno with @why; a broken file is removed. */
int tach_sink__close(struct tach_sink *sink, struct tach_why *why);
/* Free without result; the temporary file is removed. NULL is fine. */
void tach_sink__abort(struct tach_sink *sink);

#endif
