// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "aggregate/tape.h"
#include "util/grow.h"
#include "util/varint.h"

#define NUMBERS_MAX 192 /* bytes in front of a text */

/* The body of a record, as far as it has been taken. */
struct fields {
	const unsigned char *at, *end;
	bool bad; /* something in it was not there, or too large */
};

static __u64 take_number(struct fields *body)
{
	__u64 value = 0;
	unsigned int shift;

	for (shift = 0; shift < 64 && body->at < body->end; shift += 7) {
		value |= (__u64)(*body->at & 0x7f) << shift;
		if (!(*body->at++ & 0x80))
			return value;
	}
	body->bad = true;
	return 0;
}

static __u32 take_u32(struct fields *body)
{
	__u64 value = take_number(body);

	body->bad |= value > 0xffffffffu;
	return (__u32)value;
}

static __s32 take_s32(struct fields *body)
{
	__s64 value = tach_unzigzag(take_number(body));

	body->bad |= value != (__s32)value;
	return (__s32)value;
}

/* @base plus the number that follows. */
static __s32 take_offset(struct fields *body, __s32 base)
{
	__s64 value = (__s64)((__u64)base + (__u64)tach_unzigzag(take_number(body)));

	body->bad |= value != (__s32)value;
	return (__s32)value;
}

static void take_frame(struct fields *body, struct tach_frame *frame)
{
	frame->file = take_u32(body);
	frame->func = take_u32(body);
	frame->first_line = take_s32(body);
	frame->line = take_s32(body);
	frame->end_line = take_offset(body, frame->line);
	frame->col = take_s32(body);
	frame->end_col = take_offset(body, frame->col);
}

static void take_who(struct fields *body, struct tach_tape_item *item)
{
	struct tach_who *who = &item->is.thread.who;

	*who = (struct tach_who){0};
	item->is.thread.idx = take_u32(body);
	who->process = take_u32(body);
	who->interp = take_u32(body);
	who->tid = take_u32(body);
	who->main_thread = take_number(body);
}

static void take_time(struct fields *body, struct tach_thread_time *time)
{
	*time = (struct tach_thread_time){0};
	time->who = take_u32(body);
	time->inner_tid = take_u32(body);
	time->main_thread = take_number(body);
	time->wall_ns = take_number(body);
	time->on_ns = take_number(body);
	time->off_ns = take_number(body);
	time->runnable_ns = take_number(body);
	time->gil_wait_ns = take_number(body);
	time->gil_on_ns = take_number(body);
	time->gil_off_ns = take_number(body);
}

static __u16 take_u16(struct fields *body)
{
	__u64 value = take_number(body);

	body->bad |= value > 0xffff;
	return (__u16)value;
}

/* The addresses of the two ends, or the name of a Unix socket. */
static void take_name(struct fields *body, struct tach_call *call)
{
	size_t sz = (size_t)(body->end - body->at);
	bool named = call->family == AF_UNIX;

	if (named ? sz > sizeof(call->path) : sz != sizeof(call->ends)) {
		body->bad = true;
		return;
	}
	memcpy(call->path, body->at, sz);
	call->path_sz = named ? (__u32)sz : 0;
}

static void take_wait(struct fields *body, struct tach_wait *wait)
{
	struct tach_call *call = &wait->call;

	*wait = (struct tach_wait){0};
	wait->who = take_u32(body);
	wait->begin_ns = take_number(body);
	wait->end_ns = wait->begin_ns + take_number(body);
	call->kind = take_u32(body);
	call->fd = take_s32(body);
	call->family = take_u16(body);
	call->type = take_u16(body);
	call->local_port = take_u16(body);
	call->peer_port = take_u16(body);
	body->bad |= call->kind >= TACH_CALL__CNT || wait->end_ns < wait->begin_ns;
	take_name(body, call);
}

static void take_info(struct fields *body, struct tach_tape_item *item)
{
	struct tach_summary *summary = &item->is.info.summary;

	*summary = (struct tach_summary){0};
	item->is.info.complete = take_number(body);
	summary->pid = take_s32(body);
	summary->period_ns = take_number(body);
	summary->start_ns = take_number(body);
	summary->epoch_ns = take_number(body);
	summary->duration_s = (double)take_number(body) / 1e9;
	summary->attempts = take_number(body);
	summary->failed = take_number(body);
	summary->features = take_u32(body);
}

/* The name of a process has its size in front, and a terminator of its own. */
static void take_process(struct tach_tape_reader *reader, struct fields *body,
			 struct tach_tape_item *item)
{
	size_t at, sz;

	item->is.pid = take_s32(body);
	sz = take_number(body);
	if (body->bad || sz > (size_t)(body->end - body->at) || sz > TACH_COMM_SZ) {
		body->bad = true;
		return;
	}
	at = (size_t)(body->at - reader->body);
	memmove(reader->body + at - 1, reader->body + at, sz);
	reader->body[at - 1 + sz] = '\0';
	item->name = (const char *)reader->body + at - 1;
	body->at += sz;
}

/* False: its tag has no meaning here. */
static bool take_body(struct tach_tape_reader *reader, struct fields *body,
		      struct tach_tape_item *item)
{
	switch (item->tag) {
	case 'S':
		break;
	case 'F':
		take_frame(body, &item->is.frame);
		break;
	case 'N':
		item->is.node.parent = take_u32(body);
		item->is.node.frame = take_u32(body);
		break;
	case 'P':
		take_process(reader, body, item);
		break;
	case 'T':
		take_who(body, item);
		break;
	case 'L':
		take_time(body, &item->is.time);
		break;
	case 'C':
		take_wait(body, &item->is.wait);
		break;
	case 'I':
		take_info(body, item);
		break;
	default:
		return false;
	}
	item->text = (const char *)body->at;
	item->text_sz = (size_t)(body->end - body->at);
	return true;
}

static bool take_event(struct tach_tape_reader *reader, struct tach_event *event)
{
	struct tach_input *input = reader->input;
	__u64 diff;

	if (!tach_input__u32(input, &event->who) || !tach_input__u32(input, &event->node) ||
	    !tach_input__varint(input, &diff) || !tach_input__u32(input, &event->state) ||
	    !tach_input__u32(input, &event->weight))
		return false;
	reader->ts_ns += (__u64)tach_unzigzag(diff);
	event->ts_ns = reader->ts_ns;
	return true;
}

/* Why something could not be taken. */
static int stop_of(struct tach_tape_reader *reader)
{
	if (reader->input->err)
		return reader->input->err;
	if (reader->input->at != reader->input->end)
		return -EBADMSG;
	reader->cut = true;
	return 0;
}

/* Read the body of a record, with a terminator behind it. 1, or as tach_tape__next(). */
static int read_body(struct tach_tape_reader *reader, struct fields *body)
{
	unsigned char *data;
	__u64 sz;

	if (!tach_input__varint(reader->input, &sz))
		return stop_of(reader);
	reader->table_sz += sz;
	if (sz > TACH_TAPE_TEXT_MAX + NUMBERS_MAX)
		return -EBADMSG;
	data = tach_grow(reader->body, &reader->body_cap, sz + 1, 1);
	if (!data)
		return -ENOMEM;
	reader->body = data;
	if (!tach_input__take(reader->input, data, sz))
		return stop_of(reader);
	data[sz] = '\0';
	*body = (struct fields){.at = data, .end = data + sz};
	return 1;
}

void tach_tape__read(struct tach_tape_reader *reader, struct tach_input *input)
{
	*reader = (struct tach_tape_reader){.input = input};
}

int tach_tape__next(struct tach_tape_reader *reader, struct tach_tape_item *item)
{
	struct fields body = {0};
	int tag, got;

	for (;;) {
		tag = tach_input__byte(reader->input);
		if (tag < 0)
			return reader->input->err;
		item->tag = (char)tag;
		if (tag == 'E')
			return take_event(reader, &item->is.event) ? 1 : stop_of(reader);
		got = read_body(reader, &body);
		if (got <= 0)
			return got;
		if (take_body(reader, &body, item))
			return body.bad ? -EBADMSG : 1;
	}
}

void tach_tape__close(struct tach_tape_reader *reader)
{
	free(reader->body);
	reader->body = NULL;
}

/* Hand on all items with that tag. */
static int walk(const struct tach_tape *tape, char tag,
		int (*on_item)(void *ctx, const struct tach_tape_item *item), void *ctx)
{
	struct tach_tape_reader reader;
	struct tach_tape_item item;
	struct tach_input input;
	int err = tach_input__open(&input, tach_tape__fd(tape), TACH_TAPE_MAGIC_SZ,
				   tach_tape__size(tape), false);
	int got = 1;

	tach_tape__read(&reader, &input);
	while (!err && (got = tach_tape__next(&reader, &item)) > 0)
		if (item.tag == tag)
			err = on_item(ctx, &item);
	tach_tape__close(&reader);
	tach_input__close(&input);
	return err ?: got < 0 ? got : 0;
}

struct event_walk {
	int (*on_event)(void *ctx, const struct tach_event *event);
	void *ctx;
};

static int hand_event(void *ctx, const struct tach_tape_item *item)
{
	const struct event_walk *to = ctx;

	return to->on_event(to->ctx, &item->is.event);
}

int tach_tape__walk(const struct tach_tape *tape,
		    int (*on_event)(void *ctx, const struct tach_event *event), void *ctx)
{
	struct event_walk to = {on_event, ctx};

	return walk(tape, 'E', hand_event, &to);
}

struct wait_walk {
	int (*on_wait)(void *ctx, const struct tach_wait *wait);
	void *ctx;
};

static int hand_wait(void *ctx, const struct tach_tape_item *item)
{
	const struct wait_walk *to = ctx;

	return to->on_wait(to->ctx, &item->is.wait);
}

int tach_tape__walk_waits(const struct tach_tape *tape,
			  int (*on_wait)(void *ctx, const struct tach_wait *wait), void *ctx)
{
	struct wait_walk to = {on_wait, ctx};

	return walk(tape, 'C', hand_wait, &to);
}
