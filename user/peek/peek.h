/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PEEK_H
#define TACH_PEEK_H

#include <stddef.h>

#include "util/remote.h"
#include "util/types.h"
#include "bpf/tach_layout.h"
#include "bpf/tach_status.h"
#include "bpf/tach_wire.h"

/* Stacks of threads that sleep, read from outside. The walker is that of the kernel side, compiled for
 * this one, so both see the same frames. A thread that runs meanwhile gives nonsense: the caller has to
 * know that it slept from before the call until after it. */
struct tach_peek;

/* Take a record that is made: what the ring would carry. 0 or a negative errno. */
typedef int (*tach_peek_emit)(void *ctx, const void *rec, size_t sz);

/* NULL without memory. @remote is copied. Only one at a time. */
struct tach_peek *tach_peek__new(const struct tach_remote *remote, tach_peek_emit emit, void *ctx);
void tach_peek__free(struct tach_peek *peek); /* NULL is fine */

/* Look at program @image of @target, whose threads are listed now. 0, -ENOMEM, -EFAULT: unreadable. */
int tach_peek__begin(struct tach_peek *peek, __u32 target, __u32 image,
		     const struct tach_layout *layout);

/* Where a thread stands in the lists of its interpreters, which are in the order that the target has. */
struct tach_peek_thread {
	__u64 interp_id;
	__u32 order; /* over all interpreters, from 0 */
};

/* Of thread @tid, in the target's numbers: 0, or -ESRCH if it has no thread state. */
int tach_peek__thread(const struct tach_peek *peek, __u32 tid, struct tach_peek_thread *out);

/* The stack of thread @tid, in the target's numbers, unless @filter is given and it has none of these states:
 * its id, which no stack of the kernel side has, and enum tach_sample_state. @futex: that it sleeps on, or 0. Records
 * of what was not known are emitted first. Returns where it ends, as a tick does: TACH_ST_SAMPLED (0) is success,
 * TACH_ST_NO_PYTHON if it was not in the lists when the look began; or emit's negative errno. */
int tach_peek__stack(struct tach_peek *peek, __u32 tid, __u64 futex, __u32 filter, __u64 *stack_id,
		     __u32 *state);

#endif
