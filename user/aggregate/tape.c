// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aggregate/tape.h"
#include "util/spool.h"
#include "util/varint.h"

#define BUF_SZ	 (64u << 10)
#define BODY_MAX 192 /* bytes of numbers in a record */

#define LONGEST_S 1e9 /* a recording of 31 years is none */

struct tach_tape {
	int fd;
	int err; /* first, negative errno */
	const struct tach_profile *profile;
	__u32 strs, frames, nodes, processes, whos; /* of its tables, written */
	__u64 ts_ns;				    /* of the last event */
	__u64 sz;				    /* bytes in the file */
	size_t used;
	unsigned char buf[BUF_SZ];
};

struct body {
	size_t sz;
	unsigned char data[BODY_MAX];
};

static void write_out(struct tach_tape *tape, const void *data, size_t sz)
{
	ssize_t done;

	while (sz && !tape->err) {
		done = write(tape->fd, data, sz);
		if (done >= 0) {
			data = (const char *)data + done;
			sz -= (size_t)done;
			tape->sz += (__u64)done;
		} else if (errno != EINTR) {
			tape->err = -errno;
		}
	}
}

int tach_tape__flush(struct tach_tape *tape)
{
	write_out(tape, tape->buf, tape->used);
	tape->used = 0;
	return tape->err;
}

/* Make room for @sz bytes, at most all of the buffer. */
static unsigned char *reserve(struct tach_tape *tape, size_t sz)
{
	if (tape->used + sz > BUF_SZ)
		tach_tape__flush(tape);
	return tape->buf + tape->used;
}

static void put_bytes(struct tach_tape *tape, const void *data, size_t sz)
{
	if (sz > BUF_SZ / 2) {
		tach_tape__flush(tape);
		write_out(tape, data, sz);
		return;
	}
	memcpy(reserve(tape, sz), data, sz);
	tape->used += sz;
}

static void put_number(struct body *body, __u64 value)
{
	body->sz += tach_varint__put(body->data + body->sz, value);
}

static void put(struct tach_tape *tape, char tag, const struct body *body, const char *text,
		size_t sz)
{
	unsigned char *dst = reserve(tape, 1 + TACH_VARINT_MAX + BODY_MAX), *at = dst;

	if (sz > TACH_TAPE_TEXT_MAX)
		sz = TACH_TAPE_TEXT_MAX;
	*at++ = (unsigned char)tag;
	at += tach_varint__put(at, body->sz + sz);
	memcpy(at, body->data, body->sz);
	tape->used += (size_t)(at - dst) + body->sz;
	put_bytes(tape, text, sz);
}

static void put_strs(struct tach_tape *tape, const struct tach_frametab *tab)
{
	const struct body none = {0};

	for (; tape->strs < tach_frametab__str_cnt(tab); tape->strs++) {
		size_t sz;
		const char *text = tach_frametab__text(tab, tape->strs, &sz);

		put(tape, 'S', &none, text, sz);
	}
}

static void put_frames(struct tach_tape *tape, const struct tach_frametab *tab)
{
	for (; tape->frames < tach_frametab__frame_cnt(tab); tape->frames++) {
		const struct tach_frame *frame = tach_frametab__get(tab, tape->frames);
		struct body body = {0};

		put_number(&body, frame->file);
		put_number(&body, frame->func);
		put_number(&body, tach_zigzag(frame->first_line));
		put_number(&body, tach_zigzag(frame->line));
		put_number(&body, tach_zigzag((__s64)frame->end_line - frame->line));
		put_number(&body, tach_zigzag(frame->col));
		put_number(&body, tach_zigzag((__s64)frame->end_col - frame->col));
		put(tape, 'F', &body, "", 0);
	}
}

static void put_nodes(struct tach_tape *tape)
{
	for (; tape->nodes < tach_profile__node_cnt(tape->profile); tape->nodes++) {
		const struct tach_node *node = tach_profile__node(tape->profile, tape->nodes);
		struct body body = {0};

		put_number(&body, node->parent);
		put_number(&body, node->frame);
		put(tape, 'N', &body, "", 0);
	}
}

static void put_processes(struct tach_tape *tape)
{
	for (; tape->processes < tach_profile__process_cnt(tape->profile); tape->processes++) {
		const struct tach_process *process =
			tach_profile__process(tape->profile, tape->processes);
		size_t sz = strnlen(process->name, TACH_COMM_SZ);
		struct body body = {0};

		put_number(&body, tach_zigzag(process->pid));
		put_number(&body, sz);
		memcpy(body.data + body.sz, process->name, sz);
		body.sz += sz;
		put(tape, 'P', &body, process->command, strlen(process->command));
	}
}

static void put_who(struct tach_tape *tape, __u32 idx)
{
	const struct tach_who *who = tach_profile__who(tape->profile, idx);
	struct body body = {0};

	put_number(&body, idx);
	put_number(&body, who->process);
	put_number(&body, who->interp);
	put_number(&body, who->tid);
	put_number(&body, who->main_thread);
	put(tape, 'T', &body, who->name, strlen(who->name));
}

/* What the profile's tables have got since the last time. */
static void put_tables(struct tach_tape *tape)
{
	const struct tach_frametab *tab = tach_profile__frames(tape->profile);

	put_strs(tape, tab);
	put_frames(tape, tab);
	put_nodes(tape);
	put_processes(tape);
	for (; tape->whos < tach_profile__who_cnt(tape->profile); tape->whos++)
		put_who(tape, tape->whos);
}

int tach_tape__add(struct tach_tape *tape, const struct tach_event *event)
{
	unsigned char *dst, *at;

	if (event->node >= tape->nodes || event->who >= tape->whos)
		put_tables(tape);
	dst = at = reserve(tape, 1 + 5 * TACH_VARINT_MAX);
	*at++ = 'E';
	at += tach_varint__put(at, event->who);
	at += tach_varint__put(at, event->node);
	at += tach_varint__put(at, tach_zigzag((__s64)(event->ts_ns - tape->ts_ns)));
	at += tach_varint__put(at, event->state);
	at += tach_varint__put(at, event->weight);
	tape->used += (size_t)(at - dst);
	tape->ts_ns = event->ts_ns;
	return tape->err;
}

int tach_tape__add_wait(struct tach_tape *tape, const struct tach_wait *wait)
{
	const struct tach_call *call = &wait->call;
	bool named = call->family == AF_UNIX;
	struct body body = {0};

	put_tables(tape);
	put_number(&body, wait->who);
	put_number(&body, wait->begin_ns);
	put_number(&body, wait->end_ns - wait->begin_ns);
	put_number(&body, call->kind);
	put_number(&body, tach_zigzag(call->fd));
	put_number(&body, call->family);
	put_number(&body, call->type);
	put_number(&body, call->local_port);
	put_number(&body, call->peer_port);
	put(tape, 'C', &body, (const char *)call->path, named ? call->path_sz : sizeof(call->ends));
	return tape->err;
}

int tach_tape__add_time(struct tach_tape *tape, const struct tach_thread_time *time)
{
	struct body body = {0};

	put_tables(tape);
	put_number(&body, time->who);
	put_number(&body, time->inner_tid);
	put_number(&body, time->main_thread);
	put_number(&body, time->wall_ns);
	put_number(&body, time->on_ns);
	put_number(&body, time->off_ns);
	put_number(&body, time->runnable_ns);
	put_number(&body, time->gil_wait_ns);
	put_number(&body, time->gil_on_ns);
	put_number(&body, time->gil_off_ns);
	put(tape, 'L', &body, "", 0);
	return tape->err;
}

int tach_tape__add_summary(struct tach_tape *tape, const struct tach_summary *summary,
			   bool complete)
{
	const char *mode = summary->mode ? summary->mode : "";
	double duration = summary->duration_s;
	struct body body = {0};

	put_tables(tape);
	put_number(&body, complete);
	put_number(&body, tach_zigzag(summary->pid));
	put_number(&body, summary->period_ns);
	put_number(&body, summary->start_ns);
	put_number(&body, summary->epoch_ns);
	put_number(&body, duration > 0 && duration < LONGEST_S ? (__u64)(duration * 1e9) : 0);
	put_number(&body, summary->attempts);
	put_number(&body, summary->failed);
	put_number(&body, summary->features);
	put(tape, 'I', &body, mode, strlen(mode));
	return tape->err;
}

int tach_tape__update_who(struct tach_tape *tape, __u32 who)
{
	if (who < tape->whos)
		put_who(tape, who);
	return tape->err;
}

struct tach_tape *tach_tape__new(int fd, const struct tach_profile *profile)
{
	struct tach_tape *tape = calloc(1, sizeof(*tape));
	int err = ENOMEM;

	if (tape) {
		tape->profile = profile;
		tape->nodes = 1; /* the root is nothing that could be told */
		tape->fd = fd < 0 ? tach_spool__open() : fd;
		if (tape->fd >= 0) {
			put_bytes(tape, TACH_TAPE_MAGIC, TACH_TAPE_MAGIC_SZ);
			return tape;
		}
		err = errno;
	}
	if (fd >= 0)
		close(fd);
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

int tach_tape__fd(const struct tach_tape *tape)
{
	return tape->fd;
}

__u64 tach_tape__size(const struct tach_tape *tape)
{
	return tape->sz;
}
