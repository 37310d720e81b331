/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_INPUT_H
#define TACH_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"

/* Part of a file read from its start to its end, perhaps decompressed, with a buffer of fixed size. Memory is
 * taken when it is opened; nothing that the file says makes it take more. */
struct tach_input {
	const unsigned char *at, *end; /* what is in the buffer and not yet taken */
	__u64 done;		       /* bytes in front of what is in the buffer */
	int err; /* first negative errno: -EBADMSG not zstd, -ENODATA a zstd frame that is cut */

	int fd; /* not owned */
	__u64 pos, stop;
	struct tach_inflate *inflate; /* NULL: as it is */
	unsigned char *buf;
	const char *why; /* of -EBADMSG: what zstd says */
};

/* Bytes [@pos, @stop) of @fd, as one or more frames of zstd or as they are. 0 or -ENOMEM; close it in either
 * case. */
int tach_input__open(struct tach_input *input, int fd, __u64 pos, __u64 stop, bool zstd);
void tach_input__close(struct tach_input *input);

/* Put more into the empty buffer. False at the end, and after an error. */
bool tach_input__fill(struct tach_input *input);

/* Bytes taken so far. */
static inline __u64 tach_input__done(const struct tach_input *input)
{
	return input->done - (__u64)(input->end - input->at);
}

/* The next byte, or -1 at the end and after an error. */
static inline int tach_input__byte(struct tach_input *input)
{
	if (input->at == input->end && !tach_input__fill(input))
		return -1;
	return *input->at++;
}

/* True and *@value; false at the end, after an error, and if it is longer than 64 bits. */
bool tach_input__long_varint(struct tach_input *input, __u64 *value);
static inline bool tach_input__varint(struct tach_input *input, __u64 *value)
{
	if (input->at == input->end || *input->at & 0x80)
		return tach_input__long_varint(input, value);
	*value = *input->at++;
	return true;
}

/* The same, of at most 32 bits. */
static inline bool tach_input__u32(struct tach_input *input, __u32 *value)
{
	__u64 wide;

	if (!tach_input__varint(input, &wide) || wide > 0xffffffffu)
		return false;
	*value = (__u32)wide;
	return true;
}

/* Take exactly @sz bytes; @dst NULL: pass them over. False if there are not so many. */
bool tach_input__take(struct tach_input *input, void *dst, __u64 sz);

#endif
