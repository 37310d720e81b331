/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REPLAY_PARTS_H
#define TACH_REPLAY_PARTS_H

#include "replay/replay.h"
#include "util/input.h"

/* What the parts of the room know of each other. */
struct tach_replay {
	int fd;
	__u64 size; /* of the file */
	struct tach_replay_info info;
	struct tach_summary summary;
	char mode[16]; /* "": not known */

	bool swap; /* its byte order is not ours */
	__u64 strs_at, frames_at;
	__u32 str_cnt, frame_cnt, thread_cnt;
	__u64 records_sz;	 /* bytes of the records, not compressed */
	__u64 tape_at, tape_end; /* 0: there is none */

	/* While it is read. */
	struct tach_frametab *tab;
	struct tach_profile *profile;
	void (*progress)(void *ctx, __u64 samples);
	void *ctx;
	struct tach_why *why;
	__u64 done; /* samples */
};

#define TACH_REPLAY_HEADER_SZ 64
#define TACH_REPLAY_FOOTER_SZ 32

/* Exactly @sz bytes. 0, or a negative errno: -ENODATA if there are not so many. */
int tach_replay__bytes(const struct tach_replay *replay, __u64 pos, void *dst, size_t sz);

static inline __u32 tach_replay__u32(const struct tach_replay *replay, const unsigned char *at)
{
	__u32 value;

	__builtin_memcpy(&value, at, sizeof(value));
	return replay->swap ? __builtin_bswap32(value) : value;
}

static inline __u64 tach_replay__u64(const struct tach_replay *replay, const unsigned char *at)
{
	__u64 value;

	__builtin_memcpy(&value, at, sizeof(value));
	return replay->swap ? __builtin_bswap64(value) : value;
}

/* Count @weight samples. */
void tach_replay__count(struct tach_replay *replay, __u64 weight);

/* What follows returns 0, or a negative errno with replay->why. */

/* Header, footer, statistics: the first half of struct tach_replay. */
int tach_replay__parse(struct tach_replay *replay);

/* The tables of strings and frames. */
struct tach_replay_frame {
	struct tach_frame frame; /* file, func: numbers in the file, perhaps of nothing */
	tach_frame_id id;	 /* TACH_NO_ID: it was not needed yet */
};
struct tach_replay_tables {
	tach_str_id *strs;		  /* [str_cnt] */
	struct tach_replay_frame *frames; /* [frame_cnt] */
};
/* @out NULL: only see whether they can be read. Clear it also after an error. */
int tach_replay__tables(struct tach_replay *replay, struct tach_replay_tables *out);
void tach_replay__clear_tables(struct tach_replay_tables *tables);

int tach_replay__records(struct tach_replay *replay);
int tach_replay__tape(struct tach_replay *replay);

/* The sum of the samples on the tape: for a file that does not say it. */
int tach_replay__count_tape(struct tach_replay *replay);

#endif
