/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TALLY_H
#define TACH_TALLY_H

#include <stdbool.h>

#include "ledger.h"
#include "load/load.h"
#include "pipeline.h"
#include "util/types.h"

#define TACH_TALLY_BARE 64

/* What a recording came to: counted by the kernel side, by the user side, by the target's own clock. */
struct tach_tally {
	/* As the session knows it. */
	double duration_s;
	__u64 period_ns;
	bool all_threads; /* were sampled; else the main thread only */
	bool host_tids;	  /* name threads by them */
	bool interrupted; /* by the user */
	struct tach_pipeline_stats line;
	const struct tach_profile *profile; /* frozen */

	/* As the sampler does. */
	__u64 cpu_ns; /* CPU time of the sampled threads meanwhile; 0: not known */
	__u32 filter; /* of enum tach_sample_state: what time counted; 0: all */
	struct tach_settled settled;
	__u64 counts[TACH_COUNTS_CNT];
	struct tach_bpf_time bpf;
	struct tach_bare_thread bare[TACH_TALLY_BARE]; /* [bare_cnt] most ticks first */
	int bare_cnt;
	struct tach_gil_wait *waits; /* [wait_cnt] in mode gil; longest first */
	int wait_cnt;
};

/* Fill in what the kernel side has counted, with that filter. @tally is valid until it is freed; 0, or a negative
 * errno, when it has said why and there is nothing to free. */
int tach_tally__collect(struct tach_tally *tally, struct tach_loader *loader);
void tach_tally__free(struct tach_tally *tally);

#endif
