// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "peek/peek.h"
#include "util/idmap.h"
#include "util/log.h"

/* A stack that was read while its thread was off the CPU. */
struct block {
	__u64 out_ns; /* of the block it belongs to */
	__u64 stack_id;
	__u32 state;
};

/* 0 if it has not happened. */
static __u64 since(const struct tach_thread_row *row, __u64 ns)
{
	return ns && row->now_ns > ns ? row->now_ns - ns : 0;
}

static __u64 block_ns(const struct tach_thread_row *row)
{
	return since(row, row->thread.out_ns);
}

/* A sample is due in a block, but its stack is not known. */
static bool is_unknown(const struct tach_thread_row *row)
{
	return row->thread.out_ns && !row->thread.fresh && block_ns(row) >= row->thread.left_ns;
}

/* The threads, and the stacks of those that were off the CPU all the time they were read in. */
struct survey {
	struct tach_peek *peek;
	struct tach_thread_row *rows; /* [cnt] as they are behind the reading */
	struct block *blocks;	      /* [block_cnt] */
	struct tach_idmap block_of;   /* pid of a thread -> index */
	int cnt, block_cnt;
	__s64 target; /* whose threads can be read, -1 none */
	int target_err;
};

static void free_survey(struct survey *survey)
{
	tach_idmap__clear(&survey->block_of);
	free(survey->blocks);
	free(survey->rows);
	tach_peek__free(survey->peek);
}

/* Whether the thread still is in the block that it was in when the sampling began, and that was read then. */
static bool recall_block(const struct tach_loader *loader, const struct tach_thread_row *row,
			 struct block *block)
{
	struct tach_peeked_ent peeked;

	if (tach_loader__peeked(loader, row->pid, &peeked) || peeked.out_ns != row->thread.out_ns)
		return false;
	block->stack_id = peeked.stack_id;
	block->state = peeked.state;
	return true;
}

/* Get ready to read threads of the target that @row is of. */
static int begin_target(struct survey *survey, const struct tach_loader *loader,
			const struct tach_thread_row *row)
{
	struct tach_layout layout;
	__u32 image;
	int err;

	if (survey->target == row->thread.target)
		return survey->target_err;
	survey->target = row->thread.target;
	err = tach_loader__layout(loader, row->thread.target, &image, &layout);
	if (!err)
		err = tach_peek__begin(survey->peek, row->thread.target, image, &layout);
	survey->target_err = err;
	return err;
}

/* Find the stacks that are not known, of @all threads off the CPU or those that need one now. */
static int read_blocks(struct survey *survey, const struct tach_loader *loader, bool all)
{
	for (int i = 0; i < survey->cnt; i++) {
		const struct tach_thread_row *row = &survey->rows[i];
		struct block *block = &survey->blocks[survey->block_cnt];
		int err = 0;

		if (all ? !row->thread.out_ns : !is_unknown(row))
			continue;
		if (all || !recall_block(loader, row, block)) {
			err = begin_target(survey, loader, row);
			if (!err)
				err = tach_peek__stack(survey->peek, row->tid, &block->stack_id,
						       &block->state);
		}
		if (err == -ENOMEM)
			return err;
		if (err) /* no interpreter yet, or no stack */
			continue;
		block->out_ns = row->thread.out_ns;
		err = tach_idmap__put(&survey->block_of, row->pid, survey->block_cnt++);
		if (err)
			return err;
	}
	return 0;
}

/* Of the thread in @row, if it has not run since it was read. */
static const struct block *find_block(const struct survey *survey,
				      const struct tach_thread_row *row)
{
	__u32 idx = tach_idmap__get(&survey->block_of, row->pid);

	if (idx == TACH_IDMAP_NONE || survey->blocks[idx].out_ns != row->thread.out_ns)
		return NULL;
	return &survey->blocks[idx];
}

/* Samples due since the last ones were counted. */
static __u32 weight_of(const struct tach_thread_row *row, __u64 period_ns)
{
	__u64 ns = since(row, row->thread.at_ns), left_ns = row->thread.left_ns;

	return ns < left_ns || !ns ? 0 : 1 + (ns - left_ns) / period_ns;
}

static int add(struct tach_pipeline *line, const struct tach_thread_row *row, __u64 stack_id,
	       __u32 state, __u32 weight, struct tach_settled *settled)
{
	const struct tach_rec_sample rec = {
		.hdr = {.type = TACH_REC_SAMPLE, .len = sizeof(rec)},
		.ts_ns = row->now_ns,
		.stack_id = stack_id,
		.target = row->thread.target,
		.tid = row->tid,
		.host_tid = row->host_tid,
		.state = state | (row->main_thread ? TACH_STATE_MAIN_THREAD : 0),
		.weight = weight,
	};

	/* Without any stack it is a thread that has nothing to do with Python. */
	if (!weight || !stack_id)
		return 0;
	settled->records++;
	settled->samples += weight;
	if (state & TACH_STATE_REUSED)
		settled->reused += weight;
	return tach_pipeline__inject(line, &rec, sizeof(rec));
}

/* Whether the block is of a state that counts. */
static bool is_asked_for(const struct tach_thread *t, const struct block *block, __u32 filter)
{
	__u32 state = t->state;

	if (t->known)
		state = t->block_state;
	else if (block && !t->fresh)
		state = block->state;
	return !filter || state & filter;
}

/* The samples that are due: of the block that has not ended, and of time on a CPU that no tick came to take. */
static int charge(struct tach_pipeline *line, const struct tach_thread_row *row,
		  const struct block *block, const struct tach_ledger_opts *opts,
		  struct tach_settled *settled)
{
	const struct tach_thread *t = &row->thread;
	__u32 weight = weight_of(row, opts->period_ns), pending = t->pending;
	int err = 0;

	if ((t->bare && !block) || !is_asked_for(t, block, opts->filter))
		return 0;
	if (t->out_ns && t->fresh)
		err = add(line, row, t->stack_id, t->state, weight, settled);
	else if (t->out_ns && block)
		err = add(line, row, block->stack_id, block->state, weight, settled);
	else
		pending += weight;
	if (err || opts->filter) /* in which state the others were is not known */
		return err;
	return add(line, row, t->stack_id, t->state | TACH_STATE_REUSED, pending, settled);
}

/* Say where the thread's time went. */
static int close_ledger(struct tach_pipeline *line, const struct tach_thread_row *row,
			const struct block *block)
{
	const struct tach_thread *t = &row->thread;
	struct tach_rec_thread rec = {
		.hdr = {.type = TACH_REC_THREAD, .len = sizeof(rec)},
		.begin_ns = t->begin_ns,
		.end_ns = row->now_ns,
		.on_ns = t->on_ns + since(row, t->in_ns),
		.off_ns = t->off_ns + block_ns(row),
		.runnable_ns = t->runnable_ns,
		.gil_wait_ns = t->gil_wait_ns,
		.gil_on_ns = t->gil_on_ns,
		.gil_off_ns = t->gil_off_ns,
		.target = t->target,
		.tid = row->tid,
		.host_tid = row->host_tid,
		.state = row->main_thread ? TACH_STATE_MAIN_THREAD : 0,
	};

	if (t->out_ns) {
		__u64 runnable_ns = since(row, t->wake_ns);

		rec.runnable_ns += runnable_ns;
		if (t->known && t->block_state & TACH_STATE_HAS_GIL)
			rec.gil_off_ns += block_ns(row);
		else if (t->known && t->block_state & TACH_STATE_GIL_REQUESTED)
			rec.gil_wait_ns += block_ns(row) - runnable_ns;
	}
	if (!t->tid && !block)
		return 0;
	return tach_pipeline__inject(line, &rec, sizeof(rec));
}

static int inject(void *ctx, const void *rec, size_t sz)
{
	return tach_pipeline__inject(ctx, rec, sz);
}

static int take_survey(struct tach_loader *loader, struct tach_pipeline *line,
		       const struct tach_remote *remote, bool all, struct survey *survey)
{
	int err;

	*survey = (struct survey){.peek = tach_peek__new(remote, inject, line), .target = -1};
	if (!survey->peek)
		return -ENOMEM;
	survey->cnt = tach_loader__threads(loader, &survey->rows);
	if (survey->cnt < 0)
		return survey->cnt;
	survey->blocks = calloc(survey->cnt + 1, sizeof(*survey->blocks));
	if (!survey->blocks)
		return -ENOMEM;
	err = read_blocks(survey, loader, all);
	free(survey->rows);
	survey->rows = NULL;
	if (!err)
		survey->cnt = tach_loader__threads(loader, &survey->rows);
	return err ?: survey->cnt < 0 ? survey->cnt : 0;
}

static int say(int err)
{
	return err ? tach_error(err, "cannot read the threads' ledgers: %s", strerror(-err)) : 0;
}

int tach_ledger__open(struct tach_loader *loader, struct tach_pipeline *line,
		      const struct tach_remote *remote)
{
	struct survey survey;
	int err = take_survey(loader, line, remote, true, &survey);

	for (int i = 0; !err && i < survey.cnt; i++) {
		const struct tach_thread_row *row = &survey.rows[i];
		const struct block *block = find_block(&survey, row);
		struct tach_peeked_ent peeked = {
			.out_ns = row->thread.out_ns,
			.tid = row->tid,
			.host_tid = row->host_tid,
		};

		if (!block)
			continue;
		peeked.stack_id = block->stack_id;
		peeked.state = block->state | (row->main_thread ? TACH_STATE_MAIN_THREAD : 0);
		err = tach_loader__set_peeked(loader, row->pid, &peeked);
	}
	free_survey(&survey);
	return say(err);
}

int tach_ledger__settle(struct tach_loader *loader, struct tach_pipeline *line,
			const struct tach_remote *remote, const struct tach_ledger_opts *opts,
			struct tach_settled *settled)
{
	struct survey survey;
	int err = take_survey(loader, line, remote, false, &survey);

	*settled = (struct tach_settled){0};
	for (int i = 0; !err && i < survey.cnt; i++) {
		struct tach_thread_row *row = &survey.rows[i];
		const struct block *block = find_block(&survey, row);

		if (row->now_ns > opts->end_ns)
			row->now_ns = opts->end_ns;
		err = charge(line, row, block, opts, settled);
		if (!err)
			err = close_ledger(line, row, block);
	}
	free_survey(&survey);
	return say(err);
}
