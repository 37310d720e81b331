// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The sampler's stages under a program type that bpf_prog_test_run_opts() runs: it refuses perf_event
 * programs, but runs raw tracepoints in the context of its caller, so that the memory of a target is
 * the memory of the test. Source: Linux v6.1 net/bpf/test_run.c, bpf_prog_test_run_raw_tp(). */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

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
#include "tests/bpf/probe.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct tach_probe_in probe_in = {};
struct tach_probe_out probe_out = {};

static __always_inline int tach_probe_stages(struct tach_scratch *s,
					     const struct tach_layout *layout)
{
	int status = tach_find_tstate(s, layout);

	if (status != TACH_ST_SAMPLED || probe_in.last_stage < TACH_PROBE_WALK)
		return status;
	if (probe_in.last_stage == TACH_PROBE_STATE) {
		s->state = 0;
		return tach_read_state(s, layout, true);
	}
	status = tach_walk(s, layout);
	if (status != TACH_ST_SAMPLED || probe_in.last_stage < TACH_PROBE_INTERN)
		return status;
	return tach_intern(s, layout);
}

/* Returns enum tach_status. Always in the same scratch, whatever the CPU: the runs of a test follow each
 * other, and each must find in it what the one before left behind, as the ticks of a CPU do. */
SEC("raw_tp")
int tach_probe(void *ctx)
{
	__u32 zero = 0, idx = probe_in.target;
	struct tach_target_ent *target = bpf_map_lookup_elem(&tach_targets, &idx);
	struct tach_scratch *s = bpf_map_lookup_elem(&tach_scratches, &zero);
	int status;

	if (!target || !s)
		return TACH_ST_NO_SCRATCH;
	s->target = idx;
	s->image = probe_in.image;
	s->tid = probe_in.tid;
	status = tach_probe_stages(s, &target->layout);
	probe_out.tstate = s->tstate;
	probe_out.hash = s->hash;
	probe_out.stack_id = s->stack.stack_id;
	probe_out.flags = s->flags;
	probe_out.frame_cnt = s->frame_cnt;
	probe_out.left_out = s->left_out;
	probe_out.state = s->state;
	bpf_probe_read_kernel(probe_out.frames, sizeof(probe_out.frames), s->frames);
	return status;
}

/* Returns the caller's tid as the sampler sees it: probe_in.up levels above its own pid namespace. */
SEC("raw_tp")
int tach_probe_tid(void *ctx)
{
	return tach_tid(bpf_get_current_task_btf(), probe_in.up);
}
