/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SOURCE_H
#define TACH_SOURCE_H

#include "read/read.h"

/* What every kind of source starts with; the functions of read.h work on this. */
struct tach_source {
	const struct tach_source_ops *ops;
	struct tach_handlers handlers;
	struct tach_read_stats stats;
};

struct tach_source_ops {
	int (*fd)(const struct tach_source *source);
	int (*consume)(struct tach_source *source);
	int (*inject)(struct tach_source *source, const void *rec, size_t sz);
	void (*free)(struct tach_source *source);
};

/* Decode one record; a bad one is counted and is no reason to stop.
 * Returns 0 or the handler's negative errno. */
int tach_source__hand_on(struct tach_source *source, const void *data, size_t sz);

#endif
