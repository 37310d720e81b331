/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SWITCH_BPF_H
#define TACH_SWITCH_BPF_H

/* When does a thread leave its CPU, and when is it back?
 *
 * A kernel can keep switches to itself: then a thread comes or leaves unseen, and only the scheduler's own clock
 * of it tells. What is not known of such a moment is assumed: it runs as soon as it can, and in one go. */

/* For how long @task ran since that was asked last. */
static __always_inline __u64 tach_ran_ns(struct tach_thread *t, struct task_struct *task)
{
	__u64 ran_ns = task->se.sum_exec_runtime - t->ran_ns;

	t->ran_ns += ran_ns;
	return ran_ns;
}

/* Blocks: a thread that does not come or leave unseen in so many will not do it in the next one. */
#define TACH_UNSEEN_BLOCKS 64

/* The first time it was the ledger that began in the middle of a switch. */
static __always_inline void tach_note_unseen(struct tach_thread *t)
{
	if (!t->begun)
		return;
	TACH_COUNT(SWITCHES_UNSEEN);
	t->unseen = TACH_UNSEEN_BLOCKS;
}

static __always_inline void tach_add_unseen_return(struct tach_thread *t, struct task_struct *task)
{
	tach_note_unseen(t);
	t->in_ns = t->wake_ns ?: t->out_ns;
	tach_end_block(t, task, t->in_ns, false);
}

/* It left its CPU unseen, after @ran_ns there. */
static __always_inline void tach_add_unseen_leave(struct tach_thread *t, __u64 ran_ns, __u64 now)
{
	if (ran_ns > now - t->in_ns)
		ran_ns = now - t->in_ns;
	tach_note_unseen(t);
	t->on_ns += ran_ns;
	t->out_ns = t->in_ns + ran_ns;
	t->in_ns = 0;
	t->wake_ns = 0;
	t->in_call = 0;
	t->pending += tach_pass_points(t, t->out_ns);
	t->fresh = 0;
	t->known = 0;
}

/* @task, which does not run just before @now: make up for what was not seen of it. */
static __always_inline void tach_catch_up(struct tach_thread *t, struct task_struct *task,
					  __u64 now)
{
	__u64 ran_ns = tach_ran_ns(t, task);

	if (t->out_ns && ran_ns)
		tach_add_unseen_return(t, task);
	if (t->in_ns)
		tach_add_unseen_leave(t, ran_ns, now);
}

/* A tick on @task at @now: how many samples it stands for. */
static __always_inline __u32 tach_take_points(struct tach_thread *t, struct task_struct *task,
					      __u64 now)
{
	__u32 weight;

	if (t->out_ns)
		tach_add_unseen_return(t, task);
	weight = t->pending + tach_pass_points(t, now);
	t->pending = 0;
	return weight;
}

static __always_inline void tach_leave(struct task_struct *task, bool runnable, __u64 now)
{
	struct tach_thread *t = bpf_task_storage_get(&tach_threads, task, NULL, 0);
	__u64 ran_ns;

	if (!t || t->closed)
		return;
	ran_ns = tach_ran_ns(t, task);
	if (t->out_ns) { /* it came unseen */
		tach_note_unseen(t);
		t->in_ns = now - ran_ns;
		tach_end_block(t, task, t->in_ns, false);
	}
	t->on_ns += now - t->in_ns;
	t->in_ns = 0;
	t->pending += tach_pass_points(t, now);
	t->wake_ns = runnable ? now : 0;
	tach_begin_block(t, task);
	t->in_call = 0;
	if (tach_network && !runnable)
		tach_begin_call(t, task, true);
	if (t->unseen)
		t->unseen--;
	t->out_ns = now;
	t->begun = 1;
}

static __always_inline void tach_enter(struct task_struct *task, __u64 now)
{
	struct tach_thread *t = bpf_task_storage_get(&tach_threads, task, NULL, 0);

	if (!t || t->closed)
		return;
	tach_catch_up(t, task, now);
	if (t->out_ns)
		tach_end_block(t, task, now, true);
	t->in_ns = now;
	t->begun = 1;
}

/* It may come back unseen: let it read its stack then, if nobody has. */
static __always_inline void tach_settle_early(struct tach_thread *t, struct task_struct *task,
					      __u64 now)
{
	__u32 weight;

	if (t->fresh || !tach_has_task_work || !tach_block_counts(t, task))
		return;
	weight = tach_pass_points(t, now);
	if (!weight)
		return;
	if (tach_defer(task, weight))
		t->deferred_ns += weight * tach_period_ns;
	else
		tach_settle_reused(t, weight);
}

/* @task can run from @now on. */
static __always_inline void tach_wake(struct task_struct *task, __u64 now)
{
	struct tach_thread *t = bpf_task_storage_get(&tach_threads, task, NULL, 0);

	if (!t || t->closed || task->on_cpu) /* else it never slept */
		return;
	tach_catch_up(t, task, now);
	if (t->unseen)
		tach_settle_early(t, task, now);
	if (t->wake_ns)
		return;
	t->wake_ns = now;
	if (tach_network)
		tach_end_call(t, task, now);
}

#endif
