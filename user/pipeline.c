// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "pipeline.h"
#include "util/idmap.h"

struct tach_pipeline {
	struct tach_frametab *frames;
	struct tach_symbolizer *symbolizer;
	struct tach_profile *profile;
	struct tach_source *source;
	__u64 samples;
	struct tach_pipeline_opts opts;
	struct tach_idmap process_of; /* target -> index in the profile */
	struct tach_idmap interp_of;  /* stack -> number of its interpreter, but for 0 */
	struct tach_idmap who_of_tid; /* process, tid -> the first that had it */
	tach_frame_id stack[TACH_MAX_FRAMES + 1]; /* being resolved */
};

static int on_code(void *ctx, const struct tach_rec_code *rec)
{
	struct tach_pipeline *line = ctx;

	return tach_symbolizer__add_code(line->symbolizer, rec);
}

/* Most stacks are of interpreter 0. A number that none can have is what a torn one had in memory. */
static int note_interp(struct tach_pipeline *line, const struct tach_rec_stack *rec)
{
	if (!rec->interp_id || rec->interp_id >= TACH_IDMAP_NONE ||
	    tach_idmap__get(&line->interp_of, rec->stack_id) != TACH_IDMAP_NONE)
		return 0;
	return tach_idmap__put(&line->interp_of, rec->stack_id, rec->interp_id);
}

static int on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	struct tach_pipeline *line = ctx;
	ssize_t cnt = tach_symbolizer__resolve(line->symbolizer, rec, line->stack);

	if (note_interp(line, rec))
		return -ENOMEM;
	if (cnt <= 0) /* nothing to show: samples of it will count as lost stacks */
		return cnt;
	return tach_profile__define(line->profile, rec->stack_id, line->stack, cnt);
}

/* Index of the process that is that target, or TACH_NO_ID without memory. */
static __u32 process_of(struct tach_pipeline *line, __u32 target)
{
	__u32 idx = tach_idmap__get(&line->process_of, target);
	char name[TACH_COMM_SZ], command[TACH_COMMAND_SZ];
	int pid;

	if (idx != TACH_IDMAP_NONE)
		return idx;
	pid = line->opts.process(line->opts.ctx, target, name, command);
	idx = tach_profile__add_process(line->profile, pid, name, command);
	if (idx != TACH_NO_ID && tach_idmap__put(&line->process_of, target, idx))
		return TACH_NO_ID;
	return idx;
}

/* A thread, as the records name it. */
struct thread {
	__u32 target, tid, host_tid;
	bool main_thread;
};

/* Index of a thread in that interpreter of process @process; its name is looked up when it is new. TACH_NO_ID
 * without memory. */
static __u32 who_in(struct tach_pipeline *line, const struct thread *thread, __u32 process,
		    __u32 interp)
{
	__u32 tid = line->opts.host_tids ? thread->host_tid : thread->tid, who;
	__u64 key = tach_idmap__pair(process, tid);
	char name[TACH_COMM_SZ];
	bool added;

	who = tach_profile__who_of(line->profile, process, interp, tid, &added);
	if (who == TACH_NO_ID || !added)
		return who;
	line->opts.thread_name(line->opts.ctx, thread->target, thread->host_tid, name);
	tach_profile__describe(line->profile, who, name, thread->main_thread);
	if (tach_idmap__get(&line->who_of_tid, key) == TACH_IDMAP_NONE &&
	    tach_idmap__put(&line->who_of_tid, key, who))
		return TACH_NO_ID;
	return who;
}

/* The one that took a sample with that stack. */
static __u32 who_of_stack(struct tach_pipeline *line, const struct thread *thread, __u64 stack_id)
{
	__u32 process = process_of(line, thread->target);
	__u32 interp = tach_idmap__get(&line->interp_of, stack_id);

	if (process == TACH_NO_ID)
		return TACH_NO_ID;
	return who_in(line, thread, process, interp == TACH_IDMAP_NONE ? 0 : interp);
}

/* The one that had samples, in the first interpreter that it was seen in, or a new one. */
static __u32 who_of_thread(struct tach_pipeline *line, const struct thread *thread)
{
	__u32 process = process_of(line, thread->target), who;

	if (process == TACH_NO_ID)
		return TACH_NO_ID;
	who = tach_idmap__get(
		&line->who_of_tid,
		tach_idmap__pair(process, line->opts.host_tids ? thread->host_tid : thread->tid));
	return who == TACH_IDMAP_NONE ? who_in(line, thread, process, 0) : who;
}

static int on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	struct tach_pipeline *line = ctx;
	const struct thread thread = {rec->target, rec->tid, rec->host_tid,
				      rec->state & TACH_STATE_MAIN_THREAD};
	const struct tach_event event = {
		.ts_ns = rec->ts_ns,
		.who = who_of_stack(line, &thread, rec->stack_id),
		.node = tach_profile__leaf(line->profile, rec->stack_id),
		.state = rec->state,
		.weight = rec->weight,
	};

	line->samples++;
	return event.who == TACH_NO_ID ? -ENOMEM : tach_profile__add(line->profile, &event);
}

static int on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	struct tach_pipeline *line = ctx;

	if (line->opts.on_exec)
		line->opts.on_exec(line->opts.ctx, rec);
	return 0;
}

static int on_thread(void *ctx, const struct tach_rec_thread *rec)
{
	struct tach_pipeline *line = ctx;
	bool main_thread = rec->state & TACH_STATE_MAIN_THREAD;
	const struct thread thread = {rec->target, rec->tid, rec->host_tid, main_thread};
	const struct tach_thread_time time = {
		.who = who_of_thread(line, &thread),
		.tid = line->opts.host_tids ? rec->host_tid : rec->tid,
		.inner_tid = rec->tid,
		.main_thread = main_thread,
		.wall_ns = rec->end_ns - rec->begin_ns,
		.on_ns = rec->on_ns,
		.off_ns = rec->off_ns,
		.runnable_ns = rec->runnable_ns,
		.gil_wait_ns = rec->gil_wait_ns,
		.gil_on_ns = rec->gil_on_ns,
		.gil_off_ns = rec->gil_off_ns,
		.skipped = rec->skipped,
	};

	if (time.who == TACH_NO_ID)
		return -ENOMEM;
	tach_profile__describe(line->profile, time.who, rec->comm, main_thread);
	return tach_profile__add_thread(line->profile, &time);
}

static int on_call(void *ctx, const struct tach_rec_call *rec)
{
	struct tach_pipeline *line = ctx;
	const struct thread thread = {rec->target, rec->tid, rec->host_tid,
				      rec->state & TACH_STATE_MAIN_THREAD};
	const struct tach_wait wait = {
		.begin_ns = rec->begin_ns,
		.end_ns = rec->end_ns,
		.who = who_of_thread(line, &thread),
		.call = rec->call,
	};

	return wait.who == TACH_NO_ID ? -ENOMEM : tach_profile__add_wait(line->profile, &wait);
}

static int open_parts(struct tach_pipeline *line)
{
	line->frames = tach_frametab__new();
	if (!line->frames)
		return -ENOMEM;
	line->symbolizer = tach_symbolizer__new(line->frames, line->opts.remote);
	line->profile = tach_profile__new(line->frames);
	if (!line->symbolizer || !line->profile)
		return -ENOMEM;
	return line->opts.recording ? tach_profile__keep_events(line->profile, line->opts.events_fd,
								line->opts.recording)
				    : 0;
}

struct tach_pipeline *tach_pipeline__new(const struct tach_pipeline_opts *opts)
{
	struct tach_pipeline *line = calloc(1, sizeof(*line));
	int err;

	if (!line)
		return NULL;
	line->opts = *opts;
	err = open_parts(line);
	if (!err)
		return line;
	tach_pipeline__free(line);
	errno = -err;
	return NULL;
}

void tach_pipeline__free(struct tach_pipeline *line)
{
	if (!line)
		return;
	tach_source__free(line->source);
	tach_idmap__clear(&line->process_of);
	tach_idmap__clear(&line->interp_of);
	tach_idmap__clear(&line->who_of_tid);
	tach_profile__free(line->profile);
	tach_symbolizer__free(line->symbolizer);
	tach_frametab__free(line->frames);
	free(line);
}

int tach_pipeline__open(struct tach_pipeline *line, int ring_map_fd, int raw_fd)
{
	const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
		.on_thread = on_thread,
		.on_call = on_call,
		.ctx = line,
	};

	line->source = tach_source__open_ring(ring_map_fd, raw_fd, &handlers);
	return line->source ? 0 : -errno;
}

int tach_pipeline__inject(struct tach_pipeline *line, const void *rec, size_t sz)
{
	return tach_source__inject(line->source, rec, sz);
}

int tach_pipeline__fd(const struct tach_pipeline *line)
{
	return tach_source__fd(line->source);
}

int tach_pipeline__consume(struct tach_pipeline *line)
{
	int err = tach_source__consume(line->source);

	return err < 0 ? err : 0;
}

struct tach_profile *tach_pipeline__profile(struct tach_pipeline *line)
{
	return line->profile;
}

struct tach_pipeline_stats tach_pipeline__stats(const struct tach_pipeline *line)
{
	return (struct tach_pipeline_stats){
		.samples = line->samples,
		.read = tach_source__stats(line->source),
		.symbols = tach_symbolizer__stats(line->symbolizer),
	};
}
