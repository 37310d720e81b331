// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The BPF programs as they are, built for the host, on the memory of a target that the fuzzer spoils: at
 * rest, between ticks and in the middle of one. Beside what the sanitizers see, each tick must end in one
 * counted status, within the bounds that bpf/ claims, and what is sent must keep the promises of
 * bpf/tach_wire.h (tests/fuzz/model.h). */
#include <stdint.h>
#include <string.h>

#include "tests/fuzz/broken.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/kernel.h"
#include "tests/fuzz/model.h"
#include "tests/fuzz/world.h"
#include "bpf/tach_status.h"
#include "bpf/tach_wire.h"

#define MAX_INPUT_STEPS 64

static struct world world;

/* What the interpreter has told ticks so far: that no code object was freed since it said this generation
 * number, and which are the version numbers of code objects. The fuzzer does not care whether that is
 * true, but if it is not, no name needs to be right. */
static __u64 generations[MAX_INPUT_STEPS + 1];
static unsigned generation_cnt;
static bool lied;

static bool is_new_generation(__u64 generation)
{
	bool is_new = true;

	for (unsigned i = 0; i < generation_cnt; i++)
		is_new = is_new && generations[i] != generation;
	generations[generation_cnt++] = generation;
	return is_new;
}

/* Whether there is a stack: what ends the tick comes later. */
static bool has_stack(int status)
{
	return status == TACH_ST_SAMPLED || status == TACH_ST_CODE_FAULT ||
	       status == TACH_ST_CODE_QUOTA || status == TACH_ST_RING_FULL;
}

/* Whether the tick could know which code objects run: of changes in its middle nobody knows. */
static bool could_know(const struct kernel_tick *tick, bool still)
{
	bool is_new = is_new_generation(tick->generation);
	bool honest = !has_stack(tick->status) ||
		      model_note_codes(tick->interp_id, tick->stack.frames, tick->stack.cnt);

	lied = lied || !honest || !still || !world.sound;
	return !lied && (is_new || !tick->counted);
}

/* The window over a page is a matter of speed: without it, and whatever earlier ticks have left in it, a
 * walk ends the same. */
static void check_window(const struct kernel_tick *tick)
{
	const struct kernel_stack *stack = &tick->stack;
	struct kernel_stack again;
	int status = has_stack(tick->status) ? TACH_ST_SAMPLED : tick->status, walked;

	if (status != TACH_ST_SAMPLED && status != TACH_ST_NO_FRAMES && status != TACH_ST_NO_ROOT &&
	    status != TACH_ST_FRAME_FAULT && status != TACH_ST_FRAME_INVALID)
		return;
	walked = kernel_walk_again(&again);
	if (walked != status)
		broken("walked to status %d by page, %d by frame", status, walked);
	if (walked != TACH_ST_SAMPLED)
		return;
	if (again.cnt != stack->cnt || again.flags != stack->flags || again.hash != stack->hash ||
	    memcmp(again.frames, stack->frames, again.cnt * sizeof(*again.frames)) != 0)
		broken("other frames by page (%u) than by frame (%u)", stack->cnt, again.cnt);
}

static void check_sample(const struct kernel_tick *tick, const struct model_seen *seen)
{
	const struct kernel_stack *stack = &tick->stack;

	if (seen->tid != stack->tid)
		broken("sample of thread %u, not %u", seen->tid, stack->tid);
	if (seen->host_tid != tick->host_tid)
		broken("sample of a thread that is %u outside, not %u", seen->host_tid,
		       tick->host_tid);
	if (!stack->cnt || stack->cnt > TACH_MAX_FRAMES)
		broken("sample of %u frames", stack->cnt);
	model_check_frames(seen->stack_id, stack->target, stack->flags, stack->frames, stack->cnt);
}

/* Reads: of the list of thread states, and what leads to it; of a frame as many as there are ways to read
 * it, and for the thread's own bytecode; of a code object when it is compared and when it is described;
 * of one that is sent. Steps: of the list, the frames, and their code objects twice. */
static void check_bounds(const struct kernel_tick *tick, const struct model_seen *seen)
{
	const struct kernel_bounds *max = &kernel_bounds;

	if (tick->reads > 2 * max->tstates + (2 * 5 + 2) * max->frames + 8 * max->captures + 64 ||
	    tick->steps > max->tstates + 2 * max->frames + 2 + 2 * max->frames)
		broken("a tick of %llu reads, %llu steps", tick->reads, tick->steps);
	if (seen->codes > max->captures || seen->stacks > 1)
		broken("a tick of %u code objects, %u stacks", seen->codes, seen->stacks);
}

static void check_end(const struct kernel_tick *tick, const struct model_seen *seen)
{
	if (seen->samples != (tick->status == TACH_ST_SAMPLED))
		broken("%u samples from a tick of status %d", seen->samples, tick->status);
	if (!tick->refused != (tick->status != TACH_ST_RING_FULL))
		broken("%llu records refused in a tick of status %d", tick->refused, tick->status);
}

static void take_tick(struct input *in)
{
	__u8 who = input_u8(in), how = input_u8(in);
	bool still = !kernel_has_race(), knows;
	struct kernel_tick tick;
	struct model_seen seen;

	if (!(how & 2))
		kernel_drain();
	model_set_flux(!still);
	tick = kernel_tick(who >> 4, who % KERNEL_TASKS, how & 1);
	seen = model_seen();
	check_bounds(&tick, &seen);
	check_end(&tick, &seen);
	if (tick.status == TACH_ST_SAMPLED)
		check_sample(&tick, &seen);
	knows = could_know(&tick, still);
	if (still && world.sound)
		check_window(&tick);
	if (tick.status == TACH_ST_SAMPLED && knows)
		model_check_codes(seen.stack_id, tick.stack.frames, tick.stack.cnt);
}

static void take_race(struct input *in)
{
	__u8 at = input_u8(in);
	struct world_op op = world_op_take(&world, in, input_u8(in) % WORLD_STEPS);

	kernel_race(at, &op);
}

static void take_exec(struct input *in)
{
	__u8 who = input_u8(in);

	kernel_exec(who % KERNEL_TASKS, 0x1000 + input_u8(in), who & 0x80);
	if (model_seen().execs > 1)
		broken("one exec, several records");
}

static void take_task(struct input *in)
{
	__u8 what = input_u8(in);

	kernel_change_task(what % KERNEL_TASKS, what / KERNEL_TASKS, input_u8(in));
}

static void take_forget(struct input *in)
{
	__u8 what = input_u8(in);

	kernel_forget(what, input_u8(in));
}

static void take_step(struct input *in)
{
	enum fuzz_step step = input_u8(in) % STEPS;
	struct world_op op;

	switch (step) {
	case STEP_TICK:
		take_tick(in);
		break;
	case STEP_RACE:
		take_race(in);
		break;
	case STEP_RING:
		kernel_set_ring(input_u16(in));
		break;
	case STEP_EXEC:
		take_exec(in);
		break;
	case STEP_LAYOUT:
		world_twist_layout(&world, in);
		break;
	case STEP_TASK:
		take_task(in);
		break;
	case STEP_FORGET:
		take_forget(in);
		break;
	default:
		op = world_op_take(&world, in, step);
		world_op_apply(&world, &op);
		break;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	kernel_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct input in = {data, data + sz};
	__u8 kind = input_u8(&in);

	world_build(&world, kind & 0xf);
	model_reset(&world);
	kernel_start(&world, ~kind >> 4);
	generation_cnt = 0;
	lied = false;
	for (unsigned i = 0; i < MAX_INPUT_STEPS && in.pos < in.end; i++)
		take_step(&in);
	take_tick(&in);
	kernel_stop();
	model_reset(NULL);
	return 0;
}
