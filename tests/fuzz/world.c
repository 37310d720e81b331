// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <string.h>

#include "tests/bpf/layouts.h"
#include "tests/fuzz/world.h"

static const struct tach_layout *const layouts[] = {&layout_313, &layout_315, &layout_moved};
#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

/* Where the objects of a kind begin, how far they lie from each other, how many there are. Frames are so
 * close that they share pages, and so far that some lie across two. */
static const struct {
	__u32 page, stride, cnt;
} places[WORLD_KINDS] = {
	[WORLD_RUNTIME] = {0, WORLD_PAGE_SZ, 1},
	[WORLD_INTERP] = {1, 2 * WORLD_PAGE_SZ, 2},
	[WORLD_TSTATE] = {5, 256, WORLD_TSTATES},
	[WORLD_STR] = {6, 128, 8},
	[WORLD_BYTES] = {7, 128, 4},
	[WORLD_CODE] = {8, 256, WORLD_CODES},
	[WORLD_COPIES] = {10, 64, 2},
	[WORLD_FRAME] = {32, 120, WORLD_FRAMES},
	[WORLD_GENERATOR] = {48, 1000, 8},
};

/* All up to here is there at first; strings that claim to be long find something behind them. */
#define MAPPED_PAGES 50

#define POISON	    0xdb
#define ENTRY_OWNER 4

__u64 world_addr(const struct world *world, enum world_kind kind, unsigned idx)
{
	(void)world;
	return WORLD_BASE + (__u64)places[kind].page * WORLD_PAGE_SZ +
	       (__u64)(idx % places[kind].cnt) * places[kind].stride;
}

static bool in_world(__u64 addr, size_t sz)
{
	__u64 off = addr - WORLD_BASE;

	return off < WORLD_SZ && sz <= WORLD_SZ - off;
}

static void put(struct world *world, __u64 addr, __u64 value, size_t sz)
{
	if (in_world(addr, sz))
		memcpy(world->mem + (addr - WORLD_BASE), &value, sz);
}

int world_read(const struct world *world, void *dst, size_t sz, __u64 addr)
{
	__u64 off = addr - WORLD_BASE;

	if (!sz)
		return 0;
	if (!in_world(addr, sz))
		return -1;
	for (__u64 page = off / WORLD_PAGE_SZ; page <= (off + sz - 1) / WORLD_PAGE_SZ; page++) {
		if (!world->mapped[page])
			return -1;
	}
	memcpy(dst, world->mem + off, sz);
	return 0;
}

/* --- objects --- */

static void put_str(struct world *world, unsigned idx, const char *text)
{
	const struct tach_layout *layout = &world->layout;
	__u64 addr = world_addr(world, WORLD_STR, idx), len = strlen(text);

	put(world, addr + layout->un_length, len, 8);
	put(world, addr + layout->un_state, (1u | 1u << 3 | 1u << 4) << layout->un_kind_shift, 4);
	memcpy(world->mem + (addr - WORLD_BASE) + layout->un_ascii_sz, text, len);
}

static void put_bytes(struct world *world, unsigned idx, __u64 value)
{
	__u64 addr = world_addr(world, WORLD_BYTES, idx);

	put(world, addr + world->layout.by_size, sizeof(value), 8);
	put(world, addr + world->layout.by_data, value, 8);
}

/* As an interpreter makes one: with the next of its version numbers. */
static void put_code(struct world *world, unsigned idx, unsigned name, unsigned interp)
{
	const struct tach_layout *layout = &world->layout;
	__u64 addr = world_addr(world, WORLD_CODE, idx);

	put(world, addr + layout->co_filename, world_addr(world, WORLD_STR, 0), 8);
	put(world, addr + layout->co_qualname, world_addr(world, WORLD_STR, name), 8);
	put(world, addr + layout->co_linetable, world_addr(world, WORLD_BYTES, idx), 8);
	put(world, addr + layout->co_firstlineno, 10 + idx, 4);
	if (layout->co_version)
		put(world, addr + layout->co_version, ++world->versions[interp], 4);
	if (layout->co_tlbc)
		put(world, addr + layout->co_tlbc, world_addr(world, WORLD_COPIES, idx), 8);
}

/* The threads' own copies of the bytecode: the first is the code object's, one is not made yet. */
static void put_copies(struct world *world, unsigned idx)
{
	__u64 addr = world_addr(world, WORLD_COPIES, idx);

	put(world, addr, 4, 8);
	for (unsigned i = 0; i < 4; i++)
		put(world, addr + 8 + 8 * i, i == 2 ? 0 : world_addr(world, WORLD_CODE, i), 8);
}

static void put_frame(struct world *world, __u64 addr, __u64 previous, __u64 code, __u64 lasti,
		      __u8 owner)
{
	const struct tach_layout *layout = &world->layout;

	put(world, addr + layout->fr_previous, previous, 8);
	put(world, addr + layout->fr_executable, code, 8);
	put(world, addr + layout->fr_instr_ptr, code + layout->co_code + 2 * lasti, 8);
	put(world, addr + layout->fr_owner, owner, 1);
	if (layout->co_tlbc)
		put(world, addr + layout->fr_tlbc_index, lasti % 3, 4);
}

static void put_tstate(struct world *world, unsigned idx, __u64 interp, __u64 next)
{
	const struct tach_layout *layout = &world->layout;
	__u64 addr = world_addr(world, WORLD_TSTATE, idx);

	put(world, addr + layout->ts_next, next, 8);
	put(world, addr + layout->ts_interp, interp, 8);
	put(world, addr + layout->ts_native_tid, WORLD_TID(idx), 8);
	put(world, addr + layout->ts_holds_gil, 0, 4);
	put(world, addr + layout->ts_status,
	    TACH_TS_INITIALIZED | TACH_TS_BOUND | TACH_TS_BOUND_GILSTATE, 4);
}

#define THREAD_FRAMES 64

/* Let thread @idx be @cnt calls deep. */
static void put_depth(struct world *world, unsigned idx, unsigned cnt)
{
	put(world, world_addr(world, WORLD_TSTATE, idx) + world->layout.ts_current_frame,
	    world_addr(world, WORLD_FRAME, THREAD_FRAMES * idx + cnt), 8);
}

/* The functions that thread @idx calls, numbered from @code on, one from the other: also those above the
 * ones that run, as returned ones are. */
static void put_calls(struct world *world, unsigned idx, unsigned code)
{
	__u64 frame, previous = world_addr(world, WORLD_FRAME, THREAD_FRAMES * idx);

	put_frame(world, previous, 0, 0, 0, ENTRY_OWNER);
	for (unsigned i = 1; i < THREAD_FRAMES; i++) {
		frame = world_addr(world, WORLD_FRAME, THREAD_FRAMES * idx + i);
		put_frame(world, frame, previous, world_addr(world, WORLD_CODE, code + i), i, 0);
		previous = frame;
	}
}

void world_build(struct world *world, unsigned which)
{
	static const char *const names[] = {"/srv/app.py", "main", "C.method", "f.<locals>.g",
					    "<module>",	   "run",  "<lambda>", "__init__"};
	__u64 runtime = world_addr(world, WORLD_RUNTIME, 0);
	__u64 interp = world_addr(world, WORLD_INTERP, 0);

	world->layout = *layouts[which % LAYOUTS];
	world->layout.runtime_addr = runtime;
	if (which / LAYOUTS & 2) { /* as 3.13 has it */
		world->layout.flags |= TACH_LAYOUT_COUNTS_MADE;
		world->layout.is_code_generation = 7960;
	}
	if (which / LAYOUTS & 1) { /* where no field of these layouts is */
		world->layout.flags |= TACH_LAYOUT_NATIVE;
		world->layout.co_tlbc = 160;
		world->layout.fr_tlbc_index = 64;
	}
	world->sound = true;
	world->versions[0] = 100;
	world->versions[1] = 102; /* so it will give numbers that the first one has given */
	memset(world->mem, POISON, sizeof(world->mem));
	for (unsigned i = 0; i < WORLD_PAGES; i++)
		world->mapped[i] = i < MAPPED_PAGES;

	put(world, runtime + world->layout.rt_interpreters_head, interp, 8);
	for (unsigned i = 0; i < 2; i++) {
		interp = world_addr(world, WORLD_INTERP, i);
		put(world, interp + world->layout.is_next,
		    i ? 0 : world_addr(world, WORLD_INTERP, 1), 8);
		put(world, interp + world->layout.is_threads_head,
		    world_addr(world, WORLD_TSTATE, i), 8);
		put(world, interp + world->layout.is_id, i, 8);
		if (world->layout.is_code_generation)
			put(world, interp + world->layout.is_code_generation, 1, 8);
		put(world, interp + world->layout.is_gc + world->layout.gc_frame,
		    world_addr(world, WORLD_FRAME, 2), 8); /* it began a collection */
	}
	for (unsigned i = 0; i < 8; i++)
		put_str(world, i, names[i]);
	for (unsigned i = 0; i < 4; i++)
		put_bytes(world, i, 0x0302018003020180ull + i);
	for (unsigned i = 0; i < 2; i++)
		put_copies(world, i);
	for (unsigned i = 0; i < WORLD_CODES; i++)
		put_code(world, i, i, 0);
	for (unsigned i = 0; i < 3; i++) {
		put_tstate(world, i, world_addr(world, WORLD_INTERP, i),
			   i ? 0 : world_addr(world, WORLD_TSTATE, 2));
		put_calls(world, i, i);
		put_depth(world, i, 3 + i);
	}
}

/* Another code object at the place of one that is freed. */
static void replace_code(struct world *world, unsigned idx, unsigned name, unsigned interp)
{
	__u64 counter = world_addr(world, WORLD_INTERP, interp) + world->layout.is_code_generation;
	__u64 generation;

	put_code(world, idx, name, interp);
	if (world->layout.is_code_generation && !world_read(world, &generation, 8, counter))
		put(world, counter, generation + 1, 8);
}

/* --- changes --- */

/* A field of an object, as the layout has it at that moment. */
static const struct {
	__u8 kind, to; /* enum world_kind: whose, and what it points to if it is a pointer */
	__u8 sz;
	__u16 off; /* of the __u32 in struct tach_layout */
} fields[] = {
#define FIELD(kind, name, sz, to) {kind, to, sz, offsetof(struct tach_layout, name)}
	FIELD(WORLD_RUNTIME, rt_interpreters_head, 8, WORLD_INTERP),
	FIELD(WORLD_INTERP, is_next, 8, WORLD_INTERP),
	FIELD(WORLD_INTERP, is_threads_head, 8, WORLD_TSTATE),
	FIELD(WORLD_INTERP, is_id, 8, WORLD_RUNTIME),
	FIELD(WORLD_INTERP, is_code_generation, 8, WORLD_RUNTIME),
	FIELD(WORLD_TSTATE, ts_next, 8, WORLD_TSTATE),
	FIELD(WORLD_TSTATE, ts_interp, 8, WORLD_INTERP),
	FIELD(WORLD_TSTATE, ts_current_frame, 8, WORLD_FRAME),
	FIELD(WORLD_TSTATE, ts_native_tid, 8, WORLD_RUNTIME),
	FIELD(WORLD_TSTATE, ts_status, 4, WORLD_RUNTIME),
	FIELD(WORLD_TSTATE, ts_holds_gil, 4, WORLD_RUNTIME),
	FIELD(WORLD_FRAME, fr_previous, 8, WORLD_FRAME),
	FIELD(WORLD_FRAME, fr_executable, 8, WORLD_CODE),
	FIELD(WORLD_FRAME, fr_instr_ptr, 8, WORLD_CODE),
	FIELD(WORLD_FRAME, fr_owner, 1, WORLD_RUNTIME),
	FIELD(WORLD_FRAME, fr_tlbc_index, 4, WORLD_RUNTIME),
	FIELD(WORLD_GENERATOR, fr_previous, 8, WORLD_FRAME),
	FIELD(WORLD_GENERATOR, fr_executable, 8, WORLD_CODE),
	FIELD(WORLD_GENERATOR, fr_instr_ptr, 8, WORLD_CODE),
	FIELD(WORLD_GENERATOR, fr_owner, 1, WORLD_RUNTIME),
	FIELD(WORLD_CODE, co_filename, 8, WORLD_STR),
	FIELD(WORLD_CODE, co_qualname, 8, WORLD_STR),
	FIELD(WORLD_CODE, co_linetable, 8, WORLD_BYTES),
	FIELD(WORLD_CODE, co_firstlineno, 4, WORLD_RUNTIME),
	FIELD(WORLD_CODE, co_version, 4, WORLD_RUNTIME),
	FIELD(WORLD_CODE, co_tlbc, 8, WORLD_COPIES),
	FIELD(WORLD_STR, un_state, 4, WORLD_RUNTIME),
	FIELD(WORLD_STR, un_length, 8, WORLD_RUNTIME),
	FIELD(WORLD_BYTES, by_size, 8, WORLD_RUNTIME),
#undef FIELD
};
#define FIELD_CNT (sizeof(fields) / sizeof(fields[0]))

__u8 world_field(enum world_kind kind, size_t layout_off)
{
	__u8 row = 0;

	while (row < FIELD_CNT && (fields[row].kind != kind || fields[row].off != layout_off))
		row++;
	return row;
}

/* A number, or the address of an object or of anything near one. */
static __u64 take_value(const struct world *world, struct input *in, __u8 to)
{
	enum { RIGHT, SMALL, MIDDLE, ANY, OBJECT, PLACE, KINDS };
	__u8 kind, idx;

	switch (input_u8(in) % KINDS) {
	case RIGHT:
		return world_addr(world, to, input_u8(in));
	case SMALL:
		return input_u8(in);
	case MIDDLE:
		return (__s64)(__s16)input_u16(in);
	case ANY:
		return input_u64(in);
	case OBJECT:
		kind = input_u8(in) % WORLD_KINDS;
		idx = input_u8(in);
		return world_addr(world, kind, idx) + (input_u8(in) & 7);
	default:
		return WORLD_BASE + input_number(in, 3) % WORLD_SZ;
	}
}

struct world_op world_op_take(const struct world *world, struct input *in, enum fuzz_step step)
{
	struct world_op op = {.step = step};
	__u8 row;

	switch (step) {
	case STEP_SET:
		row = input_u8(in) % FIELD_CNT;
		op.addr = world_addr(world, fields[row].kind, input_u8(in)) +
			  *(const __u32 *)((const char *)&world->layout + fields[row].off);
		op.sz = fields[row].sz;
		op.value = take_value(world, in, fields[row].to);
		break;
	case STEP_POKE:
		op.addr = WORLD_BASE + input_number(in, 3) % WORLD_SZ;
		op.sz = 1 + input_u8(in) % 8;
		op.value = input_u64(in);
		break;
	case STEP_FRAME:
		row = input_u8(in);
		op.addr = world_addr(world, row & 1 ? WORLD_GENERATOR : WORLD_FRAME, input_u8(in));
		op.value = world_addr(world, row & 2 ? WORLD_GENERATOR : WORLD_FRAME, input_u8(in));
		op.arg[0] = input_u8(in);
		op.arg[1] = row >> 4;
		op.arg[2] = input_u8(in);
		break;
	case STEP_PAGE:
		op.addr = input_u8(in) % WORLD_PAGES;
		op.value = input_u8(in) & 1;
		break;
	case STEP_CODE:
		op.arg[0] = input_u8(in);
		op.arg[1] = input_u8(in);
		op.arg[2] = input_u8(in) & 1;
		break;
	default:
		op.arg[0] = input_u8(in) % 3;
		op.arg[1] = input_u8(in) % THREAD_FRAMES;
		break;
	}
	return op;
}

void world_op_apply(struct world *world, const struct world_op *op)
{
	switch (op->step) {
	case STEP_SET:
	case STEP_POKE:
		put(world, op->addr, op->value, op->sz);
		break;
	case STEP_FRAME:
		put_frame(world, op->addr, op->value, world_addr(world, WORLD_CODE, op->arg[0]),
			  op->arg[2], op->arg[1]);
		break;
	case STEP_PAGE:
		world->mapped[op->addr] = op->value;
		break;
	case STEP_CODE:
		replace_code(world, op->arg[0], op->arg[1], op->arg[2]);
		break;
	default:
		put_depth(world, op->arg[0], op->arg[1]);
		break;
	}
}

void world_twist_layout(struct world *world, struct input *in)
{
	const size_t first = offsetof(struct tach_layout, flags) / sizeof(__u32);
	const size_t cnt = sizeof(world->layout) / sizeof(__u32) - first;
	__u32 *words = (__u32 *)&world->layout + first;
	__u8 idx = input_u8(in);

	words[idx % cnt] = idx & 0x80 ? input_u32(in) : input_u8(in);
	world->sound = false;
}

bool world_code(const struct world *world, __u64 addr, struct world_code *out)
{
	const struct tach_layout *layout = &world->layout;
	const __u32 parts[] = {layout->co_filename, layout->co_qualname, layout->co_linetable};
	__u64 part;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (world_read(world, &part, sizeof(part), addr + parts[i]))
			return false;
		out->parts = out->parts * 0x100000001b3ull + part;
	}
	return !world_read(world, &out->firstlineno, 4, addr + layout->co_firstlineno) &&
	       (!layout->co_version ||
		!world_read(world, &out->version, 4, addr + layout->co_version));
}
