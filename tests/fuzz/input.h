/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_INPUT_H
#define TACH_FUZZ_INPUT_H

#include <stdint.h>
#include <string.h>

#include "util/types.h"

/* The fuzzer's bytes, taken as numbers from front to back; behind the end there are zeros. */
struct input {
	const uint8_t *pos;
	const uint8_t *end;
};

static inline __u64 input_number(struct input *in, size_t sz)
{
	size_t left = in->end - in->pos, got = left < sz ? left : sz;
	__u64 value = 0;

	memcpy(&value, in->pos, got);
	in->pos += got;
	return value;
}

static inline __u8 input_u8(struct input *in)
{
	return input_number(in, 1);
}

static inline __u16 input_u16(struct input *in)
{
	return input_number(in, 2);
}

static inline __u32 input_u32(struct input *in)
{
	return input_number(in, 4);
}

static inline __u64 input_u64(struct input *in)
{
	return input_number(in, 8);
}

#endif
