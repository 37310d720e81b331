/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LEDGER_H
#define TACH_LEDGER_H

#include "load/load.h"
#include "pipeline.h"
#include "util/remote.h"
#include "util/types.h"

/* What was charged at the end. */
struct tach_settled {
	__u64 records; /* of samples */
	__u64 samples; /* in them */
	__u64 reused;  /* of these: with an earlier stack of their thread */
	__u64 unseen;  /* of time on a CPU that no tick came to look at; not among the samples */
};

/* Tell the kernel side the stacks of threads that were off the CPU when their ledgers began. 0 or a negative
 * errno; it has said why. */
int tach_ledger__open(struct tach_loader *loader, struct tach_pipeline *line,
		      const struct tach_remote *remote);

struct tach_ledger_opts {
	__u64 period_ns; /* as the kernel side has it, */
	__u32 filter;	 /* " */
	__u64 end_ns;	 /* of the sampling, CLOCK_MONOTONIC */
};

/* What will be charged for the blocks that threads are in now, in samples; nothing changes. 0 or a negative errno;
 * it has said why. */
int tach_ledger__foresee(struct tach_loader *loader, const struct tach_ledger_opts *opts,
			 __u64 *samples);

/* Charge what the threads' ledgers still hold when the sampling ends: blocks that have not ended, whose
 * stacks are read now if they are not known. Call it while the kernel side is attached, with the ring
 * emptied. 0 or a negative errno; it has said why. */
int tach_ledger__settle(struct tach_loader *loader, struct tach_pipeline *line,
			const struct tach_remote *remote, const struct tach_ledger_opts *opts,
			struct tach_settled *settled);

#endif
