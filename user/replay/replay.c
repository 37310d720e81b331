// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aggregate/tape.h"
#include "replay/parts.h"

#define PROGRESS_STEP 1000 /* samples */

#define NOT_A_PROFILE                                                                              \
	"Input file is not a binary sampling profile. The replay command only accepts files "      \
	"created with --binary"

int tach_replay__bytes(const struct tach_replay *replay, __u64 pos, void *dst, size_t sz)
{
	ssize_t got;

	for (; sz; sz -= (size_t)got, pos += (__u64)got, dst = (char *)dst + got) {
		got = pread(replay->fd, dst, sz, (off_t)pos);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return got ? -errno : -ENODATA;
	}
	return 0;
}

void tach_replay__count(struct tach_replay *replay, __u64 weight)
{
	__u64 before = replay->done;

	replay->done += weight;
	if (before / PROGRESS_STEP != replay->done / PROGRESS_STEP && replay->progress)
		replay->progress(replay->ctx, replay->done);
}

/* A recording that was not finished is a tape and nothing else. */
static int open_tape(struct tach_replay *replay)
{
	replay->tape_at = 0;
	replay->tape_end = replay->size;
	replay->info.unfinished = true;
	return tach_replay__count_tape(replay);
}

static bool is_binary(const unsigned char *head)
{
	return !memcmp(head, "HCAT", 4) || !memcmp(head, "TACH", 4);
}

static int open_content(struct tach_replay *replay, const char *path)
{
	unsigned char head[TACH_REPLAY_HEADER_SZ];
	int err = tach_replay__bytes(replay, 0, head, TACH_TAPE_MAGIC_SZ);

	if (!err && !memcmp(head, TACH_TAPE_MAGIC, TACH_TAPE_MAGIC_SZ))
		return open_tape(replay);
	if (!err)
		err = tach_replay__bytes(replay, 0, head, sizeof(head));
	if (err == -ENODATA || (!err && !is_binary(head)))
		return tach_why__set(replay->why, -EINVAL, NOT_A_PROFILE);
	if (err)
		return tach_why__set(replay->why, err, "Could not read input file %s: %s", path,
				     strerror(-err));
	return tach_replay__parse(replay);
}

static int open_file(struct tach_replay *replay, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return tach_why__set(replay->why, -errno, "Input file not found: %s", path);
	/* Opening a pipe would wait for its writer. */
	replay->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (replay->fd < 0 || fstat(replay->fd, &st))
		return tach_why__set(replay->why, -errno, "Could not read input file %s: %s", path,
				     strerror(errno));
	replay->size = (__u64)st.st_size;
	return open_content(replay, path);
}

int tach_replay__open(const char *path, struct tach_replay **out, struct tach_why *why)
{
	struct tach_replay *replay = calloc(1, sizeof(*replay));
	int err;

	if (!replay)
		return tach_why__set(why, -ENOMEM, "out of memory");
	replay->fd = -1;
	replay->why = why;
	err = open_file(replay, path);
	if (err) {
		tach_replay__free(replay);
		return err;
	}
	*out = replay;
	return 0;
}

void tach_replay__free(struct tach_replay *replay)
{
	if (!replay)
		return;
	if (replay->fd >= 0)
		close(replay->fd);
	free(replay);
}

const struct tach_replay_info *tach_replay__info(const struct tach_replay *replay)
{
	return &replay->info;
}

int tach_replay__read(struct tach_replay *replay, struct tach_frametab *tab,
		      struct tach_profile *profile, void (*progress)(void *ctx, __u64 samples),
		      void *ctx, struct tach_summary *summary, struct tach_why *why)
{
	int err;

	replay->tab = tab;
	replay->profile = profile;
	replay->progress = progress;
	replay->ctx = ctx;
	replay->why = why;
	replay->done = 0;
	err = replay->tape_end ? tach_replay__tape(replay) : tach_replay__records(replay);
	if (!err && replay->done != replay->info.samples)
		err = tach_why__set(why, -EINVAL,
				    "Sample count mismatch: header declares %llu samples but "
				    "replay decoded %llu",
				    replay->info.samples, replay->done);
	*summary = replay->summary;
	summary->mode = *replay->mode ? replay->mode : NULL;
	return err;
}
