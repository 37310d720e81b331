/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_VARINT_H
#define TACH_VARINT_H

#include <stddef.h>

#include "util/types.h"

/* LEB128: seven bits a byte, the lowest first, the highest bit says that more follow. */
#define TACH_VARINT_MAX 10 /* bytes */

/* Returns the number of bytes written to @dst, which has room for TACH_VARINT_MAX. */
static inline size_t tach_varint__put(unsigned char *dst, __u64 value)
{
	size_t sz = 0;

	while (value >= 0x80) {
		dst[sz++] = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	dst[sz++] = (unsigned char)value;
	return sz;
}

/* Signed numbers near 0 are small unsigned ones: 0, -1, 1, -2, ... */
static inline __u64 tach_zigzag(__s64 value)
{
	return (__u64)value << 1 ^ (__u64)(value >> 63);
}

static inline __s64 tach_unzigzag(__u64 value)
{
	return (__s64)(value >> 1) ^ -(__s64)(value & 1);
}

#endif
