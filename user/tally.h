/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TALLY_H
#define TACH_TALLY_H

#include <stdbool.h>

#include "ledger.h"
#include "load/load.h"
#include "pipeline.h"
#include "util/types.h"

#define TACH_TALLY_BARE 64

/* Stops of the process. */
struct tach_stopped {
	__u64 due;	  /* periods */
	__u64 other;	  /* of them: nothing was there to stop, or it failed, which is counted */
	__u64 cnt;	  /* stops */
	__u64 ns, max_ns; /* that they took, and the longest one */
};

/* What a recording came to: counted by the kernel side, by the user side, by the target's own clock. */
struct tach_tally {
	/* As the session knows it. */
	double duration_s;
	__u64 period_ns;
	bool all_threads;   /* were sampled; else the main thread only */
	bool host_tids;	    /* name threads by them */
	bool interrupted;   /* by the user */
	__u64 setup_cpu_ns; /* CPU time of this process before the sampling began, */
	__u64 own_cpu_ns;   /* and since then */
	__u32 ring_sz;	    /* bytes */
	struct tach_pipeline_stats line;
	const struct tach_profile *profile; /* frozen */

	/* As the sampler does. */
	__u64 cpu_ns; /* CPU time of the sampled threads meanwhile; 0: not known */
	bool off_cpu; /* each thread has a ledger; else ticks are all there is */
	__u32 filter; /* of enum tach_sample_state: what time counted; 0: all */
	struct tach_settled settled;
	bool blocking;		     /* samples come from stops, */
	struct tach_stopped stopped; /* from these */
	__u64 counts[TACH_COUNTS_CNT];
	struct tach_bpf_time bpf;
	__u64 throttles;			       /* of our timers, by the kernel */
	struct tach_bare_thread bare[TACH_TALLY_BARE]; /* [bare_cnt] most ticks first */
	int bare_cnt;
	struct tach_gil_wait *waits; /* [wait_cnt] in mode gil; longest first */
	int wait_cnt;
};

/* Fill in what the kernel side has counted so far; at the end the rest, too, with that filter. @tally is valid until
 * it is freed; 0, or a negative errno, when it has said why and there is nothing to free. */
int tach_tally__count(struct tach_tally *tally, struct tach_loader *loader);
int tach_tally__collect(struct tach_tally *tally, struct tach_loader *loader);
void tach_tally__free(struct tach_tally *tally);

/* --- what follows from that; pure --- */

enum tach_status_kind {
	TACH_KIND_SAMPLE,
	TACH_KIND_SKIP,
	TACH_KIND_FAIL,
};

struct tach_status_info {
	const char *name, *text;
	enum tach_status_kind kind;
};
extern const struct tach_status_info tach_statuses[TACH_ST__CNT];

/* Ticks that ended in a status of that kind. */
__u64 tach_tally__ticks(const struct tach_tally *tally, enum tach_status_kind kind);
__u64 tach_tally__counter(const struct tach_tally *tally, enum tach_counter idx);

/* Samples that were due, were noticed, and nobody has. A tick that fails is one only if there is no ledger by which the
 * next tick makes up for it. */
__u64 tach_tally__errors(const struct tach_tally *tally);
/* Samples of time in which nobody looked, so that it is not known whether it counts: the last moments of threads, and
 * those before the end. */
__u64 tach_tally__unseen(const struct tach_tally *tally);
/* All samples, and the errors. */
__u64 tach_tally__attempts(const struct tach_tally *tally);

/* Time in our BPF programs, by their own measurement. */
__u64 tach_tally__bpf_ns(const struct tach_tally *tally);
/* The part of the ring that was used when it was fullest, 0 - 1, as far as its reader saw. */
double tach_tally__ring_share(const struct tach_tally *tally);

/* Stacks that were read: in ticks, when a thread left its CPU, and when it was back. */
struct tach_stack_reads {
	__u64 total;
	__u64 known;   /* of that: by their hash */
	__u64 checked; /* known, but code objects had been freed: they were compared again */
	__u64 fresh;   /* defined, with the code objects that were not known */
};
struct tach_stack_reads tach_tally__stack_reads(const struct tach_tally *tally);

/* Samples that should have been, by the clocks: of the time that counts, one for each period. */
__u64 tach_tally__due(const struct tach_tally *tally);
/* Those that nobody noticed: late timers merge ticks, and the kernel does not count that. 0 also if it is no more than
 * chance and the ends of threads explain. */
__u64 tach_tally__missed(const struct tach_tally *tally);

#endif
