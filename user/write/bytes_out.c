// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "write/bytes_out.h"

#define BUF_SZ (128u << 10)
#define LEVEL  5 /* as the reference's */

struct tach_bytes_out {
	struct tach_sink *sink;
	ZSTD_CCtx *zstd; /* NULL: as they are */
	__u64 taken, given;
	int err;
	size_t used;
	unsigned char in[BUF_SZ], packed[BUF_SZ];
};

struct tach_bytes_out *tach_bytes_out__new(struct tach_sink *sink, bool zstd)
{
	struct tach_bytes_out *out = malloc(sizeof(*out));

	if (!out)
		return NULL;
	out->sink = sink;
	out->taken = out->given = out->used = 0;
	out->err = 0;
	out->zstd = zstd ? ZSTD_createCCtx() : NULL;
	if (!zstd || (out->zstd && !ZSTD_isError(ZSTD_CCtx_setParameter(
					   out->zstd, ZSTD_c_compressionLevel, LEVEL))))
		return out;
	ZSTD_freeCCtx(out->zstd);
	free(out);
	return NULL;
}

static void give(struct tach_bytes_out *out, const void *data, size_t sz)
{
	out->given += sz;
	if (out->sink)
		tach_sink__write(out->sink, data, sz);
}

static void compress(struct tach_bytes_out *out, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {.src = out->in, .size = out->used};
	bool more = true;

	while (more) {
		ZSTD_outBuffer packed = {.dst = out->packed, .size = BUF_SZ};
		size_t left = ZSTD_compressStream2(out->zstd, &packed, &in, end);

		if (ZSTD_isError(left)) { /* but for memory nothing can go wrong */
			out->err = -ENOMEM;
			return;
		}
		give(out, out->packed, packed.pos);
		more = end == ZSTD_e_end ? left : in.pos < in.size;
	}
}

static void flush(struct tach_bytes_out *out, ZSTD_EndDirective end)
{
	if (out->zstd)
		compress(out, end);
	else
		give(out, out->in, out->used);
	out->used = 0;
}

void tach_bytes_out__put(struct tach_bytes_out *out, const void *data, size_t sz)
{
	out->taken += sz;
	while (sz) {
		size_t part = BUF_SZ - out->used < sz ? BUF_SZ - out->used : sz;

		memcpy(out->in + out->used, data, part);
		data = (const char *)data + part;
		out->used += part;
		sz -= part;
		if (out->used == BUF_SZ)
			flush(out, ZSTD_e_continue);
	}
}

__u64 tach_bytes_out__taken(const struct tach_bytes_out *out)
{
	return out->taken;
}

__s64 tach_bytes_out__end(struct tach_bytes_out *out)
{
	__s64 given;

	flush(out, ZSTD_e_end);
	given = out->err ?: (__s64)out->given;
	ZSTD_freeCCtx(out->zstd);
	free(out);
	return given;
}
