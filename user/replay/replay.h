/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REPLAY_H
#define TACH_REPLAY_H

#include <stdbool.h>

#include "aggregate/profile.h"
#include "util/log.h"
#include "util/types.h"

/* Reads recordings back: the reference's binary format, version 1, of either byte order, written by it or by us,
 * and what is left of a recording that was not finished. In ours a tape (aggregate/tape.h) has everything; the
 * rest of the file is then only looked at. Messages for damaged files are those of the reference's reader.
 * Nothing in a file is trusted, and memory is bounded by the size of the file. */
struct tach_replay;

struct tach_replay_info {
	__u64 samples;
	__u64 interval_us;
	bool zstd;
	bool unfinished; /* the recording was killed; this is what it had written */
};

/* 0 and *@out, which the caller frees, or a negative errno with @why. */
int tach_replay__open(const char *path, struct tach_replay **out, struct tach_why *why);
void tach_replay__free(struct tach_replay *replay); /* NULL is fine */
const struct tach_replay_info *tach_replay__info(const struct tach_replay *replay);

/* Fill @tab and @profile, which are empty but for the marker frame; @progress(ctx, samples so far) is called now
 * and then. *@summary gets what the file says, for tach_profile__freeze(); its mode may be NULL, and is valid
 * until free. Once. 0, or a negative errno with @why. */
int tach_replay__read(struct tach_replay *replay, struct tach_frametab *tab,
		      struct tach_profile *profile, void (*progress)(void *ctx, __u64 samples),
		      void *ctx, struct tach_summary *summary, struct tach_why *why);

#endif
