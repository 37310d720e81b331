/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_RECORDS_H
#define TACH_TEST_RECORDS_H

/* One good record of each type, and handlers that count. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>

#include <cmocka.h>

#include "read/read.h"

#ifdef __clang__
/* A record with its flexible array filled is what these tests are about. */
#pragma clang diagnostic ignored "-Wgnu-variable-sized-type-not-at-end"
#endif

struct seen {
	int samples, stacks, codes, execs, threads, calls;
	__u64 last_stack_id;
	__u64 sum;  /* of every byte the record says it has */
	int answer; /* of the handlers */
};

/* Reads all that a handler may rely on: a length that was wrongly believed is a sanitizer's report. */
static inline int touch(struct seen *seen, const void *data, size_t sz)
{
	const unsigned char *byte = data;
	size_t i;

	for (i = 0; i < sz; i++)
		seen->sum += byte[i];
	return seen->answer;
}

static inline int on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	struct seen *seen = ctx;

	seen->samples++;
	seen->last_stack_id = rec->stack_id;
	return touch(seen, rec, sizeof(*rec));
}

static inline int on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	struct seen *seen = ctx;

	seen->stacks++;
	assert_in_range(rec->frame_cnt, 1, TACH_MAX_FRAMES);
	return touch(seen, rec, sizeof(*rec) + rec->frame_cnt * sizeof(rec->frames[0]));
}

static inline int on_code(void *ctx, const struct tach_rec_code *rec)
{
	struct seen *seen = ctx;

	seen->codes++;
	return touch(seen, rec,
		     sizeof(*rec) + rec->filename.sz + rec->qualname.sz + rec->linetable.sz);
}

static inline int on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	struct seen *seen = ctx;

	seen->execs++;
	return touch(seen, rec, sizeof(*rec));
}

static inline int on_thread(void *ctx, const struct tach_rec_thread *rec)
{
	struct seen *seen = ctx;

	seen->threads++;
	return touch(seen, rec, sizeof(*rec));
}

static inline int on_call(void *ctx, const struct tach_rec_call *rec)
{
	struct seen *seen = ctx;

	seen->calls++;
	assert_in_range(rec->call.kind, 0, TACH_CALL__CNT - 1);
	return touch(seen, rec, sizeof(*rec));
}

static inline struct tach_handlers handlers_of(struct seen *seen)
{
	return (struct tach_handlers){on_sample, on_stack, on_code, on_exec,
				      on_thread, on_call,  seen};
}

static const struct tach_rec_sample sample = {
	.hdr = {TACH_REC_SAMPLE, sizeof(sample)},
	.stack_id = 7,
	.weight = 1,
};

static const struct tach_rec_exec exec_rec = {
	.hdr = {TACH_REC_EXEC, sizeof(exec_rec)},
	.image = 2,
};

static const struct tach_rec_thread thread_rec = {
	.hdr = {TACH_REC_THREAD, sizeof(thread_rec)},
	.end_ns = 5,
};

static const struct tach_rec_call call_rec = {
	.hdr = {TACH_REC_CALL, sizeof(call_rec)},
	.end_ns = 5,
	.call = {.kind = TACH_CALL__CNT - 1},
};

struct stack3 {
	struct tach_rec_stack rec;
	__u64 frames[3];
};

static const struct stack3 stack = {
	.rec = {.hdr = {TACH_REC_STACK, sizeof(stack)}, .stack_id = 7, .frame_cnt = 3},
	.frames = {1, 2, 3},
};

struct code9 {
	struct tach_rec_code rec;
	unsigned char data[9]; /* the struct is longer: padding */
};

#define CODE_SZ (sizeof(struct tach_rec_code) + 9)

static const struct code9 code = {
	.rec =
		{
			.hdr = {TACH_REC_CODE, CODE_SZ},
			.filename = {.data_addr = 1, .sz = 4, .full_sz = 4, .kind = 1},
			.qualname = {.data_addr = 1, .sz = 3, .full_sz = 3, .kind = 1},
			.linetable = {.data_addr = 1, .sz = 2, .full_sz = 2, .kind = 1},
		},
	.data = "a.pyf.g\x80",
};

#endif
