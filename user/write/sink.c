// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/interrupt.h"
#include "write/place.h"
#include "write/sink.h"

#define BUF_SZ 65536

struct tach_sink {
	struct tach_place place;
	char *path; /* for messages */
	int err;    /* first error, negative errno */
	size_t used;
	char buf[BUF_SZ];
};

static struct tach_sink *new_sink(const char *path, struct tach_why *why)
{
	struct tach_sink *sink = calloc(1, sizeof(*sink));

	if (sink) {
		sink->path = strdup(path);
		if (sink->path)
			return sink;
	}
	free(sink);
	tach_place__why(why, -ENOMEM, path);
	errno = ENOMEM;
	return NULL;
}

static void free_sink(struct tach_sink *sink)
{
	free(sink->path);
	free(sink);
}

struct tach_sink *tach_sink__fd(int fd, const char *name, struct tach_why *why)
{
	struct tach_sink *sink = new_sink(name, why);
	int err;

	if (!sink)
		return NULL;
	/* What stdio still holds was written earlier. */
	fflush(stdout);
	sink->place = (struct tach_place){.fd = dup(fd), .dir_fd = -1};
	if (sink->place.fd >= 0)
		return sink;
	err = errno;
	tach_place__why(why, -err, name);
	free_sink(sink);
	errno = err;
	return NULL;
}

struct tach_sink *tach_sink__stdout(struct tach_why *why)
{
	return tach_sink__fd(STDOUT_FILENO, "standard output", why);
}

struct tach_sink *tach_sink__file(const char *path, struct tach_why *why)
{
	struct tach_sink *sink = new_sink(path, why);
	int err;

	if (!sink)
		return NULL;
	err = tach_place__open(&sink->place, path, false, why);
	if (!err)
		return sink;
	free_sink(sink);
	errno = -err;
	return NULL;
}

int tach_sink__check(const char *path, struct tach_why *why)
{
	struct tach_place place;
	int err;

	err = tach_place__open(&place, path, true, why);
	if (!err)
		tach_place__discard(&place);
	return err;
}

/* Whoever gave us stdout may have made it non-blocking. */
static int wait_writable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};

	return poll(&pfd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_all(int fd, const char *data, size_t sz)
{
	ssize_t done;
	int err;

	while (sz) {
		if (tach_interrupt__gave_up())
			return -EINTR;
		done = write(fd, data, sz);
		if (done >= 0) {
			data += done;
			sz -= done;
			continue;
		}
		err = errno == EAGAIN ? wait_writable(fd) : errno == EINTR ? 0 : -errno;
		if (err)
			return err;
	}
	return 0;
}

static void flush(struct tach_sink *sink)
{
	if (!sink->err && sink->place.regular) {
		sink->place.regular = false;
		if (ftruncate(sink->place.fd, 0))
			sink->err = -errno;
	}
	if (!sink->err)
		sink->err = write_all(sink->place.fd, sink->buf, sink->used);
	sink->used = 0;
}

void tach_sink__write(struct tach_sink *sink, const void *data, size_t sz)
{
	size_t part;

	for (; sz && !sink->err; sz -= part) {
		part = BUF_SZ - sink->used;
		if (part > sz)
			part = sz;
		memcpy(sink->buf + sink->used, data, part);
		data = (const char *)data + part;
		sink->used += part;
		if (sink->used == BUF_SZ)
			flush(sink);
	}
}

void tach_sink__printf(struct tach_sink *sink, const char *fmt, ...)
{
	va_list args;
	char *text;
	int sz;

	va_start(args, fmt);
	sz = vasprintf(&text, fmt, args);
	va_end(args);
	if (sz < 0) {
		tach_sink__fail(sink, -ENOMEM);
		return;
	}
	tach_sink__write(sink, text, sz);
	free(text);
}

void tach_sink__fail(struct tach_sink *sink, int err)
{
	if (!sink->err)
		sink->err = err;
}

bool tach_sink__failed(const struct tach_sink *sink)
{
	return sink->err;
}

int tach_sink__close(struct tach_sink *sink, struct tach_why *why)
{
	int err;

	flush(sink);
	err = sink->err;
	if (err)
		tach_place__discard(&sink->place);
	else
		err = tach_place__commit(&sink->place);
	if (err)
		tach_place__why(why, err, sink->path);
	free_sink(sink);
	return err;
}

void tach_sink__abort(struct tach_sink *sink)
{
	if (!sink)
		return;
	tach_place__discard(&sink->place);
	free_sink(sink);
}
