/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SYMBOLIZE_H
#define TACH_SYMBOLIZE_H

#include <sys/types.h>

#include "symbolize/frametab.h"
#include "util/remote.h"
#include "util/types.h"
#include "bpf/tach_wire.h"

/* Code records and stack definitions in, frame ids out. Symbolizes at once, before aggregation: code
 * objects die. */
struct tach_symbolizer;

struct tach_symbolizer_stats {
	__u64 codes;	 /* code records taken */
	__u64 fallbacks; /* parts fetched from the target by the user side */
	__u64 unknown;	 /* frames of stack definitions shown as <unknown: cause> */
	__u64 bad_lines; /* frames of stack definitions whose line could not be decoded */
};

/* @tab receives strings and frames; @remote (may be NULL) serves what a record misses. Both outlive
 * the symbolizer. */
struct tach_symbolizer *tach_symbolizer__new(struct tach_frametab *tab,
					     const struct tach_remote *remote);
void tach_symbolizer__free(struct tach_symbolizer *sym); /* NULL is fine */

/* Learn a code object; replaces what was known at its address. What the record misses is read from
 * the target at once; what cannot be had shows in the frames. 0 or -ENOMEM. */
int tach_symbolizer__add_code(struct tach_symbolizer *sym, const struct tach_rec_code *rec);

/* Word of frame @i of a stack, leaf first, of those that there are. */
static inline __u64 tach_stack__word(const struct tach_rec_stack *rec, __u32 i)
{
	if (rec->left_out && i >= TACH_LEAF_FRAMES)
		i = TACH_LEAF_FRAMES + (i + rec->left_out) % TACH_ROOT_FRAMES;
	return rec->frames[i];
}

/* Number of frames in front of those that are missing; frame_cnt + 1 if none are. */
static inline __u32 tach_stack__cut(const struct tach_rec_stack *rec)
{
	if (!(rec->flags & TACH_STACK_TRUNCATED))
		return rec->frame_cnt + 1;
	return rec->left_out ? TACH_LEAF_FRAMES : rec->frame_cnt;
}

/* Turn a stack definition into frames, leaf first: shims hidden, a truncated stack has the marker frame
 * "<truncated>" where frames are missing. At most frame_cnt + 1 are written to @out.
 * Returns their number (0: nothing but shims), or -ENOMEM. */
ssize_t tach_symbolizer__resolve(struct tach_symbolizer *sym, const struct tach_rec_stack *rec,
				 tach_frame_id *out);

const struct tach_symbolizer_stats *tach_symbolizer__stats(const struct tach_symbolizer *sym);

#endif
