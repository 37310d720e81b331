// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

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

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Else only the thread-group leader is sampled. */
const volatile bool tach_all_threads = false;

/* Before Linux 6.2 a look-up in task storage can answer NULL although there is something. */
const volatile bool tach_storage_unsure = true;

/* Index of the target that @task belongs to, or -1. */
static __always_inline int tach_target_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct tach_member *member = bpf_task_storage_get(&tach_members, leader, NULL, 0);
	__u32 tgid = task->tgid;
	struct tach_pid_ent *ent;

	if (member && member->pid_known)
		return member->target;
	if (member) {
		struct tach_pid_ent new_ent = {
			.start_boottime = leader->start_boottime,
			.target = member->target,
		};

		if (!bpf_map_update_elem(&tach_pids, &tgid, &new_ent, BPF_ANY))
			member->pid_known = 1;
		return member->target;
	}
	if (!tach_storage_unsure)
		return -1;
	ent = bpf_map_lookup_elem(&tach_pids, &tgid);
	if (!ent || ent->start_boottime != leader->start_boottime)
		return -1;
	TACH_COUNT(STORAGE_MISS);
	return ent->target;
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

static __always_inline int tach_emit_sample(struct tach_scratch *s)
{
	struct tach_rec_sample rec = {
		.hdr = {.type = TACH_REC_SAMPLE, .len = sizeof(rec)},
		.ts_ns = bpf_ktime_get_ns(),
		.stack_id = s->stack.stack_id,
		.target = s->target,
		.tid = s->tid,
		.state = s->state,
		.weight = 1,
		.host_tid = s->host_tid,
	};

	return tach_emit(&rec, sizeof(rec)) ? TACH_ST_RING_FULL : TACH_ST_SAMPLED;
}

/* Take one sample of @task, which runs now and belongs to target @idx. Returns where the tick ends. */
static __always_inline int tach_sample(struct task_struct *task, __u32 idx)
{
	bool main_thread = task->pid == task->tgid;
	__u32 cpu = bpf_get_smp_processor_id();
	struct tach_target_ent *target;
	struct tach_image_ent *image;
	struct tach_scratch *s;
	int status;

	s = bpf_map_lookup_elem(&tach_scratches, &cpu);
	target = bpf_map_lookup_elem(&tach_targets, &idx);
	image = bpf_map_lookup_elem(&tach_images, &idx);
	if (!s || !target || !image)
		return TACH_ST_NO_SCRATCH;
	if (task->flags & PF_EXITING)
		return TACH_ST_EXITING;
	if (!target->ready || target->image != image->number)
		return TACH_ST_NO_LAYOUT;
	if (!image->mm)
		image->mm = (__u64)task->mm;
	/* In the middle of an exec: the memory is a new one, but who replaces it has not been told. */
	if (image->mm != (__u64)task->mm)
		return TACH_ST_NO_LAYOUT;
	s->target = idx;
	s->image = image->number;
	s->tid = tach_tid(task, 0);
	if (!s->tid)
		return TACH_ST_EXITING;
	s->host_tid = target->depth ? tach_tid(task, target->depth) : s->tid;

	status = tach_find_tstate(s, &target->layout);
	/* What a new program has not touched yet is not in memory. */
	if (status == TACH_ST_TSTATE_FAULT && image->number && !image->started)
		return TACH_ST_NOT_STARTED;
	if (status == TACH_ST_NO_PYTHON) {
		tach_note_bare_thread(task, s);
		return status;
	}
	if (!main_thread && !tach_all_threads)
		return TACH_ST_OTHER_THREAD;
	if (status != TACH_ST_SAMPLED)
		return status;
	if (!image->started)
		image->started = 1;
	s->state = TACH_STATE_ON_CPU;
	if (main_thread)
		s->state |= TACH_STATE_MAIN_THREAD;
	if (TSTATE_FIELD(__u32, target->layout.ts_holds_gil) & target->layout.ts_holds_gil_mask)
		s->state |= TACH_STATE_HAS_GIL;

	status = tach_walk(s, &target->layout);
	if (status != TACH_ST_SAMPLED)
		return status;
	status = tach_intern(s, &target->layout);
	if (status != TACH_ST_SAMPLED)
		return status;
	return tach_emit_sample(s);
}

SEC("perf_event")
int tach_tick(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tach_count_ent *counts;
	__u32 zero = 0, status;
	int idx;

	counts = bpf_map_lookup_elem(&tach_counts, &zero);
	if (!counts)
		return 0;
	counts->n[TACH_ST__CNT + TACH_CT_TICKS]++;
	idx = tach_target_of(task);
	if (idx < 0)
		return 0;
	counts->n[TACH_ST__CNT + TACH_CT_TARGET_TICKS]++;
	status = tach_sample(task, idx);
	if (status < TACH_ST__CNT)
		counts->n[status]++;
	return 0;
}

/* A thread other than the leader that makes an exec takes the leader's place, with its pid and start
 * time, but not its storage. Index of the target, or -1. */
static __always_inline int tach_mark_again(struct task_struct *task)
{
	struct tach_member member = {};
	struct tach_pid_ent *ent;
	__u32 tgid = task->tgid;

	ent = bpf_map_lookup_elem(&tach_pids, &tgid);
	if (!ent || ent->start_boottime != task->start_boottime)
		return -1;
	member.target = ent->target;
	member.pid_known = 1;
	bpf_task_storage_get(&tach_members, task, &member, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return ent->target;
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
	image->mm = (__u64)task->mm;
	image->started = 0;
	bpf_ringbuf_output(&tach_ring, &rec, sizeof(rec), BPF_RB_FORCE_WAKEUP);
	return 0;
}
