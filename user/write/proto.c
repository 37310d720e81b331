// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"
#include "write/proto.h"

#define VARINT_MAX_SZ 10
#define TYPE_VARINT   0
#define TYPE_BYTES    2

void tach_proto__free(struct tach_proto *proto)
{
	free(proto->data);
	memset(proto, 0, sizeof(*proto));
}

char *tach_proto__reserve(struct tach_proto *proto, size_t sz)
{
	char *data;

	if (proto->err)
		return NULL;
	data = tach_grow(proto->data, &proto->cap, proto->used + sz, 1);
	if (!data) {
		proto->err = -ENOMEM;
		return NULL;
	}
	proto->data = data;
	return data + proto->used;
}

static size_t put_varint(char *dst, __u64 value)
{
	size_t sz = 0;

	for (; value >= 0x80; value >>= 7)
		dst[sz++] = (char)(value | 0x80);
	dst[sz++] = (char)value;
	return sz;
}

void tach_proto__packed(struct tach_proto *proto, __u64 value)
{
	char *dst = tach_proto__reserve(proto, VARINT_MAX_SZ);

	if (dst)
		proto->used += put_varint(dst, value);
}

void tach_proto__number(struct tach_proto *proto, unsigned field, __u64 value)
{
	if (!value)
		return;
	tach_proto__packed(proto, field << 3 | TYPE_VARINT);
	tach_proto__packed(proto, value);
}

size_t tach_proto__open(struct tach_proto *proto, unsigned field)
{
	tach_proto__packed(proto, field << 3 | TYPE_BYTES);
	return proto->used;
}

/* The length comes first, and how long that is itself is known only now. */
void tach_proto__close(struct tach_proto *proto, size_t opened)
{
	size_t sz = proto->used - opened, len_sz;
	char len[VARINT_MAX_SZ];

	len_sz = put_varint(len, sz);
	if (!tach_proto__reserve(proto, len_sz))
		return;
	memmove(proto->data + opened + len_sz, proto->data + opened, sz);
	memcpy(proto->data + opened, len, len_sz);
	proto->used += len_sz;
}

void tach_proto__bytes(struct tach_proto *proto, const void *data, size_t sz)
{
	char *dst = tach_proto__reserve(proto, sz);

	if (!dst)
		return;
	if (sz)
		memcpy(dst, data, sz);
	proto->used += sz;
}
