// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"
#include "util/varint.h"
#include "write/binary_records.h"
#include "bpf/tach_wire.h"

#define ROOT	    0
#define REPEATS_SZ  (16u << 10) /* bytes of repeats that wait */
#define REPEAT_SZ   (TACH_VARINT_MAX + 1)
#define LEAVES	    (TACH_BINARY_DEPTH - TACH_BINARY_ROOTS - 1)
#define RECORD_HEAD (sizeof(__u64) + sizeof(__u32) + 1)
#define RECORD_SZ   (RECORD_HEAD + 3 * TACH_VARINT_MAX + 1 + TACH_BINARY_DEPTH * 5)

enum encoding {
	REPEAT = 0,
	FULL = 1,
	SUFFIX = 2,
	POP_PUSH = 3,
};

enum status {
	HAS_GIL = 1u << 0,
	ON_CPU = 1u << 1,
	UNKNOWN = 1u << 2,
	GIL_REQUESTED = 1u << 3,
	HAS_EXCEPTION = 1u << 4,
	MAIN_THREAD = 1u << 5,
};

/* There may be very many threads, most of which have few samples: nothing in here has its full size. */
struct thread {
	__u64 us;   /* of its last sample */
	__u32 node; /* that it had there; ROOT: none yet */
	__u32 depth;
	__u32 *frames; /* [depth] leaf first */
	size_t frames_cap;
	__u32 repeated;
	unsigned char *repeats; /* [repeats_sz] samples that wait */
	size_t repeats_sz, repeats_cap;
};

struct tach_binary_records {
	const struct tach_profile *profile;
	struct tach_bytes_out *out;
	__u32 cut_frame;
	__u64 period_ns;
	__u32 *depths;		 /* [node] */
	struct thread **threads; /* [who], NULL: no sample yet */
	__u32 thread_cnt;
	struct tach_binary_stats stats;
	__u32 depth;
	__u32 frames[TACH_BINARY_DEPTH]; /* [depth] leaf first: the stack that is compared */
	unsigned char record[RECORD_SZ];
};

struct tach_binary_records *tach_binary_records__new(const struct tach_profile *profile,
						     __u32 cut_frame, struct tach_bytes_out *out)
{
	struct tach_binary_records *records = calloc(1, sizeof(*records));
	__u32 nodes = tach_profile__node_cnt(profile);

	if (!records)
		return NULL;
	records->profile = profile;
	records->out = out;
	records->cut_frame = cut_frame;
	records->period_ns = tach_profile__summary(profile)->period_ns;
	records->threads =
		calloc((size_t)tach_profile__who_cnt(profile) + 1, sizeof(*records->threads));
	records->depths = calloc(nodes, sizeof(*records->depths));
	if (!records->threads || !records->depths) {
		tach_binary_records__free(records);
		return NULL;
	}
	for (__u32 i = 1; i < nodes; i++)
		records->depths[i] = records->depths[tach_profile__node(profile, i)->parent] + 1;
	return records;
}

void tach_binary_records__free(struct tach_binary_records *records)
{
	if (!records)
		return;
	for (__u32 i = 0; records->threads && i < tach_profile__who_cnt(records->profile); i++) {
		if (!records->threads[i])
			continue;
		free(records->threads[i]->repeats);
		free(records->threads[i]->frames);
		free(records->threads[i]);
	}
	free(records->threads);
	free(records->depths);
	free(records);
}

static unsigned char status_of(__u32 state)
{
	static const struct {
		__u32 ours;
		unsigned char theirs;
	} bits[] = {
		{TACH_STATE_HAS_GIL, HAS_GIL},
		{TACH_STATE_ON_CPU, ON_CPU},
		{TACH_STATE_CPU_UNKNOWN, UNKNOWN},
		{TACH_STATE_GIL_REQUESTED, GIL_REQUESTED},
		{TACH_STATE_HAS_EXCEPTION, HAS_EXCEPTION},
		{TACH_STATE_MAIN_THREAD, MAIN_THREAD},
	};
	unsigned char status = 0;

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		status |= state & bits[i].ours ? bits[i].theirs : 0;
	return status;
}

/* The format knows no processes: threads of others than the first are in interpreters of their own. */
static __u32 interp_of(const struct tach_who *who)
{
	return who->process << 16 | who->interp;
}

/* The beginning of a record; returns its size. */
static size_t put_head(struct tach_binary_records *records, __u32 who, enum encoding encoding)
{
	const struct tach_who *it = tach_profile__who(records->profile, who);
	__u64 tid = it->tid;
	__u32 interp = interp_of(it);

	memcpy(records->record, &tid, sizeof(tid));
	memcpy(records->record + sizeof(tid), &interp, sizeof(interp));
	records->record[RECORD_HEAD - 1] = encoding;
	return RECORD_HEAD;
}

static void flush_repeats(struct tach_binary_records *records, __u32 who)
{
	struct thread *thread = records->threads[who];
	size_t sz;

	if (!thread->repeated)
		return;
	sz = put_head(records, who, REPEAT);
	sz += tach_varint__put(records->record + sz, thread->repeated);
	tach_bytes_out__put(records->out, records->record, sz);
	tach_bytes_out__put(records->out, thread->repeats, thread->repeats_sz);
	records->stats.repeats++;
	records->stats.repeated += thread->repeated;
	records->stats.frames_saved += (__u64)thread->repeated * thread->depth;
	thread->repeated = 0;
	thread->repeats_sz = 0;
}

static int repeat(struct tach_binary_records *records, __u32 who, __u64 diff_us,
		  unsigned char status)
{
	struct thread *thread = records->threads[who];
	unsigned char *repeats;

	if (thread->repeats_sz + REPEAT_SZ > REPEATS_SZ)
		flush_repeats(records, who);
	repeats =
		tach_grow(thread->repeats, &thread->repeats_cap, thread->repeats_sz + REPEAT_SZ, 1);
	if (!repeats)
		return -ENOMEM;
	thread->repeats = repeats;
	thread->repeats_sz += tach_varint__put(repeats + thread->repeats_sz, diff_us);
	repeats[thread->repeats_sz++] = status;
	thread->repeated++;
	return 0;
}

static void take_stack(struct tach_binary_records *records, __u32 node)
{
	bool cut = records->depths[node] > TACH_BINARY_DEPTH;
	const struct tach_node *at;
	__u32 i = 0;

	for (; node != ROOT; node = at->parent) {
		at = tach_profile__node(records->profile, node);
		if (!cut || i < LEAVES || records->depths[node] <= TACH_BINARY_ROOTS)
			records->frames[i++] = at->frame;
		else if (i == LEAVES)
			records->frames[i++] = records->cut_frame;
	}
	records->depth = i;
}

/* Frames at the root that the stack has in common with the last one of the thread. */
static __u32 shared_frames(const struct tach_binary_records *records, const struct thread *thread)
{
	__u32 cnt = records->depth < thread->depth ? records->depth : thread->depth, i = 0;

	while (i < cnt &&
	       records->frames[records->depth - 1 - i] == thread->frames[thread->depth - 1 - i])
		i++;
	return i;
}

static enum encoding encoding_of(__u32 before, __u32 now, __u32 shared)
{
	if (!shared)
		return FULL;
	if (shared == before)
		return SUFFIX;
	return shared < now / 2 ? FULL : POP_PUSH;
}

static void count_change(struct tach_binary_stats *stats, enum encoding encoding, __u32 written,
			 __u32 shared)
{
	stats->frames_written += written;
	if (encoding == FULL)
		stats->full++;
	else
		stats->frames_saved += shared;
	stats->suffix += encoding == SUFFIX;
	stats->pop_push += encoding == POP_PUSH;
}

static int keep_stack(const struct tach_binary_records *records, struct thread *thread)
{
	__u32 *frames =
		tach_grow(thread->frames, &thread->frames_cap, records->depth, sizeof(*frames));

	if (!frames)
		return -ENOMEM;
	memcpy(frames, records->frames, records->depth * sizeof(*frames));
	thread->frames = frames;
	thread->depth = records->depth;
	return 0;
}

/* The stack of @who, of which @shared frames are as before, has become another one. */
static int change(struct tach_binary_records *records, __u32 who, __u32 shared, __u64 diff_us,
		  unsigned char status)
{
	struct thread *thread = records->threads[who];
	enum encoding encoding = encoding_of(thread->depth, records->depth, shared);
	__u32 cnt = encoding == FULL ? records->depth : records->depth - shared;
	unsigned char *at;

	flush_repeats(records, who);
	at = records->record + put_head(records, who, encoding);
	at += tach_varint__put(at, diff_us);
	*at++ = status;
	if (encoding != FULL)
		at += tach_varint__put(at, encoding == SUFFIX ? shared : thread->depth - shared);
	at += tach_varint__put(at, cnt);
	for (__u32 i = 0; i < cnt; i++)
		at += tach_varint__put(at, records->frames[i]);
	tach_bytes_out__put(records->out, records->record, (size_t)(at - records->record));
	count_change(&records->stats, encoding, cnt, shared);
	return keep_stack(records, thread);
}

static int sample(struct tach_binary_records *records, const struct tach_event *event, __u64 us)
{
	struct thread *thread = records->threads[event->who];
	unsigned char status = status_of(event->state);
	__u64 diff_us = us > thread->us ? us - thread->us : 0;
	__u32 shared;

	thread->us += diff_us;
	records->stats.samples++;
	if (event->node != thread->node) {
		take_stack(records, event->node);
		thread->node = event->node;
		shared = shared_frames(records, thread);
		if (shared != records->depth || shared != thread->depth)
			return change(records, event->who, shared, diff_us, status);
	}
	return repeat(records, event->who, diff_us, status);
}

static int begin_thread(struct tach_binary_records *records, __u32 who)
{
	const struct tach_who *it = tach_profile__who(records->profile, who);
	struct thread *thread;

	if (it->process && (it->process > 0xffff || it->interp > 0xffff))
		return -EOVERFLOW;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return -ENOMEM;
	thread->us = tach_profile__summary(records->profile)->start_ns / 1000;
	records->threads[who] = thread;
	records->thread_cnt++;
	return 0;
}

/* The format has no weights: an event is as many samples as it stands for, a period apart. */
static int on_event(void *ctx, const struct tach_event *event)
{
	struct tach_binary_records *records = ctx;
	int err = 0;

	if (!records->threads[event->who])
		err = begin_thread(records, event->who);
	for (__u32 left = event->weight; !err && left--;) {
		__u64 back_ns = left * records->period_ns;

		err = sample(records, event,
			     back_ns < event->ts_ns ? (event->ts_ns - back_ns) / 1000 : 0);
	}
	return err;
}

int tach_binary_records__write(struct tach_binary_records *records)
{
	int err = tach_profile__walk(records->profile, on_event, records);

	for (__u32 i = 0; !err && i < tach_profile__who_cnt(records->profile); i++)
		if (records->threads[i])
			flush_repeats(records, i);
	return err;
}

const struct tach_binary_stats *
tach_binary_records__stats(const struct tach_binary_records *records)
{
	return &records->stats;
}

__u32 tach_binary_records__threads(const struct tach_binary_records *records)
{
	return records->thread_cnt;
}
