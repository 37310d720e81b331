/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GZIP_H
#define TACH_GZIP_H

#include "write/sink.h"

/* A sink's bytes as a gzip file. What cannot be is an error of the sink. */
struct tach_gzip;

struct tach_gzip *tach_gzip__new(struct tach_sink *sink); /* not taken over; NULL without memory */
void tach_gzip__write(struct tach_gzip *gzip, const void *data, size_t sz);
void tach_gzip__close(struct tach_gzip *gzip); /* end the file, free; NULL is fine */

#endif
