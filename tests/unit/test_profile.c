// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/aggregate/profile.c"
#include "user/aggregate/tape.c"
#include "user/aggregate/tape_read.c"
#undef BUF_SZ
#include "user/util/input.c"
#include "user/aggregate/who.c"
#include "user/util/idmap.c"
#include "profile_build.h"

static __u64 row_sum(const struct tach_profile *profile)
{
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < tach_profile__row_cnt(profile); i++)
		sum += tach_profile__row(profile, i)->weight;
	return sum;
}

/* The letters of a stack from its leaf node, leaf first; '?' is the marker. */
static const char *letters_of(const struct tach_build *build, __u32 node)
{
	static char buf[64];
	const struct tach_node *at;
	const struct tach_frame *frame;
	const char *func;
	size_t len = 0;

	for (; node && len < sizeof(buf) - 1; node = at->parent) {
		at = tach_profile__node(build->profile, node);
		assert_true(at->parent < node);
		frame = tach_frametab__get(build->tab, at->frame);
		func = tach_frametab__text(build->tab, frame->func, NULL);
		buf[len++] = *func == '<' ? '?' : frame->line == 1 ? *func : *func & ~0x20;
	}
	buf[len] = '\0';
	return buf;
}

static void expect_row(const struct tach_build *build, __u32 idx, __u32 tid, const char *letters,
		       __u64 weight, __u32 seq)
{
	const struct tach_row *row = tach_profile__row(build->profile, idx);

	assert_int_equal(row->tid, tid);
	assert_string_equal(letters_of(build, row->node), letters);
	assert_int_equal(row->weight, weight);
	assert_int_equal(row->seq, seq);
}

static void test_sums(void **state)
{
	struct tach_build build;
	__u64 id;

	(void)state;
	build_start(&build);
	id = build_stack(&build, "cba");
	assert_int_equal(build_add(&build, id, 20, 3), 0);
	assert_int_equal(build_add(&build, id, 10, 1), 0);
	assert_int_equal(build_sample(&build, 20, "ba", 5), 0);
	assert_int_equal(build_add(&build, id, 20, 4000000000u), 0);
	assert_int_equal(build_add(&build, id, 20, 4000000000u), 0);
	assert_int_equal(build_sample(&build, 20, "cba", 1), 0); /* the same stack again */
	assert_int_equal(build_sample(&build, 30, "xa", 0), 0);	 /* no weight, no row */
	build_freeze(&build);

	assert_int_equal(tach_profile__row_cnt(build.profile), 3);
	expect_row(&build, 0, 10, "cba", 1, 1);
	expect_row(&build, 1, 20, "ba", 5, 2);
	expect_row(&build, 2, 20, "cba", 8000000004ull, 0);
	assert_int_equal(tach_profile__total(build.profile), 8000000010ull);
	assert_int_equal(row_sum(build.profile), tach_profile__total(build.profile));
	assert_int_equal(tach_profile__lost(build.profile), 0);
	/* root, marker, a, b, c, x */
	assert_int_equal(tach_profile__node_cnt(build.profile), 6);
	assert_int_equal(tach_profile__node(build.profile, 0)->frame, TACH_NO_ID);
	assert_ptr_equal(tach_profile__frames(build.profile), build.tab);
	assert_int_equal(tach_profile__summary(build.profile)->pid, 7);
	build_end(&build);
}

static void test_define_once(void **state)
{
	struct tach_build build;
	tach_frame_id frames[2];

	(void)state;
	build_start(&build);
	frames[0] = build_frame(&build, "/dir/a.py", "a", 1);
	frames[1] = build_frame(&build, "/dir/b.py", "b", 1);
	assert_int_equal(tach_profile__define(build.profile, 0, frames, 1), 0);
	assert_int_equal(tach_profile__define(build.profile, 0, frames, 2), 0);
	assert_int_equal(tach_profile__define(build.profile, 1, frames, 0), -EINVAL);
	assert_int_equal(build_add(&build, 0, 1, 1), 0);
	build_freeze(&build);
	expect_row(&build, 0, 1, "a", 1, 0);
	assert_int_equal(tach_profile__define(build.profile, 9, frames, 1), -EINVAL);
	assert_int_equal(tach_profile__add(build.profile, &(struct tach_event){.weight = 1}),
			 -EINVAL);
	assert_int_equal(tach_profile__freeze(build.profile, tach_profile__summary(build.profile)),
			 -EINVAL);
	assert_int_equal(tach_profile__total(build.profile), 1);
	build_end(&build);
}

static void test_lost(void **state)
{
	struct tach_build build;

	(void)state;
	build_start(&build);
	assert_int_equal(build_add(&build, 77, 5, 2), 0);
	assert_int_equal(build_add(&build, 78, 5, 3), 0);
	assert_int_equal(build_sample(&build, 5, "a", 4), 0);
	build_freeze(&build);
	assert_int_equal(tach_profile__lost(build.profile), 5);
	assert_int_equal(tach_profile__total(build.profile), 9);
	assert_int_equal(tach_profile__row_cnt(build.profile), 2);
	expect_row(&build, 0, 5, "?", 5, 0);
	expect_row(&build, 1, 5, "a", 4, 1);
	build_end(&build);
}

static void test_empty(void **state)
{
	struct tach_build build;

	(void)state;
	build_start(&build);
	build_freeze(&build);
	assert_int_equal(tach_profile__row_cnt(build.profile), 0);
	assert_int_equal(tach_profile__total(build.profile), 0);
	build_end(&build);
	tach_profile__free(NULL);
}

struct heard {
	struct tach_event *events; /* [cnt] */
	__u32 cnt, stop_at;
};

static int hear(void *ctx, const struct tach_event *event)
{
	struct heard *heard = ctx;

	if (heard->cnt == heard->stop_at)
		return -ECANCELED;
	heard->events[heard->cnt++] = *event;
	return 0;
}

/* What the samples of a row consist of. */
static void test_states(void **unused)
{
	static const __u32 states[] = {
		TACH_STATE_ON_CPU | TACH_STATE_HAS_GIL,
		TACH_STATE_ON_CPU | TACH_STATE_HAS_GIL | TACH_STATE_HAS_EXCEPTION,
		TACH_STATE_GIL_REQUESTED,
		TACH_STATE_CPU_UNKNOWN,
	};
	struct tach_event event = {0};
	const struct tach_row *row;
	struct tach_build build;
	bool added;

	(void)unused;
	build_start(&build);
	event.node = tach_profile__leaf(build.profile, build_stack(&build, "ba"));
	event.who = tach_profile__who_of(build.profile, 0, 0, 5, &added);
	for (__u32 i = 0; i < 4; i++) {
		event.state = states[i];
		event.weight = 1 << i;
		assert_int_equal(tach_profile__add(build.profile, &event), 0);
	}
	build_freeze(&build);
	row = tach_profile__row(build.profile, 0);
	assert_int_equal(row->weight, 15);
	assert_int_equal(row->weights[TACH_ON_CPU_WITH_GIL], 3);
	assert_int_equal(row->weights[TACH_WAITS_FOR_GIL], 4);
	assert_int_equal(row->weights[TACH_OFF_CPU], 8);
	assert_int_equal(row->exceptions, 2);
	assert_int_equal(row->cpu_unknown, 8);
	build_end(&build);
}

/* Events come back as they went in, many more than any buffer holds; but the time of a thread does not go
 * back. */
static void test_events(void **state)
{
	enum { CNT = 100000, THREADS = 7 };
	struct heard heard = {.events = calloc(CNT, sizeof(*heard.events)), .stop_at = CNT};
	struct tach_event event = {0};
	struct tach_build build;
	__u64 id, last_ns[THREADS] = {0};
	bool added;

	(void)state;
	build_start(&build);
	assert_int_equal(tach_profile__keep_events(build.profile, -1, &(struct tach_summary){0}),
			 0);
	id = build_stack(&build, "cba");
	for (__u32 i = 0; i < CNT; i++) {
		event.ts_ns = 1000 + i - (i % 5 ? 0 : 900);
		event.who = tach_profile__who_of(build.profile, 0, 0, 50 + i % THREADS, &added);
		event.node = tach_profile__leaf(build.profile, i % 3 ? id : 77);
		event.state = i & 31;
		event.weight = 1 + i % 9;
		assert_int_equal(event.who, i % THREADS);
		assert_int_equal(tach_profile__add(build.profile, &event), 0);
	}
	event.weight = 0;
	assert_int_equal(tach_profile__add(build.profile, &event), 0);
	assert_int_equal(tach_profile__flush_events(build.profile), 0);
	build_freeze(&build);
	assert_int_equal(tach_profile__walk(build.profile, hear, &heard), 0);
	assert_int_equal(heard.cnt, CNT);
	for (__u32 i = 0; i < CNT; i++) {
		__u64 *last = &last_ns[i % THREADS], ts_ns = 1000 + i - (i % 5 ? 0 : 900);

		if (ts_ns > *last)
			*last = ts_ns;
		assert_int_equal(heard.events[i].ts_ns, *last);
		assert_int_equal(heard.events[i].who, i % THREADS);
		assert_string_equal(letters_of(&build, heard.events[i].node), i % 3 ? "cba" : "?");
		assert_int_equal(heard.events[i].state, i & 31);
		assert_int_equal(heard.events[i].weight, 1 + i % 9);
	}
	heard.cnt = 0;
	heard.stop_at = 5;
	assert_int_equal(tach_profile__walk(build.profile, hear, &heard), -ECANCELED);
	build_end(&build);
	free(heard.events);
}

/* A full disk: the totals stay those of the events that are there. */
static void test_events_without_room(void **state)
{
	struct heard heard = {.events = calloc(100000, sizeof(*heard.events)), .stop_at = 100000};
	struct tach_build build;
	__u64 id;

	(void)state;
	build_start(&build);
	assert_int_equal(tach_profile__keep_events(build.profile, -1, &(struct tach_summary){0}),
			 0);
	id = build_stack(&build, "a");
	assert_int_equal(build_add(&build, id, 1, 1), 0);
	assert_int_equal(tach_profile__flush_events(build.profile), 0);
	close(build.profile->tape->fd);
	build.profile->tape->fd = open("/dev/full", O_RDWR);
	for (__u32 i = 0; i < 99999; i++)
		assert_int_equal(build_add(&build, id, 1, 1), 0);
	assert_int_equal(tach_profile__flush_events(build.profile), -ENOSPC);
	build_freeze(&build);
	assert_true(tach_profile__total(build.profile) < 100000);
	build_end(&build);
	free(heard.events);
}

/* 100,000 stacks of 33 frames, most of them shared, then a sample of each from 4 threads. */
static void test_many(void **state)
{
	enum { STACKS = 100000, DEPTH = 33 };
	tach_frame_id frames[DEPTH];
	struct tach_build build;
	__u32 i, depth;

	(void)state;
	build_start(&build);
	for (depth = 0; depth < DEPTH; depth++)
		frames[depth] = build_frame(&build, "f.py", "f", depth + 1);
	for (i = 0; i < STACKS; i++) {
		frames[0] = build_frame(&build, "leaf.py", "f", i + 1);
		assert_int_equal(tach_profile__define(build.profile, i * 0x9e3779b97f4a7c15ull,
						      frames, DEPTH),
				 0);
	}
	for (i = 0; i < 4 * STACKS; i++)
		assert_int_equal(
			build_add(&build, i % STACKS * 0x9e3779b97f4a7c15ull, i / STACKS, 1), 0);
	build_freeze(&build);
	assert_int_equal(tach_profile__node_cnt(build.profile), 2 + DEPTH - 1 + STACKS);
	assert_int_equal(tach_profile__row_cnt(build.profile), 4 * STACKS);
	assert_int_equal(tach_profile__total(build.profile), 4 * STACKS);
	assert_int_equal(row_sum(build.profile), 4 * STACKS);
	for (i = 1; i < 4 * STACKS; i++)
		assert_true(row_cmp(tach_profile__row(build.profile, i - 1),
				    tach_profile__row(build.profile, i)) < 0);
	build_end(&build);
}

/* Whatever allocation fails: an error, no leak, and what was counted before is still right. */
static void test_no_memory(void **state)
{
	const char *const stacks[] = {"cba", "ba", "dcba", "z"};
	struct tach_build build;
	__u64 added = 0;
	int n, failures = 1;
	size_t i;

	(void)state;
	for (n = 0; failures; n++) {
		build = (struct tach_build){.tab = tach_frametab__new()};
		fail_alloc_left = n;
		failures = 0;
		added = 0;
		build.profile = tach_profile__new(build.tab);
		if (!build.profile) {
			fail_alloc_left = -1;
			tach_frametab__free(build.tab);
			failures = 1;
			continue;
		}
		for (i = 0; i < 4; i++) {
			int err = build_sample(&build, i, stacks[i], 1);

			failures += err != 0;
			added += err != -ENOMEM;
		}
		fail_alloc_left = -1;
		failures += tach_profile__lost(build.profile) != 0; /* stacks not defined */
		build_freeze(&build);
		assert_int_equal(tach_profile__total(build.profile), added);
		assert_int_equal(row_sum(build.profile), added);
		build_end(&build);
	}
	assert_true(n > 5);
	assert_int_equal(added, 4);
}

/* A sample must cost next to nothing beside what its record cost: 100,000 a second are 0.5 % of a core
 * at 50 ns. The bound leaves room for sanitizers and a busy machine. */
static void test_add_is_cheap(void **state)
{
	enum { STACKS = 1000, SAMPLES = 2000000 };
	struct timespec before, after;
	struct tach_build build;
	tach_frame_id frame;
	double ns;
	__u32 i;

	(void)state;
	build_start(&build);
	for (i = 0; i < STACKS; i++) {
		frame = build_frame(&build, "f.py", "f", i + 1);
		assert_int_equal(tach_profile__define(build.profile, i + 1, &frame, 1), 0);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	for (i = 0; i < SAMPLES; i++)
		build_add(&build, i * 7919u % STACKS + 1, i & 15, 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	ns = (after.tv_sec - before.tv_sec) * 1e9 + (after.tv_nsec - before.tv_nsec);
	assert_true(ns / SAMPLES < 1000);
	assert_int_equal(tach_profile__total(build.profile), SAMPLES);
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),	     cmocka_unit_test(test_define_once),
		cmocka_unit_test(test_lost),	     cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),	     cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_add_is_cheap), cmocka_unit_test(test_states),
		cmocka_unit_test(test_events),	     cmocka_unit_test(test_events_without_room),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
