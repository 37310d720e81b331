// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "util/input.h"

#define BUF_SZ (128u << 10)

struct tach_inflate {
	ZSTD_DCtx *ctx;
	ZSTD_inBuffer in;
	size_t left; /* 0: at the end of a frame */
	bool full;   /* there may be more without more input */
	unsigned char out[BUF_SZ];
};

int tach_input__open(struct tach_input *input, int fd, __u64 pos, __u64 stop, bool zstd)
{
	*input = (struct tach_input){.fd = fd, .pos = pos, .stop = stop};
	input->buf = malloc(BUF_SZ);
	if (!input->buf)
		return -ENOMEM;
	if (!zstd)
		return 0;
	input->inflate = calloc(1, sizeof(*input->inflate));
	if (!input->inflate)
		return -ENOMEM;
	input->inflate->in.src = input->buf;
	input->inflate->ctx = ZSTD_createDCtx();
	return input->inflate->ctx ? 0 : -ENOMEM;
}

void tach_input__close(struct tach_input *input)
{
	if (input->inflate)
		ZSTD_freeDCtx(input->inflate->ctx);
	free(input->inflate);
	free(input->buf);
	*input = (struct tach_input){.fd = -1};
}

/* Read the next bytes of the file into buf. Returns how many; 0 at the end and after an error. */
static size_t read_some(struct tach_input *input)
{
	__u64 left = input->stop - input->pos;
	ssize_t got;

	do {
		got = pread(input->fd, input->buf, left < BUF_SZ ? left : BUF_SZ,
			    (off_t)input->pos);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		input->err = -errno;
	if (got <= 0)
		return 0;
	input->pos += (__u64)got;
	return (size_t)got;
}

/* Decompress the next bytes into out. As above. */
static size_t inflate_some(struct tach_input *input)
{
	struct tach_inflate *z = input->inflate;
	ZSTD_outBuffer out = {.dst = z->out, .size = sizeof(z->out)};

	while (!out.pos) {
		if (z->in.pos == z->in.size && !z->full) {
			z->in.pos = 0;
			z->in.size = read_some(input);
			if (!z->in.size) {
				if (!input->err && z->left)
					input->err = -ENODATA;
				return 0;
			}
		}
		z->left = ZSTD_decompressStream(z->ctx, &out, &z->in);
		if (ZSTD_isError(z->left)) {
			input->why = ZSTD_getErrorName(z->left);
			input->err = -EBADMSG;
			return 0;
		}
		z->full = out.pos == out.size;
	}
	return out.pos;
}

bool tach_input__fill(struct tach_input *input)
{
	size_t sz = input->err ? 0 : input->inflate ? inflate_some(input) : read_some(input);

	input->at = input->inflate ? input->inflate->out : input->buf;
	input->end = input->at + sz;
	input->done += sz;
	return sz;
}

bool tach_input__long_varint(struct tach_input *input, __u64 *value)
{
	unsigned int shift;
	int byte;

	*value = 0;
	for (shift = 0; shift < 64; shift += 7) {
		byte = tach_input__byte(input);
		if (byte < 0)
			return false;
		*value |= (__u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

bool tach_input__take(struct tach_input *input, void *dst, __u64 sz)
{
	while (sz) {
		size_t part = (size_t)(input->end - input->at);

		if (!part) {
			if (!tach_input__fill(input))
				return false;
			continue;
		}
		if (part > sz)
			part = (size_t)sz;
		if (dst) {
			memcpy(dst, input->at, part);
			dst = (char *)dst + part;
		}
		input->at += part;
		sz -= part;
	}
	return true;
}
