/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TSTATE_BPF_H
#define TACH_TSTATE_BPF_H

/* Current thread -> its PyThreadState.
 *
 * The interpreter's own "current thread state" variable is of no use: CPython zeroes it while a thread
 * runs without the GIL. native_thread_id stays, and is the tid in the thread's innermost pid namespace. */

/* Thread states visited at most in one tick, over all interpreters. */
#define TACH_MAX_TSTATES 8192

#define TSTATE_FIELD(type, off) TACH_FIELD(type, s->tstate_buf, off, TACH_TSTATE_SZ - 1)

/* @task as a pointer that only reads go through. Whenever a pointer is loaded from a task that the verifier trusts,
 * it searches all types of the kernel for whether to trust that one, too, which took up to 25 ms of the start.
 * Source: Linux v6.18 kernel/bpf/verifier.c, check_ptr_to_btf_access(). */
#ifdef TACH_KERNEL
extern void *bpf_rdonly_cast(const void *obj, __u32 type) __ksym;

static __always_inline struct task_struct *tach_readonly(struct task_struct *task)
{
	return bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
}
#else
static __always_inline struct task_struct *tach_readonly(struct task_struct *task)
{
	return task;
}
#endif

/* tid in the pid namespace @up levels above the innermost one; 0 if the task has given up its pid. */
static __always_inline __u32 tach_tid(struct task_struct *task, __u32 up)
{
	struct pid *pid = tach_readonly(task)->thread_pid;
	struct upid *upid;
	__u32 level, tid;
	int nr = 0;

	if (!pid)
		return 0;
	level = pid->level;
	if (level <= up) {
		tid = task->pid;
		/* Keep the compiler from merging this load with others through another kind of pointer. */
		asm volatile("" : "+r"(tid));
		return tid;
	}
	/* Linux 6.1 adds nothing unknown to a pointer whose type it knows, but to one that was copied. */
	pid = BPF_CORE_READ(task, thread_pid);
	/* By the kernel's size of an element: ours lacks fields, and only constant indexes are relocated. */
	upid = (void *)__builtin_preserve_access_index(&pid->numbers[0]);
	upid = (void *)upid + (level - up) * bpf_core_type_size(struct upid);
	bpf_core_read(&nr, sizeof(nr), &upid->nr);
	return nr;
}

/* Does the thread state in the scratch belong to the thread whose number it has?
 * An OS thread has several if it visited subinterpreters: the one that is bound to the gilstate counts;
 * attaching moves that bit, detaching keeps it, and an unbound one keeps its old tid.
 * Source: CPython v3.13.0 Python/pystate.c, bind_gilstate_tstate(), unbind_tstate(). */
static __always_inline bool tach_tstate_is_bound(const struct tach_scratch *s,
						 const struct tach_layout *layout)
{
	__u32 status = TSTATE_FIELD(__u32, layout->ts_status);

	return (status & TACH_TS_BOUND_GILSTATE) && !(status & TACH_TS_UNBOUND);
}

/* Read the thread state at @addr into the scratch; is it the one that belongs to thread s->tid now? */
static __always_inline int tach_tstate_is_mine(struct tach_scratch *s,
					       const struct tach_layout *layout, __u64 addr)
{
	if (tach_read(s->tstate_buf, TACH_TSTATE_SZ, addr))
		return -1;
	return TSTATE_FIELD(__u32, layout->ts_native_tid) == s->tid &&
	       tach_tstate_is_bound(s, layout);
}

struct tstate_ctx {
	struct tach_scratch *s;
	const struct tach_layout *layout;
};

/* s->tstate: to look at next, 0: take the next interpreter, s->interp. */
static long tach_tstate_step(__u32 i, struct tstate_ctx *ctx)
{
	const struct tach_layout *layout = ctx->layout;
	struct tach_scratch *s = ctx->s;
	int mine;

	if (!s->tstate) {
		__u64 interp = s->interp;

		if (!interp) {
			s->status = TACH_ST_NO_PYTHON;
			return 1;
		}
		if (tach_read_u64(&s->tstate, interp + layout->is_threads_head) ||
		    tach_read_u64(&s->interp, interp + layout->is_next)) {
			s->status = TACH_ST_TSTATE_FAULT;
			return 1;
		}
		return 0;
	}
	mine = tach_tstate_is_mine(s, layout, s->tstate);
	if (mine) {
		s->status = mine < 0 ? TACH_ST_TSTATE_FAULT : TACH_ST_SAMPLED;
		return 1;
	}
	s->tstate = TSTATE_FIELD(__u64, layout->ts_next);
	return 0;
}

/* Where the thread state of @key was last time, 0 if that is not known. Most ticks of a CPU find the thread
 * that was there before, so a look into the table is spared. */
static __always_inline __u64 tach_cached_tstate(struct tach_scratch *s,
						const struct tach_thread_key *key)
{
	__u64 *cached;

	if (s->cached_thread.tid == key->tid && s->cached_thread.target == key->target)
		return s->cached_tstate;
	cached = bpf_map_lookup_elem(&tach_tstates, key);
	return cached ? *cached : 0;
}

static __always_inline void tach_remember_tstate(struct tach_scratch *s,
						 const struct tach_thread_key *key)
{
	s->cached_thread = *key;
	s->cached_tstate = s->tstate;
}

/* Find the thread state of thread s->tid of target s->target: s->tstate, its window in s->tstate_buf.
 * The list is walked without CPython's lock, so it may change on the way: bounded, and the next tick
 * tries again. Returns TACH_ST_SAMPLED, or the status that ends the tick. */
__noinline int tach_find_tstate(struct tach_scratch *s, const struct tach_layout *layout)
{
	struct tach_thread_key key;
	struct tstate_ctx ctx;
	__u64 tstate;

	if (!s || !layout)
		return TACH_ST_NO_SCRATCH;
	key.target = s->target;
	key.tid = s->tid;
	tstate = tach_cached_tstate(s, &key);
	if (tstate && tach_tstate_is_mine(s, layout, tstate) == 1) {
		s->tstate = tstate;
		tach_remember_tstate(s, &key);
		return TACH_ST_SAMPLED;
	}
	TACH_COUNT(TSTATE_WALKS);
	if (tach_read_u64(&s->interp, layout->runtime_addr + layout->rt_interpreters_head))
		return TACH_ST_TSTATE_FAULT;
	if (!s->interp)
		return TACH_ST_NOT_STARTED;
	s->tstate = 0;
	s->status = TACH_ST_TSTATE_LIMIT;
	ctx.s = s;
	ctx.layout = layout;
	bpf_loop(TACH_MAX_TSTATES, tach_tstate_step, &ctx, 0);
	if (s->status == TACH_ST_SAMPLED) {
		tstate = s->tstate;
		bpf_map_update_elem(&tach_tstates, &key, &tstate, BPF_ANY);
		tach_remember_tstate(s, &key);
	}
	return s->status;
}

/* --- the state it is in --- */

/* Each generator that runs has an item in the chain, and a frame; stacks are not followed any deeper. */
#define TACH_MAX_EXC_ITEMS TACH_MAX_FRAMES

/* _PyErr_StackItem: the exception that is handled there, NULL without one; the item of who called.
 * Source: CPython v3.13.0 - v3.15.2 Include/cpython/pystate.h. */
struct tach_exc_item {
	__u64 value;
	__u64 previous;
};

static long tach_exception_step(__u32 i, struct tstate_ctx *ctx)
{
	struct tach_scratch *s = ctx->s;
	struct tach_exc_item item;

	if (tach_read(&item, sizeof(item), s->exc_item)) {
		s->status = TACH_ST_TSTATE_FAULT;
		return 1;
	}
	if (item.value)
		s->state |= TACH_STATE_HAS_EXCEPTION;
	s->exc_item = item.previous;
	return item.value || !item.previous;
}

/* Does an exception propagate, or is one handled, here or in whoever called the generators that run?
 * Returns TACH_ST_SAMPLED, or the status that ends the tick. */
static __always_inline int tach_find_exception(struct tach_scratch *s,
					       const struct tach_layout *layout)
{
	struct tstate_ctx ctx = {.s = s, .layout = layout};

	if (TSTATE_FIELD(__u64, layout->ts_current_exception)) {
		s->state |= TACH_STATE_HAS_EXCEPTION;
		return TACH_ST_SAMPLED;
	}
	s->status = TACH_ST_SAMPLED;
	s->exc_item = TSTATE_FIELD(__u64, layout->ts_exc_info);
	bpf_loop(TACH_MAX_EXC_ITEMS, tach_exception_step, &ctx, 0);
	return s->status;
}

/* Add to s->state what the thread state in the scratch says; of exceptions only if @exceptions, which
 * takes one more read. Returns TACH_ST_SAMPLED, or the status that ends the tick. */
static __always_inline int tach_read_state(struct tach_scratch *s, const struct tach_layout *layout,
					   bool exceptions)
{
	if (TSTATE_FIELD(__u32, layout->ts_holds_gil) & layout->ts_holds_gil_mask)
		s->state |= TACH_STATE_HAS_GIL;
	else if (layout->ts_gil_requested && TSTATE_FIELD(__u32, layout->ts_gil_requested))
		s->state |= TACH_STATE_GIL_REQUESTED;
	return exceptions ? tach_find_exception(s, layout) : TACH_ST_SAMPLED;
}

/* struct _gil_runtime_state, in which the threads that wait sleep: its condition variables and mutexes are
 * those of the libc, 208 bytes in all with glibc on x86-64, 224 on arm64, and 8 more without GIL.
 * Source: CPython v3.13.0 - v3.15.2 Include/internal/pycore_gil.h. */
#define TACH_GIL_SZ 256

/* Does the thread whose state is in the scratch, and which sleeps on @futex (0: on something else), wait for the GIL,
 * *@gil? Sets the bit of s->state. The interpreter says so from 3.15 on, but for a thread that has given it up on
 * request and waits until another one has it; before that, a thread that sleeps in the GIL does it. */
static __always_inline bool tach_waits_for_gil(struct tach_scratch *s,
					       const struct tach_layout *layout, __u64 futex,
					       __u64 *gil)
{
	bool said = s->state & TACH_STATE_GIL_REQUESTED;

	if (s->state & TACH_STATE_HAS_GIL || layout->flags & TACH_LAYOUT_FREE_THREADED)
		return false;
	if (!said && !futex)
		return false;
	if (tach_read_u64(gil, TSTATE_FIELD(__u64, layout->ts_interp) + layout->is_gil))
		return false;
	if (!said && futex - *gil >= TACH_GIL_SZ)
		return false;
	s->state |= TACH_STATE_GIL_REQUESTED;
	return true;
}

#endif
