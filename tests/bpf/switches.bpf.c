// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The ledger of a thread under a program type that bpf_prog_test_run_opts() runs (see walk.bpf.c). The thread is
 * the first one of the caller's process, which must be asleep; what happens to it and when is the test's. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#include "bpf/tach_status.h"
#include "bpf/tach_layout.h"
#include "bpf/tach_wire.h"
#include "bpf/tach_maps.h"
#include "bpf/maps.bpf.h"
#include "bpf/read.bpf.h"
#include "bpf/emit.bpf.h"
#include "bpf/tstate.bpf.h"
#include "bpf/walk.bpf.h"
#include "bpf/intern.bpf.h"
#include "bpf/target.bpf.h"
#include "bpf/sample.bpf.h"
#include "bpf/points.bpf.h"
#include "bpf/network.bpf.h"
#include "bpf/gil.bpf.h"
#include "bpf/ledger.bpf.h"
#include "bpf/switch.bpf.h"
#include "tests/bpf/step.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct tach_step step = {};
struct tach_thread thread_now = {};

static __always_inline int tach_take_step(struct tach_thread *t, struct task_struct *task)
{
	/* As if the scheduler's clock of it had gone on by that. */
	t->ran_ns = task->se.sum_exec_runtime - step.ran_ns;
	switch (step.what) {
	case TACH_STEP_BEGIN:
		return 0;
	case TACH_STEP_LEAVE:
		tach_leave(task, step.runnable, step.now_ns);
		t->bare = 0;
		t->fresh = 1;
		t->stack_id = step.stack_id;
		return 0;
	case TACH_STEP_ENTER:
		tach_enter(task, step.now_ns);
		return 0;
	case TACH_STEP_WAKE:
		tach_wake(task, step.now_ns);
		return 0;
	case TACH_STEP_TICK:
		return tach_take_points(t, task, step.now_ns);
	default:
		return -1;
	}
}

/* Returns how many samples a tick stands for. */
SEC("raw_tp")
int tach_probe_step(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf()->group_leader;
	struct tach_thread *t;
	int weight;

	t = bpf_task_storage_get(&tach_threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!t)
		return -1;
	if (task->on_cpu)
		return TACH_STEP_AWAKE;
	if (!t->begin_ns) {
		bpf_task_storage_get(&tach_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		t->begin_ns = t->in_ns = t->at_ns = step.now_ns;
		tach_next_point(t, 0);
		return 0;
	}
	weight = tach_take_step(t, task);
	thread_now = *t;
	return weight;
}
