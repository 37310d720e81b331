/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_MODEL_H
#define TACH_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/fuzz/world.h"

/* What the user side knows at each moment, from the records alone. Refuses those that break the promises
 * of bpf/tach_wire.h, by ending the process. */

struct model_seen {
	unsigned samples, stacks, codes, execs;
	__u64 stack_id; /* of the last sample */
	__u32 target, tid, host_tid;
};

/* @world: what names are compared with; @in_flux: it changes while it is read, so they are not. */
void model_reset(const struct world *world);
void model_set_flux(bool in_flux);

/* Take a record; what was seen since the last call of model_seen(). */
void model_take(const void *rec, size_t sz);
struct model_seen model_seen(void);

/* The definition of stack @id must be these frames. */
void model_check_frames(__u64 id, __u32 target, __u32 flags, const __u64 *frames, __u32 cnt);

/* Note the code objects that run in interpreter number @interp. Returns whether it keeps its promise: two code
 * objects of an interpreter have never the same version number. */
bool model_note_codes(__u64 interp, const __u64 *frames, __u32 cnt);

/* The code objects must be those that were described when stack @id was defined. */
void model_check_codes(__u64 id, const __u64 *frames, __u32 cnt);

#endif
