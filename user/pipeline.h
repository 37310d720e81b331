/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PIPELINE_H
#define TACH_PIPELINE_H

#include <stdbool.h>

#include "aggregate/profile.h"
#include "read/read.h"
#include "symbolize/symbolize.h"
#include "util/remote.h"
#include "util/types.h"

/* The line from ring bytes to a profile: read, symbolize, aggregate. Where it gets its bytes from, and
 * who reads targets' memory, is given to it. */
struct tach_pipeline;

struct tach_pipeline_stats {
	__u64 samples; /* sample records received */
	__u64 bad;     /* records that were refused */
	const struct tach_symbolizer_stats *symbols;
};

/* @remote outlives the pipeline. @host_tids: name threads by host_tid, not tid, of their samples.
 * @on_exec(ctx, record) is called for each exec record. */
struct tach_pipeline *
tach_pipeline__new(const struct tach_remote *remote, bool host_tids,
		   void (*on_exec)(void *ctx, const struct tach_rec_exec *rec), void *ctx);
void tach_pipeline__free(struct tach_pipeline *line); /* NULL is fine */

/* Start reading the ring behind @ring_map_fd; @raw_fd as in tach_source__open_ring(). */
int tach_pipeline__open_ring(struct tach_pipeline *line, int ring_map_fd, int raw_fd);
/* Take a record that did not come through the ring. 0 or a negative errno. */
int tach_pipeline__inject(struct tach_pipeline *line, const void *rec, size_t sz);

int tach_pipeline__fd(const struct tach_pipeline *line); /* readable: call consume */
int tach_pipeline__consume(struct tach_pipeline *line);	 /* 0 or a negative errno */

struct tach_profile *tach_pipeline__profile(struct tach_pipeline *line);
struct tach_pipeline_stats tach_pipeline__stats(const struct tach_pipeline *line);

#endif
