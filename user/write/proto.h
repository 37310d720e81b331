/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROTO_H
#define TACH_PROTO_H

#include <stddef.h>

#include "util/types.h"

/* Messages in the wire format of protocol buffers, field by field
 * (https://protobuf.dev/programming-guides/encoding). Zero-initialize. The first error is kept, so callers
 * need not check each call: what follows it is ignored. */
struct tach_proto {
	char *data; /* [used] */
	size_t used;
	size_t cap;
	int err; /* 0 or -ENOMEM */
};

void tach_proto__free(struct tach_proto *proto); /* what it holds */

/* A field with a number: uint64, bool, or an int64 that is not negative. 0 is not written: it is the default. */
void tach_proto__number(struct tach_proto *proto, unsigned field, __u64 value);

/* A field of bytes: what is put between these two is a message, a string or packed numbers. They nest. */
size_t tach_proto__open(struct tach_proto *proto, unsigned field); /* to be handed to close */
void tach_proto__close(struct tach_proto *proto, size_t opened);

void tach_proto__packed(struct tach_proto *proto, __u64 value); /* one of packed numbers */
void tach_proto__bytes(struct tach_proto *proto, const void *data, size_t sz);
/* Room for @sz bytes behind those that are used; who writes there adds to @used. NULL after an error. */
char *tach_proto__reserve(struct tach_proto *proto, size_t sz);

#endif
