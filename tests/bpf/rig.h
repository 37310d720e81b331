/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_RIG_H
#define TACH_RIG_H

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util/types.h"
#include "bpf/tach_layout.h"
#include "bpf/tach_status.h"
#include "bpf/tach_maps.h"
#include "bpf/tach_wire.h"
#include "read/read.h"
#include "tests/bpf/probe.h"
#include "walk.skel.h"
#include "tests/bpf/chain.h"

/* The stages loaded into the kernel, the memory they are to read, and what came out of the ring. Each
 * test has its own.
 *
 * For slow machines, by environment: RIG_TESTS is a pattern of test names; RIG_BTF a file with those types
 * of the kernel that the programs use (bpftool gen min_core_btf), to spare libbpf reading all of them each
 * time. */

#define RIG_RING_SZ	(1u << 20)
#define RIG_MAX_RECORDS 1024

struct rig {
	struct walk *skel;
	struct tach_source *source;
	struct fake fake;
	struct chain chain;
	char order[RIG_MAX_RECORDS + 1];	       /* 'C' for a code object, 'S' for a stack */
	struct tach_rec_hdr *records[RIG_MAX_RECORDS]; /* owned copies */
	unsigned record_cnt;
};

static inline const char *rig_status_name(int status)
{
	static const char *const names[] = {
#define X(name, kind, text) #name,
		TACH_STATUSES(X)
#undef X
	};

	return status >= 0 && status < TACH_ST__CNT ? names[status] : "no status";
}

#define assert_status(status, name) assert_string_equal(rig_status_name(status), #name)

/* --- records --- */

static inline int rig_keep(struct rig *rig, const struct tach_rec_hdr *hdr, char letter)
{
	struct tach_rec_hdr *copy = malloc(hdr->len);

	if (!copy || rig->record_cnt == RIG_MAX_RECORDS)
		return -ENOMEM;
	memcpy(copy, hdr, hdr->len);
	rig->order[rig->record_cnt] = letter;
	rig->records[rig->record_cnt++] = copy;
	rig->order[rig->record_cnt] = '\0';
	return 0;
}

static inline int rig_on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	return rig_keep(ctx, &rec->hdr, '?');
}

static inline int rig_on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	return rig_keep(ctx, &rec->hdr, 'S');
}

static inline int rig_on_code(void *ctx, const struct tach_rec_code *rec)
{
	return rig_keep(ctx, &rec->hdr, 'C');
}

static inline int rig_on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	return rig_keep(ctx, &rec->hdr, '?');
}

static inline void rig_forget(struct rig *rig)
{
	while (rig->record_cnt)
		free(rig->records[--rig->record_cnt]);
	rig->order[0] = '\0';
}

/* Empty the ring: its records take the place of those kept before. Returns their order. */
static inline const char *rig_drain(struct rig *rig)
{
	rig_forget(rig);
	assert_return_code(tach_source__consume(rig->source), 0);
	assert_int_equal(tach_source__stats(rig->source)->bad, 0);
	return rig->order;
}

static inline const void *rig_record(const struct rig *rig, char letter, unsigned nth)
{
	for (unsigned i = 0; i < rig->record_cnt; i++) {
		if (rig->order[i] == letter && !nth--)
			return rig->records[i];
	}
	fail_msg("no such record among \"%s\"", rig->order);
	return NULL;
}

static inline const struct tach_rec_stack *rig_stack(const struct rig *rig)
{
	return rig_record(rig, 'S', 0);
}

static inline const struct tach_rec_code *rig_code(const struct rig *rig, unsigned nth)
{
	return rig_record(rig, 'C', nth);
}

/* --- runs --- */

static inline const struct tach_probe_out *rig_out(const struct rig *rig)
{
	return &rig->skel->bss->probe_out;
}

static inline int rig_run_prog(const struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	assert_return_code(bpf_prog_test_run_opts(bpf_program__fd(prog), &opts), errno);
	return (int)opts.retval;
}

/* Run all stages up to @stage; the target's layout is that of the fake interpreter now. */
static inline int rig_run(struct rig *rig, enum tach_probe_stage stage)
{
	struct tach_target_ent ent = {.layout = rig->fake.layout, .ready = 1};
	__u32 idx = rig->skel->bss->probe_in.target;

	assert_return_code(bpf_map__update_elem(rig->skel->maps.tach_targets, &idx, sizeof(idx),
						&ent, sizeof(ent), BPF_ANY),
			   errno);
	rig->skel->bss->probe_in.last_stage = stage;
	return rig_run_prog(rig->skel->progs.tach_probe);
}

static inline int rig_find(struct rig *rig)
{
	return rig_run(rig, TACH_PROBE_FIND);
}

/* Let the first thread run the chain, and walk it. */
static inline int rig_walk(struct rig *rig)
{
	chain_run_in(&rig->chain, rig->fake.thread);
	return rig_run(rig, TACH_PROBE_WALK);
}

static inline int rig_intern(struct rig *rig)
{
	chain_run_in(&rig->chain, rig->fake.thread);
	return rig_run(rig, TACH_PROBE_INTERN);
}

/* The last walk found so many frames, from the youngest on those of the chain up to @cnt. */
static inline void rig_check_youngest(const struct rig *rig, unsigned frame_cnt, unsigned cnt)
{
	const struct tach_probe_out *out = rig_out(rig);

	assert_int_equal(out->frame_cnt, frame_cnt);
	for (unsigned i = 0; i < cnt; i++) {
		__u64 want = rig->chain.words[rig->chain.cnt - 1 - i];

		if (out->frames[i] != want)
			fail_msg("frame %u of %u: %llx, not %llx", i, cnt, out->frames[i], want);
	}
}

static inline void rig_check_chain(const struct rig *rig)
{
	rig_check_youngest(rig, rig->chain.cnt, rig->chain.cnt);
	assert_int_equal(rig_out(rig)->left_out, 0);
	assert_int_equal(rig_out(rig)->flags, 0);
}

/* The chain's root was too far. */
static inline void rig_check_lost_root(const struct rig *rig)
{
	rig_check_youngest(rig, TACH_LEAF_FRAMES, TACH_LEAF_FRAMES);
	assert_int_equal(rig_out(rig)->left_out, 0);
	assert_int_equal(rig_out(rig)->flags, TACH_STACK_TRUNCATED);
}

/* Of the chain, the youngest and the oldest. */
static inline void rig_check_both_ends(const struct rig *rig)
{
	const struct tach_probe_out *out = rig_out(rig);

	rig_check_youngest(rig, TACH_MAX_FRAMES, TACH_LEAF_FRAMES);
	assert_int_equal(out->left_out, rig->chain.cnt - TACH_MAX_FRAMES);
	assert_int_equal(out->flags, TACH_STACK_TRUNCATED);
	for (unsigned i = 0; i < TACH_ROOT_FRAMES; i++) {
		__u32 at = TACH_LEAF_FRAMES + (out->left_out + i) % TACH_ROOT_FRAMES;

		assert_true(out->frames[at] == rig->chain.words[TACH_ROOT_FRAMES - 1 - i]);
	}
}

/* A counter, statuses apart: they are counted by the caller of the stages. */
static inline __u64 rig_count(const struct rig *rig, enum tach_counter counter)
{
	int cpus = libbpf_num_possible_cpus();
	struct tach_count_ent ents[cpus];
	__u32 zero = 0;
	__u64 sum = 0;

	assert_return_code(bpf_map__lookup_elem(rig->skel->maps.tach_counts, &zero, sizeof(zero),
						ents, sizeof(ents), 0),
			   errno);
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += ents[cpu].n[TACH_ST__CNT + counter];
	return sum;
}

/* --- set-up --- */

static __attribute__((constructor)) void rig_choose_tests(void)
{
	cmocka_set_test_filter(getenv("RIG_TESTS"));
}

/* As if earlier ticks had left the worst behind. */
static inline void rig_poison_scratch(struct rig *rig)
{
	struct bpf_map *map = rig->skel->maps.tach_scratches;
	size_t sz = bpf_map__value_size(map);
	void *rubbish = malloc(sz);
	__u32 zero = 0;

	assert_non_null(rubbish);
	memset(rubbish, 0x5a, sz);
	assert_return_code(bpf_map__update_elem(map, &zero, sizeof(zero), rubbish, sz, BPF_ANY),
			   errno);
	free(rubbish);
}

static inline int rig_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

static inline struct rig *rig_new(const struct tach_layout *layout, __u32 ring_sz, __u32 wake_sz)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct tach_handlers handlers = {
		.on_sample = rig_on_sample,
		.on_stack = rig_on_stack,
		.on_code = rig_on_code,
		.on_exec = rig_on_exec,
		.ctx = rig,
	};

	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = getenv("RIG_BTF"));

	assert_non_null(rig);
	libbpf_set_print(rig_quiet);
	rig->skel = walk__open_opts(&opts);
	assert_non_null(rig->skel);
	rig->skel->rodata->tach_wake_sz = wake_sz;
	assert_return_code(bpf_map__set_max_entries(rig->skel->maps.tach_ring, ring_sz), 0);
	assert_return_code(walk__load(rig->skel), errno);
	rig->source = tach_source__open_ring(bpf_map__fd(rig->skel->maps.tach_ring), -1, &handlers);
	assert_non_null(rig->source);
	rig_poison_scratch(rig);
	fake_init(&rig->fake, layout);
	rig->skel->bss->probe_in.tid = FAKE_TID;
	return rig;
}

static inline int rig_setup(void **state)
{
	*state = rig_new(*state, RIG_RING_SZ, RIG_RING_SZ);
	return 0;
}

static inline int rig_teardown(void **state)
{
	struct rig *rig = *state;

	rig_forget(rig);
	tach_source__free(rig->source);
	walk__destroy(rig->skel);
	fake_free(&rig->fake);
	free(rig);
	return 0;
}

/* Table rows of cmocka: a test on one layout, or on each. */
#define RIG_TEST_ON(test, layout)                                                                  \
	{#test "/" #layout, test, rig_setup, rig_teardown, (void *)&layout_##layout}
#define RIG_TEST(test) RIG_TEST_ON(test, 313), RIG_TEST_ON(test, 315), RIG_TEST_ON(test, moved)

#endif
