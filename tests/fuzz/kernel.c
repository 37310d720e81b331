// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* As they are; what they ask of the kernel: tests/fuzz/host.h. Callbacks have a fixed signature. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"
#include "bpf/tachyon.bpf.c"
#pragma clang diagnostic pop

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/broken.h"
#include "tests/fuzz/kernel.h"
#include "tests/fuzz/model.h"

#define CPUS	2
#define TARGETS 2
#define RING_SZ (1u << 20)

/* Of the pid namespace of a target below that of user space. */
#define DEPTH(target) (target)
#define LRU_MAX	      64

#define CNT(array) (sizeof(array) / sizeof((array)[0]))

const struct kernel_bounds kernel_bounds = {
	.tstates = TACH_MAX_TSTATES,
	.frames = TACH_MAX_FRAMES,
	.captures = TACH_MAX_CAPTURES,
};

static struct world *memory;

static struct race {
	__u64 at;
	struct world_op op;
} races[KERNEL_RACES];
static unsigned race_cnt;

static struct pid_ns {
	struct pid pid;
	struct upid inner[2];
} pids[KERNEL_TASKS];
static struct task_struct tasks[KERNEL_TASKS];

/* Of the CPU that runs. */
static struct tach_scratch *scratch;

/* Of kernel_walk_again(). */
static struct tach_scratch *again;

/* --- the target's memory --- */

/* What is read must not run over from one buffer into the next: no sanitizer sees that. */
static void check_area(const void *dst, __u32 sz, const void *area, size_t area_sz,
		       const size_t (*fields)[2], size_t field_cnt)
{
	size_t off = (const char *)dst - (const char *)area;

	if ((uintptr_t)dst < (uintptr_t)area || off >= area_sz)
		return;
	if (sz == sizeof(__u64) && !(off % sizeof(__u64))) /* a word is a field */
		return;
	for (size_t i = 0; i < field_cnt; i++) {
		if (off >= fields[i][0] && off + sz <= fields[i][0] + fields[i][1])
			return;
	}
	broken("a read of %u bytes to offset %zu leaves its field", sz, off);
}

#define AREA(type, field) {offsetof(struct type, field), sizeof(((struct type *)0)->field)}

static void check_dst(const void *dst, __u32 sz)
{
	static const size_t of_scratch[][2] = {
		AREA(tach_scratch, tstate_buf),	     AREA(tach_scratch, frame_buf),
		AREA(tach_scratch, code_buf),	     AREA(tach_scratch, win),
		AREA(tach_scratch, capture.str_buf), AREA(tach_scratch, capture.data),
	};

	check_area(dst, sz, scratch, sizeof(*scratch), of_scratch, CNT(of_scratch));
}

static long read_memory(void *dst, __u32 sz, __u64 addr)
{
	for (unsigned i = 0; i < race_cnt; i++) {
		if (races[i].at == host.reads)
			world_op_apply(memory, &races[i].op);
	}
	if (dst == again->win)
		return -1;
	check_dst(dst, sz);
	return world_read(memory, dst, sz, addr);
}

void kernel_race(__u64 at, const struct world_op *op)
{
	if (race_cnt < KERNEL_RACES)
		races[race_cnt++] = (struct race){at, *op};
}

bool kernel_has_race(void)
{
	return race_cnt > 0;
}

/* --- what user space and the rest of the kernel do --- */

static void set_cpu(__u32 cpu)
{
	host.cpu = cpu;
	scratch = bpf_map_lookup_elem(&tach_scratches, &cpu);
}

/* Hand in the layout as it is now: for the program that runs now, or for the one it was found in. */
static void set_layouts(bool found_anew)
{
	for (__u32 i = 0; i < TARGETS; i++) {
		const struct tach_image_ent *image = bpf_map_lookup_elem(&tach_images, &i);
		struct tach_target_ent *ent = bpf_map_lookup_elem(&tach_targets, &i);

		ent->layout = memory->layout;
		ent->ready = 1;
		ent->depth = DEPTH(i);
		if (found_anew)
			ent->image = image->number;
	}
}

static void make_task(unsigned idx, unsigned leader, __u32 tid)
{
	__u32 level = leader == 2 ? 2 : 1;

	pids[idx] = (struct pid_ns){.pid.level = level, .inner[0].nr = 7000 + (int)idx};
	pids[idx].inner[level - 1].nr = (int)tid;
	tasks[idx] = (struct task_struct){
		.pid = (int)WORLD_TID(idx),
		.tgid = (int)WORLD_TID(leader),
		.group_leader = &tasks[leader],
		.thread_pid = &pids[idx].pid,
		.mm = (void *)0x1000ul,
		.start_boottime = 1000 + leader,
		.comm = "python",
	};
}

static void make_targets(void)
{
	make_task(0, 0, WORLD_TID(0));
	make_task(1, 0, WORLD_TID(1));
	make_task(2, 2, WORLD_TID(2));
	make_task(3, 0, WORLD_TID(WORLD_TSTATES));
	make_task(4, 4, 1);
	for (__u32 i = 0; i < TARGETS; i++) {
		struct tach_member member = {.target = i};

		bpf_task_storage_get(&tach_members, &tasks[2 * i], &member,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	}
	set_layouts(true);
}

/* Options are written before the programs run, never later: libbpf does that too. */
static void make_writable(const volatile bool *option)
{
	size_t page_sz = sysconf(_SC_PAGESIZE);
	uintptr_t page = (uintptr_t)option & ~(page_sz - 1);

	if (mprotect((void *)page, page_sz, PROT_READ | PROT_WRITE))
		broken("cannot set options");
}

static void set_option(const volatile bool *option, bool value)
{
	asm("" : "+r"(option)); /* the compiler must not know that this is constant */
	*(volatile bool *)option = value;
}

void kernel_init(void)
{
	make_writable(&tach_all_threads);
	make_writable(&tach_storage_unsure);
	again = malloc(sizeof(*again));
	if (!again)
		broken("no memory");
}

void kernel_start(struct world *world, unsigned options)
{
	host_reset();
	host.cpu_cnt = CPUS;
	host.ring_sz = RING_SZ;
	host.lru_max = LRU_MAX;
	host.read_user = read_memory;
	host.take = model_take;
	memory = world;
	race_cnt = 0;
	tach_next_stack_id = 1;
	set_option(&tach_all_threads, options & KERNEL_ALL_THREADS);
	set_option(&tach_storage_unsure, options & KERNEL_STORAGE_UNSURE);
	for (__u32 cpu = 0; cpu < CPUS; cpu++) {
		set_cpu(cpu);
		memset(scratch, 0x5a, sizeof(*scratch)); /* as if of earlier ticks */
	}
	make_targets();
}

void kernel_stop(void)
{
	host_reset();
}

void kernel_exec(unsigned task, unsigned long mm, bool answered)
{
	tasks[task].mm = (void *)mm;
	tach_exec(&tasks[task], 0, NULL);
	if (answered)
		set_layouts(true);
}

void kernel_drain(void)
{
	host.ring_used = 0;
}

void kernel_set_ring(__u64 sz)
{
	host.ring_sz = sz;
	host.ring_used = 0;
}

void kernel_change_task(unsigned idx, __u8 what, __u8 value)
{
	struct task_struct *task = &tasks[idx];
	struct pid_ns *pid = &pids[idx];

	switch (what % 6) {
	case 0:
		task->flags ^= PF_EXITING;
		break;
	case 1:
		task->thread_pid = task->thread_pid ? NULL : &pid->pid;
		break;
	case 2:
		task->start_boottime++;
		break;
	case 3:
		pid->pid.level = value % (1 + CNT(pid->inner));
		break;
	case 4:
		task->tgid = (int)WORLD_TID(value % KERNEL_TASKS);
		break;
	default:
		pid->inner[pid->pid.level > 1].nr = (int)WORLD_TID(value % (WORLD_TSTATES + 1));
		break;
	}
}

void kernel_forget(__u8 what, __u8 value)
{
	switch (what % 4) {
	case 0:
		host_forget(HOST_SHAPE(&tach_tstates));
		break;
	case 1:
		host_forget(HOST_SHAPE(&tach_stacks));
		break;
	case 2:
		host_forget(HOST_SHAPE(&tach_codes));
		break;
	default:
		host.lru_max = 1 + value % LRU_MAX;
		break;
	}
}

/* --- ticks --- */

static struct kernel_stack stack_in(const struct tach_scratch *s)
{
	return (struct kernel_stack){
		.target = s->target,
		.tid = s->tid,
		.flags = s->flags,
		.cnt = s->frame_cnt,
		.hash = s->hash,
		.frames = s->frames,
	};
}

static __u32 tid_outside(unsigned task, __u32 depth)
{
	const struct pid_ns *pid = &pids[task];
	__u32 level = pid->pid.level;

	return depth < level ? (__u32)pid->inner[level - depth - 1].nr : (__u32)tasks[task].pid;
}

static struct tach_count_ent *counts_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&tach_counts, &zero);
}

/* The one status that was counted since @before, -1 if no target was found running. */
static int status_since(const struct tach_count_ent *before)
{
	const int hits = TACH_ST__CNT + TACH_CT_TARGET_TICKS;
	const struct tach_count_ent *now = counts_now();
	__u64 ends = 0;
	int status = -1;

	for (int i = 0; i < TACH_ST__CNT; i++) {
		ends += now->n[i] - before->n[i];
		if (now->n[i] != before->n[i])
			status = i;
	}
	if (ends > 1 || ends != now->n[hits] - before->n[hits])
		broken("%llu statuses for %llu ticks", ends, now->n[hits] - before->n[hits]);
	return status;
}

static __u64 number_at(__u64 addr)
{
	__u64 number = 0;

	world_read(memory, &number, sizeof(number), addr);
	return number;
}

struct kernel_tick kernel_tick(unsigned cpu, unsigned task, bool blind)
{
	struct bpf_perf_event_data every = {.sample_period = ~0ull}; /* tick is due */
	struct kernel_tick tick;
	struct tach_count_ent before;
	__u64 interp;

	set_cpu(cpu % CPUS);
	set_layouts(false);
	host.task = &tasks[task];
	host.storage_blind = blind;
	host.reads = host.steps = host.refused = 0;
	before = *counts_now();
	tach_tick(&every);
	race_cnt = 0;
	tick.status = status_since(&before);
	tick.stack = stack_in(scratch);
	tick.host_tid = tid_outside(task, DEPTH(tick.stack.target));
	tick.reads = host.reads;
	tick.steps = host.steps;
	tick.refused = host.refused;
	interp = TACH_FIELD(__u64, scratch->tstate_buf, memory->layout.ts_interp,
			    TACH_TSTATE_SZ - 1);
	tick.interp_id = number_at(interp + memory->layout.is_id);
	tick.generation = number_at(interp + memory->layout.is_code_generation);
	if (memory->layout.flags & TACH_LAYOUT_COUNTS_MADE)
		tick.generation = (__u32)tick.generation;
	tick.counted = memory->layout.is_code_generation &&
		       (tick.generation || !(memory->layout.flags & TACH_LAYOUT_COUNTS_MADE));
	return tick;
}

int kernel_walk_again(struct kernel_stack *stack)
{
	int status;

	memset(again, 0xa5, sizeof(*again));
	memcpy(again->tstate_buf, scratch->tstate_buf, sizeof(again->tstate_buf));
	again->target = scratch->target;
	again->image = scratch->image;
	status = tach_walk(again, &memory->layout);
	*stack = stack_in(again);
	return status;
}
