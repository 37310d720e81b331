// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "read/source.h"

/* More than any record can have: a length above it is not one. */
#define REC_MAX_SZ (1u << 18)

_Static_assert(sizeof(struct tach_rec_stack) + TACH_MAX_FRAMES * sizeof(__u64) <= REC_MAX_SZ,
	       "deepest stack");
_Static_assert(sizeof(struct tach_rec_code) + 2 * TACH_NAME_MAX_SZ + TACH_LINETABLE_MAX_SZ <=
		       REC_MAX_SZ,
	       "largest code object");

struct file_source {
	struct tach_source base; /* first: see as_file() */
	FILE *file;
	bool ended;
	unsigned char buf[REC_MAX_SZ] __attribute__((aligned(TACH_RAW_ALIGN)));
};

static struct file_source *as_file(struct tach_source *source)
{
	return (struct file_source *)source;
}

/* Fill buf with the next record.
 * Returns its size in bytes, 0 at the end of the file, or a negative errno. What is less than a record
 * (the file ends inside of it, or its length cannot be) is returned as well and is the last: nobody
 * knows where the next would start. */
static ssize_t next_record(struct file_source *self)
{
	const struct tach_rec_hdr *hdr = (const void *)self->buf;
	size_t got, rest;

	if (self->ended)
		return 0;
	errno = 0;
	got = fread(self->buf, 1, sizeof(*hdr), self->file);
	if (got == sizeof(*hdr) && hdr->len >= sizeof(*hdr) && hdr->len <= sizeof(self->buf)) {
		rest = hdr->len - got + -hdr->len % TACH_RAW_ALIGN;
		got += fread(self->buf + got, 1, rest, self->file);
		if (got >= hdr->len)
			return hdr->len;
	}
	if (ferror(self->file))
		return errno ? -errno : -EIO;
	self->ended = true;
	return got;
}

static int file_consume(struct tach_source *source)
{
	struct file_source *self = as_file(source);
	int cnt = 0;
	ssize_t sz;
	int err;

	while ((sz = next_record(self)) > 0) {
		err = tach_source__hand_on(source, self->buf, sz);
		if (err)
			return err;
		if (cnt < INT_MAX)
			cnt++;
	}
	return sz < 0 ? (int)sz : cnt;
}

static int file_fd(const struct tach_source *source)
{
	(void)source;
	return -1;
}

static void file_free(struct tach_source *source)
{
	struct file_source *self = as_file(source);

	fclose(self->file);
	free(self);
}

static const struct tach_source_ops file_ops = {
	.fd = file_fd,
	.consume = file_consume,
	.free = file_free,
};

struct tach_source *tach_source__open_file(const char *path, const struct tach_handlers *handlers)
{
	struct file_source *self = malloc(sizeof(*self));
	int err;

	if (!self)
		return NULL;
	self->base = (struct tach_source){.ops = &file_ops, .handlers = *handlers};
	self->ended = false;
	self->file = fopen(path, "re");
	if (!self->file) {
		err = errno;
		free(self);
		errno = err;
		return NULL;
	}
	return &self->base;
}
