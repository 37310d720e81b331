/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_RAW_OUT_H
#define TACH_RAW_OUT_H

#include <stddef.h>

/* Appends records to a file of raw records (read.h says what that is), some at a time: a system call
 * per record would cost more than decoding it. */
struct tach_raw_out {
	int fd;	     /* not owned; -1: no copy, or it failed */
	size_t used; /* bytes in buf */
	unsigned char buf[1 << 16];
};

/* @sz bytes at @data, of which the record says how many it uses. What would break the framing of the
 * file (a length that cannot be) is left out. Both return 0 or a negative errno; after an error
 * nothing is written any more. */
int tach_raw_out__put(struct tach_raw_out *out, const void *data, size_t sz);
int tach_raw_out__flush(struct tach_raw_out *out);

#endif
