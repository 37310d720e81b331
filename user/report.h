/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REPORT_H
#define TACH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "ledger.h"
#include "load/load.h"
#include "pipeline.h"
#include "util/types.h"

#define TACH_REPORT_THREADS 10 /* named one by one */

/* What a recording came to: counted by the kernel side, by the user side, by the target's own clock. */
struct tach_tally {
	double duration_s;
	__u64 period_ns;
	__u64 cpu_ns;	  /* CPU time of the sampled threads meanwhile; 0: not known */
	bool all_threads; /* were sampled; else the main thread only */
	bool host_tids;	  /* name threads by them */
	bool interrupted; /* by the user: nothing can be said of missed samples */
	__u64 counts[TACH_COUNTS_CNT];
	struct tach_settled settled;
	struct tach_pipeline_stats line;
	const struct tach_profile *profile; /* frozen */
	struct tach_bpf_time bpf;
	const struct tach_bare_thread *bare; /* [bare_cnt] most ticks first */
	int bare_cnt;
	const struct tach_gil_wait *waits; /* [wait_cnt] in mode gil; longest first */
	int wait_cnt;
};

/* Print the closing lines on @out, warnings on stderr. */
void tach_report__print(const struct tach_tally *tally, FILE *out);

/* Part of that: who held the GIL, who waited for it, and for whom. */
void tach_report__print_gil(const struct tach_tally *tally, FILE *out);

#endif
