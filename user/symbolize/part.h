/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PART_H
#define TACH_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "util/remote.h"
#include "bpf/tach_wire.h"

/* The bytes of one part of a code object (a name or the line table): those in its record, or the whole
 * fetched from the target. */
struct tach_part {
	const unsigned char *data; /* [sz], of the record or of copy */
	size_t sz;
	bool whole;	     /* nothing is missing */
	bool fetched;	     /* came from the target */
	unsigned char *copy; /* owned */
};

/* No part of a real code object comes near: a claim above it is not worth the memory. */
#define TACH_PART_MAX_SZ (16u << 20)

/* @str describes the part, @data are its bytes in the record, @missed: the record has them not. What
 * is not whole is read through @remote (may be NULL). The object may be gone by now and its memory be
 * used again: bytes of which the record knows the beginning are taken only if they agree with it.
 * Never fails: what could not be had shows as !whole. */
void tach_part__get(struct tach_part *part, const struct tach_rec_str *str,
		    const unsigned char *data, bool missed, __u32 target,
		    const struct tach_remote *remote);
void tach_part__clear(struct tach_part *part);

#endif
