// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#include "tach_status.h"
#include "tach_layout.h"
#include "tach_wire.h"
#include "tach_maps.h"
#include "maps.bpf.h"
#include "read.bpf.h"
#include "emit.bpf.h"
#include "tstate.bpf.h"
#include "walk.bpf.h"
#include "intern.bpf.h"
#include "target.bpf.h"
#include "timing.bpf.h"
#include "sample.bpf.h"
#include "points.bpf.h"
#include "network.bpf.h"
#include "gil.bpf.h"
#include "ledger.bpf.h"
#include "switch.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Time off the CPU is counted, too, and each thread has a ledger. */
const volatile bool tach_wall = false;

/* Set by user space at the end: ledgers are closed when they are read, and no new ones are opened. */
volatile bool tach_closing = false;

/* Take @weight samples of @task, which runs now and belongs to target @idx. Returns where the tick ends. */
static __always_inline int tach_sample(struct task_struct *task, __u32 idx, __u32 weight)
{
	struct tach_scratch *s = tach_own_scratch();
	int status;

	if (!s)
		return TACH_ST_NO_SCRATCH;
	status = tach_take_stack(s, task, idx);
	if (status == TACH_ST_NO_PYTHON)
		tach_note_bare_thread(task, s);
	if (status != TACH_ST_SAMPLED)
		return status;
	if (tach_emit_sample(idx, s->tid, s->host_tid, s->state | TACH_STATE_ON_CPU,
			     s->stack.stack_id, weight))
		return TACH_ST_RING_FULL;
	TACH_ADD(ON_SAMPLES, weight);
	return TACH_ST_SAMPLED;
}

/* The same for as many samples as its ledger says, if it has one. What fails is left to the next tick. */
static __always_inline int tach_sample_due(struct task_struct *task, __u32 idx, __u64 tick_ns)
{
	struct tach_thread *t = NULL;
	__u32 weight;
	int status;

	if (tach_wall)
		t = bpf_task_storage_get(&tach_threads, task, NULL, 0);
	if (t && t->closed)
		return TACH_ST_NOT_DUE;
	weight = t ? tach_take_points(t, task, bpf_ktime_get_ns()) : !tach_is_surplus(tick_ns);
	if (!weight)
		return TACH_ST_NOT_DUE;
	status = tach_sample(task, idx, weight);
	if (!t)
		return status;
	if (status >= TACH_ST_NO_SCRATCH && status <= TACH_ST_RING_FULL) /* a failure */
		t->pending += weight;
	else if (status != TACH_ST_SAMPLED)
		t->skipped += weight;
	else if (tach_filter & TACH_STATE_HAS_GIL)
		t->gil_on_ns += weight * tach_period_ns;
	return status;
}

static __always_inline void tach_count_tick(struct tach_count_ent *counts, __u64 tick_ns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int idx = tach_target_of(task);
	__u32 status;

	if (idx < 0)
		return;
	counts->n[TACH_ST__CNT + TACH_CT_TARGET_TICKS]++;
	status = tach_sample_due(task, idx, tick_ns);
	TACH_CLAMP(status, TACH_ST__CNT - 1);
	counts->n[status]++;
}

SEC("perf_event")
int tach_tick(struct bpf_perf_event_data *ctx)
{
	struct tach_count_ent *counts;
	__u32 zero = 0;

	counts = bpf_map_lookup_elem(&tach_counts, &zero);
	if (!counts)
		return 0;
	/* Kept in the map: the verifier would follow all that comes now twice, with it and without. */
	counts->tick_ns =
		tach_begin_timing(counts->n[TACH_ST__CNT + TACH_CT_TICKS]++, TACH_TIMED_TICKS);
	tach_count_tick(counts, ctx->sample_period);
	if (counts->tick_ns)
		counts->n[TACH_ST__CNT + TACH_CT_TICK_NS] +=
			tach_end_timing(counts->tick_ns, TACH_TIMED_TICKS);
	return 0;
}

/* Open the ledger of a thread of target @idx; memory can be allocated here, in no tick and no switch. */
static __always_inline struct tach_thread *tach_open_ledger(struct task_struct *task, __u32 idx)
{
	struct tach_thread t = {.target = idx, .begin_ns = bpf_ktime_get_ns()};

	if (tach_closing)
		return NULL;
	t.at_ns = t.begin_ns;
	t.ran_ns = task->se.sum_exec_runtime;
	tach_next_point(&t, 0);
	if (tach_network)
		bpf_task_storage_get(&tach_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return bpf_task_storage_get(&tach_threads, task, &t, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The thread that made an exec is the leader now, with the leader's ledger or, if it was another one, none; and
 * its stacks are gone. */
static __always_inline void tach_renew_ledger(struct task_struct *task, __u32 idx)
{
	struct tach_thread *t = bpf_task_storage_get(&tach_threads, task, NULL, 0);

	if (t) {
		t->stack_id = 0;
		return;
	}
	t = tach_open_ledger(task, idx);
	if (t)
		t->in_ns = t->begin_ns;
}

/* A target replaced its program: whatever was known of its memory is void. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tach_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct tach_member *member = bpf_task_storage_get(&tach_members, task, NULL, 0);
	struct tach_rec_exec rec = {
		.hdr = {.type = TACH_REC_EXEC, .len = sizeof(rec)},
		.ts_ns = bpf_ktime_get_ns(),
	};
	struct tach_image_ent *image;
	__u32 idx;
	int found;

	found = member ? (int)member->target : tach_mark_again(task);
	if (found < 0)
		return 0;
	idx = found;
	image = bpf_map_lookup_elem(&tach_images, &idx);
	if (!image)
		return 0;
	rec.target = idx;
	rec.image = ++image->number;
	image->mm = (__u64)tach_readonly(task)->mm;
	image->started = 0;
	if (tach_wall)
		tach_renew_ledger(task, idx);
	bpf_ringbuf_output(&tach_ring, &rec, sizeof(rec), BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* --- wall-clock time: the ledger of each thread --- */

SEC("tp_btf/sched_switch")
int BPF_PROG(tach_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u64 now = bpf_ktime_get_ns();

	tach_leave(prev, preempt || !prev_state, now);
	tach_enter(next, now);
	if (tach_is_timed(now, TACH_TIMED_SWITCHES))
		TACH_ADD(SWITCH_NS, tach_end_timing(now, TACH_TIMED_SWITCHES));
	return 0;
}

/* Waiting for a CPU begins. */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(tach_wakeup, struct task_struct *task)
{
	__u64 now = bpf_ktime_get_ns();

	tach_wake(task, now);
	if (tach_is_timed(now, TACH_TIMED_SWITCHES))
		TACH_ADD(SWITCH_NS, tach_end_timing(now, TACH_TIMED_SWITCHES));
	return 0;
}

#define CLONE_THREAD 0x00010000 /* Linux v6.1 include/uapi/linux/sched.h */

SEC("tp_btf/task_newtask")
int BPF_PROG(tach_newtask, struct task_struct *task, __u64 clone_flags)
{
	struct tach_thread *t;
	int idx;

	if (!tach_all_threads || !(clone_flags & CLONE_THREAD))
		return 0;
	idx = tach_target_of(bpf_get_current_task_btf());
	if (idx < 0)
		return 0;
	t = tach_open_ledger(task, idx);
	if (t) /* it waits for its first turn */
		t->out_ns = t->wake_ns = t->begin_ns;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tach_exit, struct task_struct *task)
{
	struct tach_thread *t = bpf_task_storage_get(&tach_threads, task, NULL, 0);
	struct tach_rec_thread rec = {
		.hdr = {.type = TACH_REC_THREAD, .len = sizeof(rec)},
		.end_ns = bpf_ktime_get_ns(),
	};

	if (!t || t->closed)
		return 0;
	t->closed = 1;
	tach_forget_work(t, task);
	t->pending += tach_pass_points(t, rec.end_ns);
	tach_settle_last(t);
	if (!t->tid) /* it never was in Python, as far as we know */
		return 0;
	rec.begin_ns = t->begin_ns;
	rec.on_ns = t->on_ns + (t->in_ns ? rec.end_ns - t->in_ns : 0);
	rec.off_ns = t->off_ns;
	rec.runnable_ns = t->runnable_ns;
	rec.gil_wait_ns = t->gil_wait_ns;
	rec.gil_on_ns = t->gil_on_ns;
	rec.gil_off_ns = t->gil_off_ns;
	rec.skipped = t->skipped;
	rec.target = t->target;
	rec.tid = t->tid;
	rec.host_tid = t->host_tid;
	rec.state = task->pid == task->tgid ? TACH_STATE_MAIN_THREAD : 0;
	bpf_probe_read_kernel_str(rec.comm, sizeof(rec.comm), task->comm);
	if (tach_emit(&rec, sizeof(rec)))
		TACH_COUNT(LEDGERS_LOST);
	return 0;
}

/* Begin, or close, the ledgers of the threads that are there, and say where all of them stand: a struct
 * tach_thread_row for each. */
SEC("iter/task")
int tach_threads_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct tach_thread_row row = {};
	struct tach_thread *t;
	int idx;

	if (!task)
		return 0;
	idx = tach_target_of(task);
	if (idx < 0 || (!tach_all_threads && task->pid != task->tgid))
		return 0;
	t = bpf_task_storage_get(&tach_threads, task, NULL, 0);
	if (!t) {
		t = tach_open_ledger(task, idx);
		if (!t)
			return 0;
		if (task->on_cpu)
			t->in_ns = t->begin_ns;
		else
			t->out_ns = t->begin_ns;
		if (tach_network && t->out_ns)
			tach_begin_call(t, task, false);
	}
	if (t->closed)
		return 0;
	if (tach_closing) {
		tach_forget_work(t, task);
		t->closed = 1;
		if (tach_network)
			tach_end_call(t, task, bpf_ktime_get_ns());
	}
	row.thread = *t;
	row.now_ns = bpf_ktime_get_ns();
	row.pid = task->pid;
	row.tid = tach_tid(task, 0);
	row.host_tid = tach_tid(task, tach_depth(t->target));
	row.main_thread = task->pid == task->tgid;
	row.futex = t->out_ns ? tach_futex_of(task) : 0;
	/* Without room for it we are called once more. */
	if (bpf_seq_write(ctx->meta->seq, &row, sizeof(row)))
		t->closed = 0;
	return 0;
}
