/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LEDGER_BPF_H
#define TACH_LEDGER_BPF_H

/* Wall-clock time of a thread, counted instead of sampled.
 *
 * Each period of it has one sample, at a random point: exact in sum, short stretches count in proportion, and no
 * rhythm of the program's own can keep out of the samples' way. The points that lie in one stretch leave as one
 * record with their number as its weight.
 *
 * On a CPU it is a timer tick that reads the stack, and takes the points since the last tick along: a tick that is
 * late or missing, as they are on virtual machines, shifts a sample, but makes none.
 *
 * Off the CPU the stack of a thread does not change: one read per block is enough, and most blocks are too
 * short to need one. When a block begins its stack is read if the next point is probably in it: it is nearer
 * than TACH_DUE_MEANS mean blocks of this thread. Where that was wrong the thread itself reads it, in a task work
 * on its way back to user mode, before anything has moved. Kernels that cannot do that (before 6.18) read
 * every time.
 *
 * Where only some states count, the state of a thread is read each time that it leaves: no other thread can change
 * it. Points in other states are passed over. */

/* Whether a task work can be scheduled. */
const volatile bool tach_has_task_work = false;

#define TACH_DUE_MEANS 4

/* A block counts in the mean for at most this many means: a few long ones, as where others want the CPU, must not
 * hide the many short ones. */
#define TACH_MEAN_MAX 4

/* Send what has become due in a block that had the stack @stack_id. */
__noinline int tach_settle(struct tach_thread *t, __u64 stack_id, __u32 state, __u32 weight)
{
	if (!t)
		return 0;
	if (tach_emit_sample(t->target, t->tid, t->host_tid, state, stack_id, weight)) {
		TACH_ADD(OFF_LOST, weight);
		return 0;
	}
	TACH_COUNT(OFF_RECORDS);
	TACH_ADD(OFF_SAMPLES, weight);
	return 0;
}

/* It has no stack, and nothing is wrong with that. */
static __always_inline bool tach_is_bare(int status)
{
	return status == TACH_ST_NO_PYTHON || status == TACH_ST_NO_FRAMES ||
	       status == TACH_ST_NOT_STARTED || status == TACH_ST_NO_LAYOUT;
}

/* Reading the stack of @t, which runs on its way out or on its way back, has ended like this: is it there? */
static __always_inline bool tach_keep_stack(struct tach_thread *t, const struct tach_scratch *s,
					    int status)
{
	t->bare = tach_is_bare(status);
	if (status != TACH_ST_SAMPLED)
		return false;
	t->tid = s->tid;
	t->host_tid = s->host_tid;
	t->image = s->image;
	t->stack_id = s->stack.stack_id;
	t->state = s->state;
	return true;
}

/* Not due, or nobody knows: of that thread it was never seen what it does. */
static __always_inline void tach_skip(struct tach_thread *t, __u32 weight)
{
	t->skipped += weight;
	if (!t->bare)
		TACH_ADD(UNSEEN, weight);
}

/* Send what has become due where no stack could be read: an earlier one has to do. */
__noinline int tach_settle_reused(struct tach_thread *t, __u32 weight)
{
	if (!t)
		return 0;
	if (t->bare || (!t->stack_id && !t->tid)) {
		tach_skip(t, weight);
		return 0;
	}
	if (!t->stack_id) {
		TACH_ADD(OFF_FAILED, weight);
		return 0;
	}
	TACH_ADD(OFF_REUSED, weight);
	return tach_settle(t, t->stack_id, t->state | TACH_STATE_REUSED, weight);
}

/* A thread ends, and no tick will take what it has on a CPU; where only some states count, nobody knows in which it
 * was. */
static __always_inline void tach_settle_last(struct tach_thread *t)
{
	if (!t->pending)
		return;
	if (tach_filter)
		tach_skip(t, t->pending);
	else
		tach_settle_reused(t, t->pending);
}

/* Whether the block of @t, the thread of @task, is of a state that counts, so far as that is known: else it is seen
 * when its stack is read. Of a thread that is on its way out there is nothing to see any more. */
static __always_inline bool tach_block_counts(const struct tach_thread *t,
					      const struct task_struct *task)
{
	if (task->flags & PF_EXITING)
		return false;
	return tach_is_asked_for(t->known ? t->block_state : t->fresh ? t->state : tach_filter);
}

/* Look at the state in which @task leaves, or has left. Returns as tach_look(). */
static __always_inline int tach_look_at_block(struct tach_thread *t, struct tach_scratch *s,
					      struct task_struct *task)
{
	int status = tach_look(s, task, t->target);

	t->holder = 0;
	if (status == TACH_ST_SAMPLED && (!tach_filter || tach_filter & TACH_STATE_HAS_GIL)) {
		struct tach_target_ent *target = bpf_map_lookup_elem(&tach_targets, &s->target);

		if (target)
			tach_look_for_gil_wait(t, s, &target->layout, task);
	}
	t->known = status == TACH_ST_SAMPLED || tach_is_bare(status);
	t->block_state = status == TACH_ST_SAMPLED ? s->state : 0;
	if (status == TACH_ST_SAMPLED) {
		t->tid = s->tid;
		t->host_tid = s->host_tid;
	}
	return status;
}

/* --- task work --- */

struct tach_work {
	struct bpf_task_work work;
	__u32 weight;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32); /* tid, root namespace */
	__type(value, struct tach_work);
} tach_works SEC(".maps");

typedef int (*tach_work_fn)(struct bpf_map *map, void *key, void *value);

/* What a kernel may lack or have of another type is declared only in an object of its own: libbpf refuses the
 * one, and needs CAP_SYS_ADMIN to be sure of the other. Until 6.19 the function had another name, which from 7.0 on
 * is one of another type. Source: Linux v6.18 and v7.0 kernel/bpf/helpers.c. */
#ifdef TACH_KERNEL
#if TACH_KERNEL < 700
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work,
					      void *map, tach_work_fn fn, void *aux) __ksym;
#define tach_schedule_resume(task, work, map, fn)                                                  \
	bpf_task_work_schedule_resume_impl(task, work, map, fn, NULL)
#else
extern int bpf_task_work_schedule_resume(struct task_struct *task, struct bpf_task_work *work,
					 void *map, tach_work_fn fn) __ksym;
#define tach_schedule_resume bpf_task_work_schedule_resume
#endif
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

/* A callback can be interrupted by ticks, so it has a work area of its own; another callback must not come
 * in between. */
static __always_inline struct tach_scratch *tach_callback_scratch(void)
{
	__u32 idx = tach_cpu_cnt + bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&tach_scratches, &idx);
}

static int tach_on_resume(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tach_work *work = value;
	struct tach_scratch *s;
	struct tach_thread *t;
	__u32 weight;
	int status;

	t = bpf_task_storage_get(&tach_threads, task, NULL, 0);
	weight = __sync_lock_test_and_set(&work->weight, 0);
	if (!t || !weight)
		return 0;
	bpf_preempt_disable();
	s = tach_callback_scratch();
	status = s ? tach_look_at_block(t, s, task) : TACH_ST_NO_SCRATCH;
	if (s && status == TACH_ST_SAMPLED)
		status = tach_read_stack(s, t->target);
	if (s && tach_keep_stack(t, s, status)) {
		TACH_COUNT(OFF_WORKS);
		tach_note_gil_wait(t, t->deferred_ns);
		tach_settle(t, t->stack_id, t->state, weight);
	} else if (status != TACH_ST_OTHER_STATE) {
		tach_settle_reused(t, weight);
	} else {
		t->skipped += weight;
	}
	t->deferred_ns = 0;
	bpf_preempt_enable();
	return 0;
}

/* Let @task read its stack itself, and send @weight then. */
static __always_inline bool tach_defer(struct task_struct *task, __u32 weight)
{
	__u32 tid = task->pid;
	struct tach_work *work = bpf_map_lookup_elem(&tach_works, &tid);

	if (!work) {
		struct tach_work none = {};

		bpf_map_update_elem(&tach_works, &tid, &none, BPF_NOEXIST);
		work = bpf_map_lookup_elem(&tach_works, &tid);
		if (!work)
			return false;
	}
	if (__sync_fetch_and_add(&work->weight, weight))
		return true; /* it is on its way, and takes this along */
	if (!tach_schedule_resume(task, &work->work, &tach_works, tach_on_resume))
		return true;
	__sync_lock_test_and_set(&work->weight, 0);
	return false;
}

/* @task ends: make room, and send what its work would have sent. */
static __always_inline void tach_forget_work(struct tach_thread *t, struct task_struct *task)
{
	__u32 tid = task->pid;
	struct tach_work *work = bpf_map_lookup_elem(&tach_works, &tid);

	if (!work)
		return;
	t->pending += __sync_lock_test_and_set(&work->weight, 0);
	bpf_map_delete_elem(&tach_works, &tid);
}
#else
static __always_inline void tach_forget_work(struct tach_thread *t, struct task_struct *task)
{
}

static __always_inline bool tach_defer(struct task_struct *task, __u32 weight)
{
	return false;
}
#endif

/* --- blocks --- */

/* Whether the stack of the block that begins now is to be read: it will probably bring the next sample, or it may
 * be over before anybody sees that. */
static __always_inline bool tach_is_due(const struct tach_thread *t)
{
	return !t->mean_ns || !tach_has_task_work || t->unseen ||
	       t->left_ns < TACH_DUE_MEANS * t->mean_ns;
}

static __always_inline void tach_add_to_mean(struct tach_thread *t, __u64 block_ns)
{
	if (t->mean_ns && block_ns > TACH_MEAN_MAX * t->mean_ns)
		block_ns = TACH_MEAN_MAX * t->mean_ns;
	t->mean_ns = t->mean_ns ? t->mean_ns - t->mean_ns / 8 + block_ns / 8 : block_ns;
}

/* If user space has read the stack of the block that began at @out_ns. */
static __always_inline void tach_use_peeked(struct tach_thread *t, struct task_struct *task,
					    __u64 out_ns)
{
	__u32 pid = task->pid;
	struct tach_peeked_ent *peeked;

	if (out_ns != t->begin_ns)
		return;
	peeked = bpf_map_lookup_elem(&tach_peeked, &pid);
	if (!peeked || peeked->out_ns != out_ns)
		return;
	t->stack_id = peeked->stack_id;
	t->state = peeked->state;
	t->tid = peeked->tid;
	t->host_tid = peeked->host_tid;
	t->fresh = 1;
}

/* What a block, of which the last @runnable_ns were a wait for a CPU, was in terms of the GIL. */
static __always_inline void tach_add_gil_time(struct tach_thread *t, __u64 block_ns,
					      __u64 runnable_ns)
{
	if (t->block_state & TACH_STATE_HAS_GIL)
		t->gil_off_ns += block_ns;
	else if (t->block_state & TACH_STATE_GIL_REQUESTED && block_ns > runnable_ns)
		tach_end_gil_wait(t, block_ns - runnable_ns);
}

/* The thread is back at @now from where it went at t->out_ns; @here: and its stack is still that of the block. */
static __always_inline void tach_end_block(struct tach_thread *t, struct task_struct *task,
					   __u64 now, bool here)
{
	/* A ledger that is begun while its thread comes in on another CPU begins a moment late. */
	__u64 block_ns = now > t->out_ns ? now - t->out_ns : 0;
	__u64 out_ns = t->out_ns, runnable_ns = 0, asleep_ns;
	__u32 weight;

	t->out_ns = 0;
	t->off_ns += block_ns;
	if (t->wake_ns && now > t->wake_ns)
		runnable_ns = now - t->wake_ns;
	t->runnable_ns += runnable_ns;
	if (tach_filter & TACH_STATE_HAS_GIL && t->known)
		tach_add_gil_time(t, block_ns, runnable_ns);
	weight = tach_pass_points(t, now);
	asleep_ns = weight && !tach_filter ? tach_time_asleep(weight, block_ns, runnable_ns) : 0;
	tach_add_to_mean(t, block_ns);
	if (!weight)
		return;
	if (!t->fresh)
		tach_use_peeked(t, task, out_ns);
	if (!tach_block_counts(t, task)) {
		t->skipped += weight;
	} else if (t->fresh) {
		tach_note_gil_wait(t, asleep_ns);
		tach_settle(t, t->stack_id, t->state, weight);
	} else if (here && tach_has_task_work && tach_defer(task, weight)) {
		t->deferred_ns += asleep_ns;
	} else {
		tach_settle_reused(t, weight);
	}
}

/* A block begins: read what has to be read of it. */
static __always_inline void tach_begin_block(struct tach_thread *t, struct task_struct *task)
{
	struct tach_scratch *s;
	int status;

	t->fresh = 0;
	t->known = 0;
	if (!tach_filter && !tach_is_due(t))
		return;
	s = tach_own_scratch();
	if (!s)
		return;
	status = tach_look_at_block(t, s, task);
	if (!tach_block_counts(t, task) || !tach_is_due(t))
		return;
	if (status == TACH_ST_SAMPLED)
		status = tach_read_stack(s, t->target);
	t->fresh = tach_keep_stack(t, s, status);
	if (t->fresh)
		TACH_COUNT(OFF_READS);
}

#endif
