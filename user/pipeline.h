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

#define TACH_COMMAND_SZ 4096 /* of a command line that is shown, the end included */

struct tach_pipeline_stats {
	__u64 samples; /* sample records received */
	const struct tach_read_stats *read;
	const struct tach_symbolizer_stats *symbols;
};

/* What the pipeline asks of its surroundings. */
struct tach_pipeline_opts {
	const struct tach_remote *remote; /* outlives the pipeline */
	bool host_tids;			  /* name threads by host_tid, not tid, of their samples */
	/* As tach_profile__keep_events(); NULL: they are not kept. */
	const struct tach_summary *recording;
	int events_fd;
	/* Called for each exec record. */
	void (*on_exec)(void *ctx, const struct tach_rec_exec *rec);
	/* What target number @target is: called at its first sample. Returns its pid, with what
	 * struct tach_process says of it. */
	int (*process)(void *ctx, __u32 target, char name[TACH_COMM_SZ],
		       char command[TACH_COMMAND_SZ]);
	/* What the kernel calls thread @host_tid of it, "" if it is gone: at its first sample. */
	void (*thread_name)(void *ctx, __u32 target, __u32 host_tid, char name[TACH_COMM_SZ]);
	void *ctx;
};

/* NULL with errno. @opts is copied. */
struct tach_pipeline *tach_pipeline__new(const struct tach_pipeline_opts *opts);
void tach_pipeline__free(struct tach_pipeline *line); /* NULL is fine */

/* Take records, from the ring behind @ring_map_fd if there is one; both as in tach_source__open_ring(). */
int tach_pipeline__open(struct tach_pipeline *line, int ring_map_fd, int raw_fd);
/* Take a record that did not come through the ring. 0 or a negative errno. */
int tach_pipeline__inject(struct tach_pipeline *line, const void *rec, size_t sz);

int tach_pipeline__fd(const struct tach_pipeline *line); /* readable: call consume; -1: no ring */
int tach_pipeline__consume(struct tach_pipeline *line);	 /* 0 or a negative errno */

struct tach_profile *tach_pipeline__profile(struct tach_pipeline *line);
struct tach_pipeline_stats tach_pipeline__stats(const struct tach_pipeline *line);

#endif
