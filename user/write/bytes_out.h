/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BYTES_OUT_H
#define TACH_BYTES_OUT_H

#include <stdbool.h>

#include "util/types.h"
#include "write/sink.h"

/* Bytes on their way to a sink, perhaps compressed; or only counted, for formats that name the place of what
 * comes later. */
struct tach_bytes_out;

/* @sink NULL: count. NULL without memory. */
struct tach_bytes_out *tach_bytes_out__new(struct tach_sink *sink, bool zstd);
void tach_bytes_out__put(struct tach_bytes_out *out, const void *data, size_t sz);
/* The number of bytes that were put, before compression. */
__u64 tach_bytes_out__taken(const struct tach_bytes_out *out);
/* Finish, free. The number of bytes that came out, or a negative errno. */
__s64 tach_bytes_out__end(struct tach_bytes_out *out);

#endif
