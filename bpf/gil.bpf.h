/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GIL_BPF_H
#define TACH_GIL_BPF_H

/* Who holds the GIL, who waits for it, and for whom. */

/* struct _gil_runtime_state, in which the threads that wait sleep: its condition variables and mutexes are
 * those of the libc, 208 bytes in all with glibc on x86-64, 224 on arm64, and 8 more without GIL.
 * Source: CPython v3.13.0 - v3.15.2 Include/internal/pycore_gil.h. */
#define TACH_GIL_SZ 256

#ifdef __TARGET_ARCH_arm64
#define TACH_SYS_FUTEX 98 /* Linux v6.1 include/uapi/asm-generic/unistd.h */
#else
#define TACH_SYS_FUTEX 202 /* Linux v6.1 arch/x86/entry/syscalls/syscall_64.tbl */
#endif

/* Address of the futex that @task, which leaves the CPU, goes to sleep on; 0: it does something else. */
static __always_inline __u64 tach_futex_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#ifdef __TARGET_ARCH_arm64
	return regs->syscallno == TACH_SYS_FUTEX ? regs->orig_x0 : 0;
#else
	return regs->orig_ax == TACH_SYS_FUTEX ? regs->di : 0;
#endif
}

/* Does @task, which sleeps from now on with the thread state in the scratch, wait for the GIL? Sets t->holder
 * and the bit of s->state. The interpreter says so from 3.15 on, but for a thread that has given it up on request
 * and waits until another one has it; before that, a thread that sleeps in the GIL does it. */
static __always_inline void tach_look_for_gil_wait(struct tach_thread *t, struct tach_scratch *s,
						   const struct tach_layout *layout,
						   struct task_struct *task)
{
	bool said = s->state & TACH_STATE_GIL_REQUESTED;
	__u64 futex = said ? 0 : tach_futex_of(task), gil, holder;
	__u32 tid;

	if (s->state & TACH_STATE_HAS_GIL || layout->flags & TACH_LAYOUT_FREE_THREADED)
		return;
	if (!said && !futex)
		return;
	if (tach_read_u64(&gil, TSTATE_FIELD(__u64, layout->ts_interp) + layout->is_gil))
		return;
	if (!said && futex - gil >= TACH_GIL_SZ)
		return;
	s->state |= TACH_STATE_GIL_REQUESTED;
	if (!tach_read_u64(&holder, gil + layout->gil_holder) && holder &&
	    !tach_read(&tid, sizeof(tid), holder + layout->ts_native_tid))
		t->holder = tid;
}

/* A block of @waited_ns, spent waiting for the GIL, is over. */
static __always_inline void tach_end_gil_wait(struct tach_thread *t, __u64 waited_ns)
{
	struct tach_gil_wait_key key = {
		.target = t->target,
		.tid = t->tid,
		.holder = t->holder,
	};
	__u64 *sum = bpf_map_lookup_elem(&tach_gil_waits, &key);

	t->gil_wait_ns += waited_ns;
	if (sum)
		*sum += waited_ns; /* a thread ends one block at a time */
	else
		bpf_map_update_elem(&tach_gil_waits, &key, &waited_ns, BPF_ANY);
}

#endif
