// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "aggregate/tape.h"
#include "util/spool.h"

#define BUF_CNT 4096 /* events */

struct tach_tape {
	int fd;
	int err; /* first, negative errno */
	__u32 used;
	struct tach_event buf[BUF_CNT];
};

struct tach_tape *tach_tape__new(void)
{
	struct tach_tape *tape = malloc(sizeof(*tape));
	int err;

	if (!tape)
		return NULL;
	tape->err = 0;
	tape->used = 0;
	tape->fd = tach_spool__open();
	if (tape->fd >= 0)
		return tape;
	err = errno;
	free(tape);
	errno = err;
	return NULL;
}

void tach_tape__free(struct tach_tape *tape)
{
	if (!tape)
		return;
	close(tape->fd);
	free(tape);
}

int tach_tape__flush(struct tach_tape *tape)
{
	const char *data = (const char *)tape->buf;
	size_t sz = tape->used * sizeof(tape->buf[0]);
	ssize_t done;

	while (sz && !tape->err) {
		done = write(tape->fd, data, sz);
		if (done >= 0) {
			data += done;
			sz -= done;
		} else if (errno != EINTR) {
			tape->err = -errno;
		}
	}
	tape->used = 0;
	return tape->err;
}

int tach_tape__add(struct tach_tape *tape, const struct tach_event *event)
{
	if (tape->used == BUF_CNT)
		tach_tape__flush(tape);
	if (!tape->err)
		tape->buf[tape->used++] = *event;
	return tape->err;
}

int tach_tape__walk(const struct tach_tape *tape,
		    int (*on_event)(void *ctx, const struct tach_event *event), void *ctx)
{
	struct tach_event *buf = malloc(sizeof(tape->buf));
	size_t cnt = 1;
	off_t off = 0;
	int err = 0;

	if (!buf)
		return -ENOMEM;
	while (!err && cnt) {
		ssize_t got = pread(tape->fd, buf, sizeof(tape->buf), off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = -errno;
		cnt = got < 0 ? 0 : got / sizeof(*buf);
		for (size_t i = 0; !err && i < cnt; i++)
			err = on_event(ctx, &buf[i]);
		off += cnt * sizeof(*buf);
	}
	free(buf);
	return err;
}
