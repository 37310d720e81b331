/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GIL_BPF_H
#define TACH_GIL_BPF_H

/* Who holds the GIL, who waits for it, and for whom. */

#ifdef __TARGET_ARCH_arm64
/* Linux v6.1 include/uapi/asm-generic/unistd.h */
#define TACH_SYS_FUTEX	 98
#define TACH_SYS_RESTART 128
#else
/* Linux v6.1 arch/x86/entry/syscalls/syscall_64.tbl */
#define TACH_SYS_FUTEX	 202
#define TACH_SYS_RESTART 219
#endif

/* Address of the futex that @task, which is off the CPU or leaves it, sleeps on; 0: it does something else. Who was
 * stopped while it slept goes on in another call, with what it had in its registers: that may be no address. */
static __always_inline __u64 tach_futex_of(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
#ifdef __TARGET_ARCH_arm64
	__u64 call = regs->syscallno, futex = regs->orig_x0;
#else
	__u64 call = regs->orig_ax, futex = regs->di;
#endif

	return call == TACH_SYS_FUTEX || call == TACH_SYS_RESTART ? futex : 0;
}

/* Does @task, which sleeps from now on with the thread state in the scratch, wait for the GIL? Sets the bit of
 * s->state, and in mode gil t->holder. */
static __always_inline void tach_look_for_gil_wait(struct tach_thread *t, struct tach_scratch *s,
						   const struct tach_layout *layout,
						   struct task_struct *task)
{
	__u64 gil, holder;
	__u32 tid;

	if (!tach_waits_for_gil(s, layout, tach_futex_of(task), &gil))
		return;
	if (!(tach_filter & TACH_STATE_HAS_GIL)) /* nobody asks for whom */
		return;
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

/* Where all time counts, whether a thread waits for the GIL is known of the samples: of those in the block that
 * ends, the time that it was asleep. Without the last part, in which it waited for a CPU. */
static __always_inline __u64 tach_time_asleep(__u32 weight, __u64 block_ns, __u64 runnable_ns)
{
	__u64 runnable_share = (runnable_ns << 10) / (block_ns + 1);

	return (weight * tach_period_ns * (1024 - runnable_share)) >> 10;
}

/* A block ends in which the thread was asleep for so long: was that for the GIL? */
static __always_inline void tach_note_gil_wait(struct tach_thread *t, __u64 asleep_ns)
{
	if (!tach_filter && t->state & TACH_STATE_GIL_REQUESTED)
		t->gil_wait_ns += asleep_ns;
}

#endif
