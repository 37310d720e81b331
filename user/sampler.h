/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SAMPLER_H
#define TACH_SAMPLER_H

#include "cli/opts.h"
#include "pipeline.h"
#include "subject.h"
#include "tally.h"
#include "util/types.h"

/* Where the samples of a session come from: timers of the kernel, or stops of the process. It feeds the
 * pipeline, and at the end it says what it did. Functions that return an error have said why. */
struct tach_sampler {
	const struct tach_sampler_ops *ops;
	struct tach_layout_sink sink; /* for tach_subject__search() */
	__u64 start_ns, end_ns;	      /* of the sampling, CLOCK_MONOTONIC; 0: not yet */
};

struct tach_sampler_ops {
	/* Open the pipeline's source. @raw_fd as in tach_source__open_ring(). */
	int (*connect)(struct tach_sampler *sampler, struct tach_pipeline *line, int raw_fd);
	int (*start)(struct tach_sampler *sampler);
	/* Hand on what there is. To be called when the pipeline's descriptor or @fd is readable, and now and
	 * then. */
	int (*serve)(struct tach_sampler *sampler);
	int (*fd)(const struct tach_sampler *sampler); /* -1: there is none */
	/* No more samples; what is still on its way is handed on. */
	int (*stop)(struct tach_sampler *sampler);
	/* Fill in what came of it so far; after it has stopped, all of it. */
	int (*tally)(struct tach_sampler *sampler, struct tach_tally *tally);
	void (*free)(struct tach_sampler *sampler);
};

/* Nothing is sampled yet. @opts and @subject outlive the sampler. 0 and *@out, which the caller frees, or a
 * negative errno. */
int tach_sampler__open(const struct tach_opts *opts, struct tach_subject *subject,
		       struct tach_sampler **out);

/* Its kinds. */
int tach_timers__open(const struct tach_opts *opts, struct tach_subject *subject,
		      struct tach_sampler **out);
int tach_stops__open(const struct tach_opts *opts, struct tach_subject *subject,
		     struct tach_sampler **out);

/* Which states count in a mode: one of these, enum tach_sample_state; 0: all. */
__u32 tach_sampler__filter(enum tach_mode mode);

#endif
