// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdbool.h>

#include "read/read.h"

static bool str_fits(const struct tach_rec_str *str)
{
	return str->sz <= str->full_sz;
}

static bool sample_fits(const struct tach_rec_hdr *hdr)
{
	return hdr->len == sizeof(struct tach_rec_sample);
}

static bool stack_fits(const struct tach_rec_hdr *hdr)
{
	const struct tach_rec_stack *rec = (const void *)hdr;

	if (hdr->len < sizeof(*rec) || !rec->frame_cnt || rec->frame_cnt > TACH_MAX_FRAMES)
		return false;
	if (rec->left_out && rec->frame_cnt != TACH_MAX_FRAMES)
		return false;
	return hdr->len == sizeof(*rec) + rec->frame_cnt * sizeof(rec->frames[0]);
}

static bool code_fits(const struct tach_rec_hdr *hdr)
{
	const struct tach_rec_code *rec = (const void *)hdr;
	__u64 data_sz;

	if (hdr->len < sizeof(*rec))
		return false;
	if (!str_fits(&rec->filename) || !str_fits(&rec->qualname) || !str_fits(&rec->linetable))
		return false;
	data_sz = (__u64)rec->filename.sz + rec->qualname.sz + rec->linetable.sz;
	return hdr->len == sizeof(*rec) + data_sz;
}

static bool exec_fits(const struct tach_rec_hdr *hdr)
{
	return hdr->len == sizeof(struct tach_rec_exec);
}

static bool thread_fits(const struct tach_rec_hdr *hdr)
{
	return hdr->len == sizeof(struct tach_rec_thread);
}

static bool call_fits(const struct tach_rec_hdr *hdr)
{
	const struct tach_rec_call *rec = (const void *)hdr;

	return hdr->len == sizeof(*rec) && rec->call.kind < TACH_CALL__CNT &&
	       rec->call.path_sz <= sizeof(rec->call.path);
}

static int bad(struct tach_read_stats *stats)
{
	stats->bad++;
	return -EBADMSG;
}

int tach_decode(const void *data, size_t sz, const struct tach_handlers *handlers,
		struct tach_read_stats *stats)
{
	const struct tach_rec_hdr *hdr = data;
	void *ctx = handlers->ctx;

	stats->records++;
	stats->bytes += sz;
	if (sz < sizeof(*hdr) || hdr->len > sz)
		return bad(stats);
	switch (hdr->type) {
	case TACH_REC_SAMPLE:
		return sample_fits(hdr) ? handlers->on_sample(ctx, data) : bad(stats);
	case TACH_REC_STACK:
		return stack_fits(hdr) ? handlers->on_stack(ctx, data) : bad(stats);
	case TACH_REC_CODE:
		return code_fits(hdr) ? handlers->on_code(ctx, data) : bad(stats);
	case TACH_REC_EXEC:
		return exec_fits(hdr) ? handlers->on_exec(ctx, data) : bad(stats);
	case TACH_REC_THREAD:
		if (!thread_fits(hdr))
			return bad(stats);
		return handlers->on_thread ? handlers->on_thread(ctx, data) : 0;
	case TACH_REC_CALL:
		if (!call_fits(hdr))
			return bad(stats);
		return handlers->on_call ? handlers->on_call(ctx, data) : 0;
	default:
		return bad(stats);
	}
}
