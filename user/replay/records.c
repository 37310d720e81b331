// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay/parts.h"
#include "util/grow.h"
#include "util/idmap.h"
#include "bpf/tach_wire.h"

#define ROOT	    0
#define HEAD_SZ	    13	       /* bytes of a record that are always there */
#define DEPTH	    256	       /* most frames of a stack, as there */
#define THREADS_MAX (1u << 20) /* more than a Linux system can have at a time */

enum encoding {
	REPEAT = 0,
	FULL = 1,
	SUFFIX = 2,
	POP_PUSH = 3,
};

/* Their bit n is this one of ours. Source: CPython v3.15 Modules/_remote_debugging/_remote_debugging.h. */
static const __u32 states[] = {
	TACH_STATE_HAS_GIL,	  TACH_STATE_ON_CPU,	    TACH_STATE_CPU_UNKNOWN,
	TACH_STATE_GIL_REQUESTED, TACH_STATE_HAS_EXCEPTION, TACH_STATE_MAIN_THREAD,
};

/* A level of a thread's stack, the root first. */
struct level {
	__u32 frame;	  /* in the file */
	tach_frame_id id; /* " in the table */
	__u32 node;	  /* of the profile; ROOT: not known yet */
};

struct thread {
	__u32 who;
	__u32 depth;
	__u64 us;	      /* of its last sample */
	struct level *levels; /* [depth] */
	size_t cap;
};

struct records {
	struct tach_replay *replay;
	struct tach_input input;
	struct tach_replay_tables tables;
	struct thread *threads; /* [thread_cnt] */
	size_t thread_cap;
	__u32 thread_cnt;
	__u32 process;
	struct tach_idmap group_of;  /* interpreter -> number */
	struct tach_idmap thread_of; /* (group, tid) -> index */
	__u32 pushed[DEPTH];	     /* frames of a record, leaf first */
};

static int bad(const struct records *records, const char *text)
{
	return tach_why__set(records->replay->why, -EINVAL, "%s", text);
}

static int no_memory(const struct records *records)
{
	return tach_why__set(records->replay->why, -ENOMEM, "out of memory");
}

/* --- threads --- */

static int add_thread(struct records *records, __u64 tid, __u32 interp)
{
	struct tach_replay *replay = records->replay;
	struct thread *threads;
	bool added;

	if (records->thread_cnt >= replay->thread_cnt)
		return tach_why__set(replay->why, -EINVAL,
				     "Invalid thread count: sample data contains more unique "
				     "threads than declared in header (declared %u, found at least "
				     "%u)",
				     replay->thread_cnt, records->thread_cnt + 1);
	if (records->thread_cnt >= THREADS_MAX)
		return bad(records, "Invalid thread count: more than any system can have");
	threads = tach_grow(records->threads, &records->thread_cap, (size_t)records->thread_cnt + 1,
			    sizeof(*threads));
	if (!threads)
		return no_memory(records);
	records->threads = threads;
	threads[records->thread_cnt] = (struct thread){
		.who = tach_profile__who_of(replay->profile, records->process, interp, (__u32)tid,
					    &added),
		.us = replay->summary.start_ns / 1000,
	};
	if (threads[records->thread_cnt].who == TACH_NO_ID)
		return no_memory(records);
	records->thread_cnt++;
	return 0;
}

static int group_of(struct records *records, __u32 interp, __u32 *group)
{
	*group = tach_idmap__get(&records->group_of, interp);
	if (*group != TACH_IDMAP_NONE)
		return 0;
	*group = records->group_of.cnt;
	return tach_idmap__put(&records->group_of, interp, *group) ? no_memory(records) : 0;
}

static int find_thread(struct records *records, __u64 tid, __u32 interp, struct thread **out)
{
	__u32 group, idx = TACH_IDMAP_NONE;
	__u64 key;
	int err = group_of(records, interp, &group);

	if (err)
		return err;
	key = tach_idmap__pair(group, (__u32)tid);
	if (tid <= 0xffffffffu)
		idx = tach_idmap__get(&records->thread_of, key);
	if (idx == TACH_IDMAP_NONE) {
		idx = records->thread_cnt;
		err = add_thread(records, tid, interp);
		if (!err && tach_idmap__put(&records->thread_of, key, idx))
			err = no_memory(records);
	}
	if (!err)
		*out = &records->threads[idx];
	return err;
}

/* --- stacks --- */

/* Id of a frame in the profile's table. */
static int resolve_frame(struct records *records, __u32 idx, tach_frame_id *out)
{
	const struct tach_replay *replay = records->replay;
	struct tach_replay_frame *entry;
	struct tach_frame frame;

	if (idx >= replay->frame_cnt)
		return tach_why__set(replay->why, -EINVAL, "Invalid frame index: %u", idx);
	entry = &records->tables.frames[idx];
	if (entry->id == TACH_NO_ID) {
		frame = entry->frame;
		if (frame.file >= replay->str_cnt || frame.func >= replay->str_cnt)
			return bad(records, "Invalid string index in frame");
		frame.file = records->tables.strs[frame.file];
		frame.func = records->tables.strs[frame.func];
		entry->id = tach_frametab__frame(replay->tab, &frame);
		if (entry->id == TACH_NO_ID)
			return no_memory(records);
	}
	*out = entry->id;
	return 0;
}

/* The leaf of @thread's stack in the profile: the nodes of levels that have not changed are known. */
static int leaf_of(struct records *records, struct thread *thread, __u32 *out)
{
	struct level *levels = thread->levels;
	__u32 known = thread->depth, i;
	int err = 0;

	while (known && levels[known - 1].node == ROOT)
		known--;
	for (i = thread->depth; !err && i > known; i--)
		err = resolve_frame(records, levels[i - 1].frame, &levels[i - 1].id);
	*out = known ? levels[known - 1].node : ROOT;
	for (i = known; !err && i < thread->depth; i++) {
		if (tach_profile__child(records->replay->profile, *out, levels[i].id, out))
			err = no_memory(records);
		levels[i].node = *out;
	}
	return err;
}

/* Its leaf's side is replaced: @keep levels stay, @cnt frames follow in the file. */
static int push(struct records *records, struct thread *thread, __u32 keep, __u32 cnt)
{
	struct level *levels;

	for (__u32 i = 0; i < cnt; i++)
		if (!tach_input__u32(&records->input, &records->pushed[i]))
			return bad(records, "Invalid or incomplete varint in binary data");
	levels = tach_grow(thread->levels, &thread->cap, (size_t)keep + cnt, sizeof(*levels));
	if (!levels)
		return no_memory(records);
	thread->levels = levels;
	for (__u32 i = 0; i < cnt; i++)
		levels[keep + i] = (struct level){.frame = records->pushed[cnt - 1 - i]};
	thread->depth = keep + cnt;
	return 0;
}

static int take_full(struct records *records, struct thread *thread)
{
	__u32 depth;

	if (!tach_input__u32(&records->input, &depth))
		return bad(records, "Invalid or incomplete varint in binary data");
	if (depth > DEPTH)
		return tach_why__set(records->replay->why, -EINVAL,
				     "Stack depth %u exceeds capacity %u", depth, DEPTH);
	return push(records, thread, 0, depth);
}

static int take_change(struct records *records, struct thread *thread, enum encoding encoding)
{
	__u32 first, cnt, keep;

	if (!tach_input__u32(&records->input, &first) || !tach_input__u32(&records->input, &cnt))
		return bad(records, "Invalid or incomplete varint in binary data");
	if (encoding == SUFFIX && first > thread->depth)
		return tach_why__set(records->replay->why, -EINVAL,
				     "Shared count %u exceeds current stack depth %u", first,
				     thread->depth);
	if (encoding == SUFFIX)
		keep = first;
	else
		keep = first < thread->depth ? thread->depth - first : 0;
	if ((__u64)keep + cnt > DEPTH)
		return tach_why__set(records->replay->why, -EINVAL,
				     "Final stack depth %llu exceeds capacity %u",
				     (__u64)keep + cnt, DEPTH);
	return push(records, thread, keep, cnt);
}

/* --- samples --- */

static int add_sample(struct records *records, struct thread *thread, unsigned char status)
{
	struct tach_event event = {
		.ts_ns = thread->us * 1000,
		.who = thread->who,
		.weight = 1,
	};
	int err = leaf_of(records, thread, &event.node);

	for (unsigned int i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		event.state |= status >> i & 1 ? states[i] : 0;
	if (!err && event.node != ROOT) { /* else there is nothing to show */
		tach_profile__describe(records->replay->profile, thread->who, NULL,
				       event.state & TACH_STATE_MAIN_THREAD);
		if (tach_profile__add(records->replay->profile, &event))
			err = no_memory(records);
	}
	tach_replay__count(records->replay, 1);
	return err;
}

static int take_repeats(struct records *records, struct thread *thread)
{
	struct tach_input *input = &records->input;
	__u64 left, diff_us;
	__u32 cnt;
	int status, err = 0;

	if (!tach_input__u32(input, &cnt))
		return bad(records, "Malformed varint for RLE count");
	left = records->replay->records_sz - tach_input__done(input);
	if (cnt > left / 2)
		return tach_why__set(records->replay->why, -EINVAL,
				     "Invalid RLE count %u exceeds maximum possible %llu", cnt,
				     left / 2);
	while (!err && cnt--) {
		if (!tach_input__varint(input, &diff_us))
			return bad(records, "Malformed varint in RLE sample data");
		status = tach_input__byte(input);
		if (status < 0)
			return bad(records, "Unexpected end of sample data in RLE");
		thread->us += diff_us;
		err = add_sample(records, thread, (unsigned char)status);
	}
	return err;
}

static int take_stack(struct records *records, struct thread *thread, enum encoding encoding)
{
	__u64 diff_us;
	int status, err;

	if (!tach_input__varint(&records->input, &diff_us))
		return bad(records, "Malformed varint in sample data");
	status = tach_input__byte(&records->input);
	if (status < 0)
		return bad(records, "Unexpected end of sample data");
	thread->us += diff_us;
	err = encoding == FULL ? take_full(records, thread)
			       : take_change(records, thread, encoding);
	return err ?: add_sample(records, thread, (unsigned char)status);
}

/* A number that no thread has is only wrong if all the rest is right. */
static int check_thread(const struct tach_replay *replay, const unsigned char head[HEAD_SZ])
{
	__u64 tid = tach_replay__u64(replay, head);

	if (head[HEAD_SZ - 1] > POP_PUSH)
		return tach_why__set(replay->why, -EINVAL, "Unknown stack encoding: %u",
				     head[HEAD_SZ - 1]);
	if (tid > 0xffffffffu)
		return tach_why__set(replay->why, -EINVAL, "Invalid thread id: %llu", tid);
	return 0;
}

static int take_record(struct records *records)
{
	const struct tach_replay *replay = records->replay;
	__u64 left = replay->records_sz - tach_input__done(&records->input);
	unsigned char head[HEAD_SZ];
	struct thread *thread = NULL;
	int err;

	if (left < HEAD_SZ || !tach_input__take(&records->input, head, HEAD_SZ))
		return tach_why__set(replay->why, -EINVAL,
				     "Truncated sample data: %llu trailing bytes", left);
	err = find_thread(records, tach_replay__u64(replay, head),
			  tach_replay__u32(replay, head + 8), &thread);
	if (!err)
		err = check_thread(replay, head);
	if (err)
		return err;
	return head[HEAD_SZ - 1] == REPEAT ? take_repeats(records, thread)
					   : take_stack(records, thread, head[HEAD_SZ - 1]);
}

static void clear(struct records *records)
{
	for (__u32 i = 0; i < records->thread_cnt; i++)
		free(records->threads[i].levels);
	free(records->threads);
	tach_idmap__clear(&records->group_of);
	tach_idmap__clear(&records->thread_of);
	tach_replay__clear_tables(&records->tables);
	tach_input__close(&records->input);
}

int tach_replay__records(struct tach_replay *replay)
{
	struct records records = {.replay = replay};
	int err = tach_replay__tables(replay, &records.tables);

	if (!err && tach_input__open(&records.input, replay->fd, TACH_REPLAY_HEADER_SZ,
				     replay->strs_at, replay->info.zstd))
		err = no_memory(&records);
	/* The file does not say whose it is. */
	if (!err) {
		records.process = tach_profile__add_process(replay->profile, 0, "", "");
		if (records.process == TACH_NO_ID)
			err = no_memory(&records);
	}
	while (!err && tach_input__done(&records.input) < replay->records_sz)
		err = take_record(&records);
	clear(&records);
	return err;
}
