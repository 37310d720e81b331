/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LINES_H
#define TACH_LINES_H

#include "write/text.h"

/* Lines of source files, as the target sees them: in its own root directory, which may be a container's.
 * What a target names as its file is not to be trusted: no path leads out of that root, only regular files
 * of at most TACH_LINES_MAX_SZ bytes are read, and opening one waits for nothing. */
struct tach_lines;

#define TACH_LINES_MAX_SZ  (16u << 20)
#define TACH_LINES_KEPT_SZ (4 * TACH_LINES_MAX_SZ) /* of all files, in memory at once */

/* @proc_fd: /proc/PID of the target, not kept. NULL without memory. If its directories cannot be opened,
 * no line will be there. */
struct tach_lines *tach_lines__new(int proc_fd);
void tach_lines__free(struct tach_lines *lines); /* NULL is fine */

/* Line @line (>= 1) of @path, without its end; empty if it cannot be had. Valid until the next call. */
struct tach_text tach_lines__get(struct tach_lines *lines, const char *path, int line);

/* How many lines @path has; 0: none, or it cannot be read. */
int tach_lines__cnt(struct tach_lines *lines, const char *path);

#endif
