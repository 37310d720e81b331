// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "aggregate/tape.h"
#include "replay/parts.h"

#define MAGIC	     0x54414348u
#define VERSION	     1
#define FRAME_MIN_SZ 7 /* bytes of a frame in its table */
#define STATS_MIN_SZ 32
#define STATS_SZ     56
#define STATS_MARK   "TACHSTAT"
#define ZSTD_HEAD_SZ 18 /* of a frame, at most: RFC 8878, 3.1.1 */

/* Number: what the header says. */
static const char *const modes[] = {"", "wall", "cpu", "gil", "all", "exception"};

static int bad(const struct tach_replay *replay, const char *text)
{
	return tach_why__set(replay->why, -EINVAL, "%s", text);
}

static int check_version(const struct tach_replay *replay, const unsigned char *head)
{
	__u32 version = tach_replay__u32(replay, head + 4);

	if (version > VERSION)
		return tach_why__set(replay->why, -EINVAL,
				     "Binary file was created with Python %u.%u.%u (format version "
				     "%u), but this is tachyon-bpf (format version %d)",
				     head[8], head[9], head[10], version, VERSION);
	if (version < VERSION)
		return tach_why__set(replay->why, -EINVAL,
				     "Unsupported format version %u (this reader supports version "
				     "%d)",
				     version, VERSION);
	return 0;
}

static int take_config(struct tach_replay *replay, __u32 config)
{
	__u32 mode = config & 7;

	if (mode >= sizeof(modes) / sizeof(modes[0]))
		return tach_why__set(replay->why, -EINVAL, "Invalid profiling mode in header: %u",
				     mode);
	snprintf(replay->mode, sizeof(replay->mode), "%s", modes[mode]);
	replay->summary.features = config & 8 ? config >> 4 & 31 : TACH_FEATURE__UNKNOWN;
	return 0;
}

static int take_header(struct tach_replay *replay)
{
	unsigned char head[TACH_REPLAY_HEADER_SZ];
	int err = tach_replay__bytes(replay, 0, head, sizeof(head));

	if (err)
		return bad(replay, "File too small for header");
	replay->swap = tach_replay__u32(replay, head) != MAGIC;
	err = check_version(replay, head);
	if (err)
		return err;
	replay->summary.start_ns = tach_replay__u64(replay, head + 12) * 1000;
	replay->info.interval_us = tach_replay__u64(replay, head + 20);
	if (__builtin_mul_overflow(replay->info.interval_us, 1000, &replay->summary.period_ns))
		replay->summary.period_ns = ~0ull; /* the header lies */
	replay->info.samples = tach_replay__u64(replay, head + 28);
	replay->thread_cnt = tach_replay__u32(replay, head + 36);
	replay->strs_at = tach_replay__u64(replay, head + 40);
	replay->frames_at = tach_replay__u64(replay, head + 48);
	replay->info.zstd = tach_replay__u32(replay, head + 56) == 1;
	return take_config(replay, tach_replay__u32(replay, head + 60));
}

static int check_place(const struct tach_replay *replay, const char *what, __u64 at)
{
	if (at > replay->size)
		return tach_why__set(replay->why, -EINVAL,
				     "Invalid %s table offset: %llu exceeds file size %llu", what,
				     at, replay->size);
	return 0;
}

static int check_order(const struct tach_replay *replay, const char *what, __u64 at)
{
	if (at < TACH_REPLAY_HEADER_SZ)
		return tach_why__set(replay->why, -EINVAL,
				     "Invalid %s table offset: %llu is before data section", what,
				     at);
	return 0;
}

static int check_places(const struct tach_replay *replay)
{
	int err = check_place(replay, "string", replay->strs_at);

	if (!err)
		err = check_place(replay, "frame", replay->frames_at);
	if (!err)
		err = check_order(replay, "string", replay->strs_at);
	if (!err)
		err = check_order(replay, "frame", replay->frames_at);
	if (!err && replay->strs_at > replay->frames_at)
		err = tach_why__set(replay->why, -EINVAL,
				    "Invalid table offsets: string table (%llu) is after frame "
				    "table (%llu)",
				    replay->strs_at, replay->frames_at);
	return err;
}

static int check_count(const struct tach_replay *replay, const char *what, __u32 cnt, __u64 most)
{
	if (cnt <= most)
		return 0;
	return tach_why__set(replay->why, -EINVAL,
			     "Invalid %s count %u exceeds maximum possible %llu", what, cnt, most);
}

static int check_counts(const struct tach_replay *replay)
{
	__u64 end = replay->size;
	int err = check_count(replay, "string", replay->str_cnt, end - replay->strs_at);

	return err
		       ?: check_count(replay, "frame", replay->frame_cnt,
				      (end - replay->frames_at) / FRAME_MIN_SZ);
}

static int take_footer(struct tach_replay *replay)
{
	unsigned char foot[TACH_REPLAY_FOOTER_SZ];

	if (replay->size < sizeof(foot) ||
	    tach_replay__bytes(replay, replay->size - sizeof(foot), foot, sizeof(foot)))
		return bad(replay, "File too small for footer");
	replay->str_cnt = tach_replay__u32(replay, foot);
	replay->frame_cnt = tach_replay__u32(replay, foot + 4);
	return 0;
}

static bool is_share(double value)
{
	return isfinite(value) && value >= 0;
}

/* @stats: STATS_SZ bytes. */
static int take_values(struct tach_replay *replay, const unsigned char *stats, bool has_errors)
{
	double values[4];
	__u32 present = has_errors ? tach_replay__u32(replay, stats + 32) : 0;

	for (int i = 0; i < 4; i++) {
		__u64 bits = tach_replay__u64(replay, stats + 8 * i);

		memcpy(&values[i], &bits, sizeof(bits));
	}
	if (!is_share(values[0]) || !is_share(values[1]) || (present & 1 && !is_share(values[2])) ||
	    (present & 2 && !isfinite(values[3])))
		return bad(replay, "Invalid profiling statistics values");
	replay->summary.duration_s = values[0];
	replay->summary.attempts =
		values[0] * values[1] < 1e18 ? llround(values[0] * values[1]) : 0;
	if (present & 1 && values[2] <= 100)
		replay->summary.failed = llround(values[2] / 100 * replay->summary.attempts);
	return 0;
}

/* The statistics in front of the footer, if there are any: *@sz bytes. */
static int take_stats(struct tach_replay *replay, __u64 *sz)
{
	__u64 end = replay->size - TACH_REPLAY_FOOTER_SZ;
	unsigned char tail[16], stats[STATS_SZ] = {0};
	__u32 version;

	*sz = 0;
	if (end < TACH_REPLAY_HEADER_SZ + sizeof(tail) ||
	    tach_replay__bytes(replay, end - sizeof(tail), tail, sizeof(tail)) ||
	    memcmp(tail, STATS_MARK, strlen(STATS_MARK)))
		return 0;
	version = tach_replay__u32(replay, tail + 8);
	*sz = tach_replay__u32(replay, tail + 12);
	if (*sz < STATS_MIN_SZ || *sz > end)
		return bad(replay, "Invalid profiling statistics size");
	if (version != 1)
		return 0;
	if (tach_replay__bytes(replay, end - *sz, stats, *sz < STATS_SZ ? 16 : STATS_SZ))
		return bad(replay, "Invalid profiling statistics size");
	return take_values(replay, stats, *sz >= STATS_SZ);
}

/* Where our tape is, if there is one in front of @end. */
static void find_tape(struct tach_replay *replay, __u64 end)
{
	unsigned char tail[8 + TACH_TAPE_MARK_SZ];
	__u64 at;

	if (end < replay->frames_at + sizeof(tail) ||
	    tach_replay__bytes(replay, end - sizeof(tail), tail, sizeof(tail)) ||
	    memcmp(tail + 8, TACH_TAPE_MARK, TACH_TAPE_MARK_SZ))
		return;
	at = tach_replay__u64(replay, tail);
	if (at < replay->frames_at || at >= end - sizeof(tail))
		return;
	replay->tape_at = at;
	replay->tape_end = end - sizeof(tail);
}

static bool is_zstd(const struct tach_replay *replay)
{
	__u64 sz = replay->strs_at - TACH_REPLAY_HEADER_SZ;
	unsigned char head[ZSTD_HEAD_SZ];

	if (sz > sizeof(head))
		sz = sizeof(head);
	return !tach_replay__bytes(replay, TACH_REPLAY_HEADER_SZ, head, sz) &&
	       ZSTD_getFrameContentSize(head, sz) != ZSTD_CONTENTSIZE_ERROR;
}

/* How many bytes the records are: compressed ones are looked through. */
static int measure_records(struct tach_replay *replay)
{
	struct tach_input input;
	int err;

	replay->records_sz = replay->strs_at - TACH_REPLAY_HEADER_SZ;
	if (!replay->info.zstd)
		return 0;
	if (!is_zstd(replay))
		return bad(replay, "Corrupted zstd frame header");
	err = tach_input__open(&input, replay->fd, TACH_REPLAY_HEADER_SZ, replay->strs_at, true);
	while (!err && tach_input__fill(&input))
		input.at = input.end;
	replay->records_sz = input.done;
	err = err ?: input.err;
	if (err == -EBADMSG)
		tach_why__set(replay->why, err, "zstd decompression error: %s", input.why);
	else if (err == -ENODATA)
		tach_why__set(replay->why, err, "Incomplete zstd frame: data may be truncated");
	else if (err)
		tach_why__set(replay->why, err, "%s", strerror(-err));
	tach_input__close(&input);
	return err;
}

int tach_replay__parse(struct tach_replay *replay)
{
	__u64 stats_sz;
	int err = take_header(replay);

	if (!err)
		err = take_footer(replay);
	if (!err)
		err = check_places(replay);
	if (!err)
		err = take_stats(replay, &stats_sz);
	if (!err)
		err = check_counts(replay);
	if (!err)
		err = measure_records(replay);
	if (!err)
		err = tach_replay__tables(replay, NULL);
	if (!err)
		find_tape(replay, replay->size - TACH_REPLAY_FOOTER_SZ - stats_sz);
	return err;
}
