/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SAMPLE_BPF_H
#define TACH_SAMPLE_BPF_H

/* A thread of a target -> its stack, and the records that count it. */

/* Else only the thread-group leader is sampled. */
const volatile bool tach_all_threads = false;

/* Bits of enum tach_sample_state: only time in which a thread has one of them counts. 0: all does. */
const volatile __u32 tach_filter = 0;

/* Whether exceptions are looked for although they are not what counts. */
const volatile bool tach_exceptions = false;

static __always_inline bool tach_is_asked_for(__u32 state)
{
	return !tach_filter || state & tach_filter;
}

/* The work area of this CPU for what cannot be interrupted by a tick: ticks, and the scheduler. */
static __always_inline struct tach_scratch *tach_own_scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&tach_scratches, &cpu);
}

/* How many levels its pid namespace is below that of user space. */
static __always_inline __u32 tach_depth(__u32 idx)
{
	struct tach_target_ent *target = bpf_map_lookup_elem(&tach_targets, &idx);

	return target ? target->depth : 0;
}

/* Which thread of which program is it: s->target, image, tid, host_tid. Returns TACH_ST_SAMPLED, or the
 * status that says why there is nothing to read. */
static __always_inline int tach_identify(struct tach_scratch *s, struct task_struct *task,
					 __u32 idx, struct tach_target_ent *target,
					 struct tach_image_ent *image)
{
	if (task->flags & PF_EXITING)
		return TACH_ST_EXITING;
	if (!target->ready || target->image != image->number)
		return TACH_ST_NO_LAYOUT;
	if (!image->mm)
		image->mm = (__u64)tach_readonly(task)->mm;
	/* In the middle of an exec: the memory is a new one, but who replaces it has not been told. */
	if (image->mm != (__u64)tach_readonly(task)->mm)
		return TACH_ST_NO_LAYOUT;
	s->target = idx;
	s->image = image->number;
	s->tid = tach_tid(task, 0);
	if (!s->tid)
		return TACH_ST_EXITING;
	s->host_tid = target->depth ? tach_tid(task, target->depth) : s->tid;
	return TACH_ST_SAMPLED;
}

/* Look at the thread state of @task, which runs now and belongs to target @idx, with work area @s: s->state
 * and who it is. Returns where that ends, TACH_ST_SAMPLED if it is there. */
static __always_inline int tach_look(struct tach_scratch *s, struct task_struct *task, __u32 idx)
{
	bool main_thread = task->pid == task->tgid;
	struct tach_target_ent *target = bpf_map_lookup_elem(&tach_targets, &idx);
	struct tach_image_ent *image = bpf_map_lookup_elem(&tach_images, &idx);
	int status;

	if (!target || !image)
		return TACH_ST_NO_SCRATCH;
	status = tach_identify(s, task, idx, target, image);
	if (status != TACH_ST_SAMPLED)
		return status;
	status = tach_find_tstate(s, &target->layout);
	/* What a new program has not touched yet is not in memory. */
	if (status == TACH_ST_TSTATE_FAULT && image->number && !image->started)
		return TACH_ST_NOT_STARTED;
	if (status == TACH_ST_NO_PYTHON)
		return status;
	if (!main_thread && !tach_all_threads)
		return TACH_ST_OTHER_THREAD;
	if (status != TACH_ST_SAMPLED)
		return status;
	if (!image->started)
		image->started = 1;
	s->state = main_thread ? TACH_STATE_MAIN_THREAD : 0;
	return tach_read_state(s, &target->layout,
			       tach_exceptions || tach_filter & TACH_STATE_HAS_EXCEPTION);
}

/* Read the stack of the thread that was looked at: s->stack.stack_id. Returns as above. */
static __always_inline int tach_read_stack(struct tach_scratch *s, __u32 idx)
{
	struct tach_target_ent *target = bpf_map_lookup_elem(&tach_targets, &idx);
	int status;

	if (!target)
		return TACH_ST_NO_SCRATCH;
	if (!tach_is_asked_for(s->state))
		return TACH_ST_OTHER_STATE;
	status = tach_walk(s, &target->layout);
	if (status != TACH_ST_SAMPLED)
		return status;
	return tach_intern(s, &target->layout);
}

/* Both. */
static __always_inline int tach_take_stack(struct tach_scratch *s, struct task_struct *task,
					   __u32 idx)
{
	int status = tach_look(s, task, idx);

	return status == TACH_ST_SAMPLED ? tach_read_stack(s, idx) : status;
}

/* Send a sample that stands for @weight periods. 0, or negative if the ring is full. */
static __always_inline long tach_emit_sample(__u32 target, __u32 tid, __u32 host_tid, __u32 state,
					     __u64 stack_id, __u32 weight)
{
	struct tach_rec_sample rec = {
		.hdr = {.type = TACH_REC_SAMPLE, .len = sizeof(rec)},
		.ts_ns = bpf_ktime_get_ns(),
		.stack_id = stack_id,
		.target = target,
		.tid = tid,
		.state = state,
		.weight = weight,
		.host_tid = host_tid,
	};

	return tach_emit(&rec, sizeof(rec));
}

static __always_inline void tach_note_bare_thread(struct task_struct *task, struct tach_scratch *s)
{
	struct tach_thread_key key = {.target = s->target, .tid = s->tid};
	struct tach_bare_ent *ent = bpf_map_lookup_elem(&tach_bare, &key), new_ent;

	if (ent && ent->host_tid == s->host_tid) {
		ent->ticks++; /* a thread runs on one CPU at a time */
		/* It has the name of the one that made it until it gets its own. */
		bpf_probe_read_kernel_str(ent->comm, sizeof(ent->comm), task->comm);
		return;
	}
	new_ent = (struct tach_bare_ent){.ticks = 1, .host_tid = s->host_tid};
	bpf_probe_read_kernel_str(new_ent.comm, sizeof(new_ent.comm), task->comm);
	bpf_map_update_elem(&tach_bare, &key, &new_ent, BPF_ANY);
}

#endif
