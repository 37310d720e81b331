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
				err = tach_peek__stack(survey->peek, row->tid, row->futex, 0,
						       &block->stack_id, &block->state);
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

	if (!weight)
		return 0;
	settled->records++;
	settled->samples += weight;
	if (state & TACH_STATE_REUSED)
		settled->reused += weight;
	return tach_pipeline__inject(line, &rec, sizeof(rec));
}

/* What is known of the block that a thread is in. */
struct present {
	__u64 stack_id; /* 0: not known, or there is none */
	__u32 state;
	bool known; /* state is */
};

static struct present look_at(const struct tach_thread *t, const struct block *block)
{
	struct present now = {0};

	if (t->out_ns && t->fresh)
		now = (struct present){.stack_id = t->stack_id, .state = t->state, .known = true};
	else if (t->out_ns && block)
		now = (struct present){block->stack_id, block->state, true};
	if (t->out_ns && t->known) {
		now.state = t->block_state;
		now.known = true;
	}
	return now;
}

/* The samples that are due: of the block that has not ended, and of time on a CPU that no tick came to take.
 * Returns how many were not due, or a negative errno. */
static __s64 charge(struct tach_pipeline *line, const struct tach_thread_row *row,
		    const struct present *now, const struct tach_ledger_opts *opts,
		    struct tach_settled *settled)
{
	const struct tach_thread *t = &row->thread;
	__u32 weight = weight_of(row, opts->period_ns), pending = t->pending;
	__u32 skipped = 0;
	int err = 0;

	if (now->known && opts->filter && !(now->state & opts->filter)) {
		skipped = weight;
	} else if (now->stack_id) {
		err = add(line, row, now->stack_id, now->state, weight, settled);
	} else {
		pending += weight;
	}
	if (err)
		return err;
	if (!opts->filter && t->stack_id && !t->bare) {
		err = add(line, row, t->stack_id, t->state | TACH_STATE_REUSED, pending, settled);
		pending = 0;
	}
	if (!t->bare) /* else it has nothing to do with Python */
		settled->unseen += pending;
	return err ? err : (__s64)skipped + pending;
}

/* The block that has not ended, in terms of the GIL. */
static void add_gil_time(struct tach_rec_thread *rec, const struct tach_thread_row *row,
			 const struct present *now, const struct tach_ledger_opts *opts)
{
	__u64 ns = block_ns(row);

	if (opts->filter & now->state & TACH_STATE_HAS_GIL)
		rec->gil_off_ns += ns;
	if (!(now->state & TACH_STATE_GIL_REQUESTED))
		return;
	if (opts->filter & TACH_STATE_HAS_GIL)
		rec->gil_wait_ns += ns - since(row, row->thread.wake_ns);
	else if (!opts->filter) /* known by samples */
		rec->gil_wait_ns += weight_of(row, opts->period_ns) * opts->period_ns;
}

/* Say where the thread's time went. */
static int close_ledger(struct tach_pipeline *line, const struct tach_thread_row *row,
			const struct present *now, __u64 skipped,
			const struct tach_ledger_opts *opts)
{
	const struct tach_thread *t = &row->thread;
	struct tach_rec_thread rec = {
		.hdr = {.type = TACH_REC_THREAD, .len = sizeof(rec)},
		.begin_ns = t->begin_ns,
		.end_ns = row->now_ns,
		.on_ns = t->on_ns + since(row, t->in_ns),
		.off_ns = t->off_ns + block_ns(row),
		.runnable_ns = t->runnable_ns + (t->out_ns ? since(row, t->wake_ns) : 0),
		.gil_wait_ns = t->gil_wait_ns,
		.gil_on_ns = t->gil_on_ns,
		.gil_off_ns = t->gil_off_ns,
		.skipped = t->skipped + skipped,
		.target = t->target,
		.tid = row->tid,
		.host_tid = row->host_tid,
		.state = row->main_thread ? TACH_STATE_MAIN_THREAD : 0,
	};

	if (!t->tid && !now->stack_id)
		return 0;
	add_gil_time(&rec, row, now, opts);
	return tach_pipeline__inject(line, &rec, sizeof(rec));
}

static int inject(void *ctx, const void *rec, size_t sz)
{
	return tach_pipeline__inject(ctx, rec, sz);
}

/* At the beginning, or the end, of the sampling. */
static int take_survey(struct tach_loader *loader, struct tach_pipeline *line,
		       const struct tach_remote *remote, bool at_end, struct survey *survey)
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
	err = read_blocks(survey, loader, !at_end);
	free(survey->rows);
	survey->rows = NULL;
	if (at_end)
		tach_loader__close_ledgers(loader);
	if (!err)
		survey->cnt = tach_loader__threads(loader, &survey->rows);
	return err ?: survey->cnt < 0 ? survey->cnt : 0;
}

/* Until when the thread's ledger goes: a sleeper's to the end of the sampling; what others have had counted since
 * then is theirs. */
static __u64 end_of(const struct tach_thread_row *row, __u64 end_ns)
{
	const struct tach_thread *t = &row->thread;
	__u64 last_ns = t->at_ns;

	if (t->in_ns > last_ns)
		last_ns = t->in_ns;
	if (t->out_ns > last_ns)
		last_ns = t->out_ns;
	if (last_ns < end_ns)
		last_ns = end_ns;
	return row->now_ns < last_ns ? row->now_ns : last_ns;
}

static int say(int err)
{
	return err ? tach_error(err, "cannot read the threads' ledgers: %s", strerror(-err)) : 0;
}

int tach_ledger__open(struct tach_loader *loader, struct tach_pipeline *line,
		      const struct tach_remote *remote)
{
	struct survey survey;
	int err = take_survey(loader, line, remote, false, &survey);

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

int tach_ledger__foresee(struct tach_loader *loader, const struct tach_ledger_opts *opts,
			 __u64 *samples)
{
	struct tach_thread_row *rows;
	int cnt = tach_loader__threads(loader, &rows);

	*samples = 0;
	if (cnt < 0)
		return say(cnt);
	for (int i = 0; i < cnt; i++) {
		struct block block;
		bool known = recall_block(loader, &rows[i], &block);
		struct present now = look_at(&rows[i].thread, known ? &block : NULL);

		if (!rows[i].thread.out_ns || rows[i].thread.bare)
			continue;
		if (opts->filter ? now.state & opts->filter : known || rows[i].thread.tid)
			*samples += weight_of(&rows[i], opts->period_ns);
	}
	free(rows);
	return 0;
}

int tach_ledger__settle(struct tach_loader *loader, struct tach_pipeline *line,
			const struct tach_remote *remote, const struct tach_ledger_opts *opts,
			struct tach_settled *settled)
{
	struct survey survey;
	int err = take_survey(loader, line, remote, true, &survey);

	*settled = (struct tach_settled){0};
	for (int i = 0; !err && i < survey.cnt; i++) {
		struct tach_thread_row *row = &survey.rows[i];

		const struct present now = look_at(&row->thread, find_block(&survey, row));
		__s64 skipped;

		row->now_ns = end_of(row, opts->end_ns);
		skipped = charge(line, row, &now, opts, settled);
		err = skipped < 0 ? skipped : close_ledger(line, row, &now, skipped, opts);
	}
	free_survey(&survey);
	return say(err);
}
