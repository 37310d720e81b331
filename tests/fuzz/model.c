// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "read/read.h"
#include "tests/fuzz/broken.h"
#include "tests/fuzz/model.h"

struct code_key {
	__u64 addr;
	__u64 target;
};

struct code {
	UT_hash_handle hh;
	struct code_key key;
	struct world_code is;
	bool sure; /* that it is this one */
};

struct stack {
	UT_hash_handle hh;
	__u64 id;
	__u32 target, flags, cnt;
	__u64 *frames;
	__u64 codes; /* what they are, as a number */
	bool sure;
};

/* Where a version number was seen. */
struct version_key {
	__u64 interp, addr;
	__u32 firstlineno, version;
};

struct version {
	UT_hash_handle hh;
	struct version_key key;
	__u64 parts;
};

static struct {
	const struct world *world;
	bool in_flux;
	struct code *codes;
	struct stack *stacks;
	struct version *versions;
	struct model_seen seen;
} model;

static void drop_codes(bool all, __u32 target)
{
	struct code *code, *next;

	HASH_ITER (hh, model.codes, code, next) {
		if (!all && code->key.target != target)
			continue;
		HASH_DEL(model.codes, code);
		free(code);
	}
}

void model_reset(const struct world *world)
{
	struct version *version, *next_version;
	struct stack *stack, *next;

	drop_codes(true, 0);
	HASH_ITER (hh, model.versions, version, next_version) {
		HASH_DEL(model.versions, version);
		free(version);
	}
	HASH_ITER (hh, model.stacks, stack, next) {
		HASH_DEL(model.stacks, stack);
		free(stack->frames);
		free(stack);
	}
	memset(&model, 0, sizeof(model));
	model.world = world;
}

void model_set_flux(bool in_flux)
{
	model.in_flux = in_flux;
}

struct model_seen model_seen(void)
{
	struct model_seen seen = model.seen;

	memset(&model.seen, 0, sizeof(model.seen));
	return seen;
}

static struct code *find_code(__u64 addr, __u32 target)
{
	struct code_key key = {addr, target};
	struct code *code;

	HASH_FIND(hh, model.codes, &key, sizeof(key), code);
	return code;
}

static struct stack *find_stack(__u64 id)
{
	struct stack *stack;

	HASH_FIND(hh, model.stacks, &id, sizeof(id), stack);
	return stack;
}

static __u64 mix(__u64 hash, __u64 word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15ull;
}

static __u64 mix_code(__u64 hash, const struct world_code *code)
{
	return mix(mix(hash, (__u64)code->firstlineno << 32 | code->version), code->parts);
}

/* --- the records --- */

/* A part that was copied must be what is in memory, and all of it that a record can hold. */
static void check_part(const struct tach_rec_str *str, const unsigned char *data, bool missed,
		       __u32 max, const char *what)
{
	__u32 want = str->full_sz < max ? str->full_sz : max;
	unsigned char *memory;

	if (missed && str->sz)
		broken("%s: missed, but %u bytes are there", what, str->sz);
	if (!missed && str->sz != want)
		broken("%s: %u bytes of %u", what, str->sz, want);
	if (!str->sz || model.in_flux)
		return;
	memory = malloc(str->sz);
	if (!memory || world_read(model.world, memory, str->sz, str->data_addr))
		broken("%s: %u bytes at %llx were never there", what, str->sz, str->data_addr);
	if (memcmp(memory, data, str->sz) != 0)
		broken("%s: other bytes than in memory", what);
	free(memory);
}

static int on_code(void *ctx, const struct tach_rec_code *rec)
{
	const unsigned char *qualname = rec->data + rec->filename.sz;
	struct code *code = find_code(rec->code_addr, rec->target);

	(void)ctx;
	check_part(&rec->filename, rec->data, rec->miss & TACH_CODE_MISS_FILENAME, TACH_NAME_MAX_SZ,
		   "filename");
	check_part(&rec->qualname, qualname, rec->miss & TACH_CODE_MISS_QUALNAME, TACH_NAME_MAX_SZ,
		   "qualname");
	check_part(&rec->linetable, qualname + rec->qualname.sz,
		   rec->miss & TACH_CODE_MISS_LINETABLE, TACH_LINETABLE_MAX_SZ, "linetable");
	if (!code) {
		code = calloc(1, sizeof(*code));
		if (!code)
			broken("no memory");
		code->key = (struct code_key){rec->code_addr, rec->target};
		HASH_ADD(hh, model.codes, key, sizeof(code->key), code);
	}
	code->sure = !model.in_flux && model.world->sound &&
		     world_code(model.world, rec->code_addr, &code->is);
	model.seen.codes++;
	return 0;
}

/* What is no code object must be a marker that there is. */
static bool is_marker(__u64 word)
{
	if (TACH_FRAME_CODE(word))
		return false;
	if (word != TACH_MARKER_GC && word != TACH_MARKER_NATIVE)
		broken("marker number %u", TACH_FRAME_MARKER(word));
	return true;
}

static int on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	struct stack *stack = calloc(1, sizeof(*stack));
	size_t sz = rec->frame_cnt * sizeof(rec->frames[0]);

	(void)ctx;
	if (find_stack(rec->stack_id))
		broken("stack %llu: defined twice", rec->stack_id);
	if (!stack || !(stack->frames = malloc(sz)))
		broken("no memory");
	stack->id = rec->stack_id;
	stack->target = rec->target;
	stack->flags = rec->flags;
	stack->cnt = rec->frame_cnt;
	memcpy(stack->frames, rec->frames, sz);
	stack->sure = true;
	for (__u32 i = 0; i < rec->frame_cnt; i++) {
		const struct code *code = find_code(TACH_FRAME_CODE(rec->frames[i]), rec->target);

		if (is_marker(rec->frames[i]))
			continue;
		if (!code)
			broken("stack %llu, frame %u: code object not described", rec->stack_id, i);
		stack->sure = stack->sure && code->sure;
		stack->codes = mix_code(stack->codes, &code->is);
	}
	HASH_ADD(hh, model.stacks, id, sizeof(stack->id), stack);
	model.seen.stacks++;
	return 0;
}

static int on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	const struct stack *stack = find_stack(rec->stack_id);

	(void)ctx;
	if (!stack || stack->target != rec->target)
		broken("sample of stack %llu, which is not defined", rec->stack_id);
	if (rec->weight != 1)
		broken("sample of weight %u", rec->weight);
	model.seen.samples++;
	model.seen.stack_id = rec->stack_id;
	model.seen.target = rec->target;
	model.seen.tid = rec->tid;
	model.seen.host_tid = rec->host_tid;
	return 0;
}

static int on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	(void)ctx;
	drop_codes(false, rec->target);
	model.seen.execs++;
	return 0;
}

void model_take(const void *rec, size_t sz)
{
	static const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
	};
	struct tach_read_stats stats = {0};

	if (tach_decode(rec, sz, &handlers, &stats) || stats.bad)
		broken("a record of %zu bytes cannot be decoded", sz);
}

/* --- checks --- */

void model_check_frames(__u64 id, __u32 target, __u32 flags, const __u64 *frames, __u32 cnt)
{
	const struct stack *stack = find_stack(id);

	if (stack->target != target || stack->flags != flags || stack->cnt != cnt)
		broken("stack %llu: %u frames of target %u with flags %x were sampled", id, cnt,
		       target, flags);
	if (memcmp(stack->frames, frames, cnt * sizeof(*frames)) != 0)
		broken("stack %llu: other frames than were sampled", id);
}

static bool note_code(__u64 interp, __u64 addr, const struct world_code *code)
{
	struct version_key key = {interp, addr, code->firstlineno, code->version};
	struct version *version;

	HASH_FIND(hh, model.versions, &key, sizeof(key), version);
	if (version)
		return version->parts == code->parts;
	version = calloc(1, sizeof(*version));
	if (!version)
		broken("no memory");
	version->key = key;
	version->parts = code->parts;
	HASH_ADD(hh, model.versions, key, sizeof(version->key), version);
	return true;
}

bool model_note_codes(__u64 interp, const __u64 *frames, __u32 cnt)
{
	bool honest = true;
	struct world_code code;

	for (__u32 i = 0; i < cnt; i++) {
		__u64 addr = TACH_FRAME_CODE(frames[i]);

		if (is_marker(frames[i]) || (i && addr == TACH_FRAME_CODE(frames[i - 1])))
			continue;
		if (world_code(model.world, addr, &code) && code.version)
			honest = note_code(interp, addr, &code) && honest;
	}
	return honest;
}

void model_check_codes(__u64 id, const __u64 *frames, __u32 cnt)
{
	const struct stack *stack = find_stack(id);
	struct world_code code;
	__u64 codes = 0;

	if (!stack->sure)
		return;
	for (__u32 i = 0; i < cnt; i++) {
		if (is_marker(frames[i]))
			continue;
		if (!world_code(model.world, TACH_FRAME_CODE(frames[i]), &code))
			broken("stack %llu, frame %u: its code object is not there", id, i);
		codes = mix_code(codes, &code);
	}
	if (codes != stack->codes)
		broken("stack %llu: other code objects than were described", id);
}
