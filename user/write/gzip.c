// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "write/gzip.h"

#define WINDOW_GZIP (15 + 16) /* the largest window, with gzip's header: deflateInit2() in zlib.h */
#define MEM_LEVEL   8	      /* zlib's default */
#define OUT_SZ	    16384

struct tach_gzip {
	z_stream stream;
	struct tach_sink *sink;
	unsigned char out[OUT_SZ];
};

struct tach_gzip *tach_gzip__new(struct tach_sink *sink)
{
	struct tach_gzip *gzip = calloc(1, sizeof(*gzip));

	if (!gzip)
		return NULL;
	gzip->sink = sink;
	if (deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return gzip;
	free(gzip);
	return NULL;
}

/* Until zlib has taken its input, and if @flush is Z_FINISH, given all of its output. */
static void run(struct tach_gzip *gzip, int flush)
{
	z_stream *stream = &gzip->stream;

	do {
		stream->next_out = gzip->out;
		stream->avail_out = OUT_SZ;
		if (deflate(stream, flush) == Z_STREAM_ERROR) {
			tach_sink__fail(gzip->sink, -EIO);
			return;
		}
		tach_sink__write(gzip->sink, gzip->out, OUT_SZ - stream->avail_out);
	} while (!stream->avail_out);
}

void tach_gzip__write(struct tach_gzip *gzip, const void *data, size_t sz)
{
	const unsigned char *next = data;
	size_t part;

	for (; sz; next += part, sz -= part) {
		part = sz < INT_MAX ? sz : INT_MAX;
		gzip->stream.next_in = (unsigned char *)next;
		gzip->stream.avail_in = part;
		run(gzip, Z_NO_FLUSH);
	}
}

void tach_gzip__close(struct tach_gzip *gzip)
{
	if (!gzip)
		return;
	run(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
	free(gzip);
}
