// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The ledger of a thread adds up, also where the kernel keeps switches to itself (bpf/switch.bpf.h). */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util/types.h"
#include "bpf/tach_layout.h"
#include "bpf/tach_status.h"
#include "bpf/tach_maps.h"
#include "bpf/tach_wire.h"
#include "tests/bpf/step.h"
#include "switches.skel.h"

#define MS	 1000000ull /* the period, too: a sample for each */
#define BEGIN_NS (1000 * MS)
#define STACK	 77

/* Samples off the CPU, by how their stack was known. */
struct found {
	__u64 read, reused;
};

struct ledger {
	struct switches *skel;
	struct ring_buffer *ring;
	struct found found;
};

/* A step of the test, in ms. */
#define LEAVE(at, ran)	 {TACH_STEP_LEAVE, 0, (at) * MS, (ran) * MS, STACK}
#define PREEMPT(at, ran) {TACH_STEP_LEAVE, 1, (at) * MS, (ran) * MS, STACK}
#define ENTER(at, ran)	 {TACH_STEP_ENTER, 0, (at) * MS, (ran) * MS, 0}
#define WAKE(at, ran)	 {TACH_STEP_WAKE, 0, (at) * MS, (ran) * MS, 0}
#define TICK(at)	 {TACH_STEP_TICK, 0, (at) * MS, 0, 0}

static int on_record(void *ctx, void *data, size_t sz)
{
	const struct tach_rec_sample *rec = data;
	struct found *found = ctx;

	if (rec->hdr.type != TACH_REC_SAMPLE || sz < sizeof(*rec) || rec->stack_id != STACK)
		return -EINVAL;
	*(rec->state & TACH_STATE_REUSED ? &found->reused : &found->read) += rec->weight;
	return 0;
}

static int setup(void **state)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = getenv("RIG_BTF")); /* rig.h */

	assert_non_null(ledger);
	ledger->skel = switches__open_opts(&opts);
	assert_non_null(ledger->skel);
	bpf_map__set_max_entries(ledger->skel->maps.tach_scratches, 1);
	assert_return_code(switches__load(ledger->skel), errno);
	ledger->ring = ring_buffer__new(bpf_map__fd(ledger->skel->maps.tach_ring), on_record,
					&ledger->found, NULL);
	assert_non_null(ledger->ring);
	*state = ledger;
	return 0;
}

static int teardown(void **state)
{
	struct ledger *ledger = *state;

	ring_buffer__free(ledger->ring);
	switches__destroy(ledger->skel);
	free(ledger);
	return 0;
}

struct run {
	struct ledger *ledger;
	const struct tach_step *steps;
	int cnt, last; /* what the last one returned */
};

/* Returns what the program did, -1 if it failed. */
static int run_step(struct switches *skel, struct tach_step step)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	step.now_ns += BEGIN_NS;
	skel->bss->step = step;
	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.tach_probe_step), &opts))
		return -1;
	return (int)opts.retval;
}

/* In a thread of its own: the first one sleeps meanwhile, once it has got there. */
static void *run_steps(void *ctx)
{
	struct run *run = ctx;
	struct switches *skel = run->ledger->skel;

	while ((run->last = run_step(skel, (struct tach_step){.what = TACH_STEP_BEGIN})) ==
	       TACH_STEP_AWAKE)
		usleep(100);
	for (int i = 0; i < run->cnt && run->last >= 0; i++)
		run->last = run_step(skel, run->steps[i]);
	return NULL;
}

/* Returns what the last step did. */
static int take(struct ledger *ledger, const struct tach_step *steps, int cnt)
{
	struct run run = {.ledger = ledger, .steps = steps, .cnt = cnt};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run_steps, &run), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_in_range(run.last, 0, INT_MAX);
	assert_return_code(ring_buffer__consume(ledger->ring), 0);
	return run.last;
}

#define TAKE(ledger, ...)                                                                          \
	take(ledger, (const struct tach_step[]){__VA_ARGS__},                                      \
	     sizeof((const struct tach_step[]){__VA_ARGS__}) / sizeof(struct tach_step))

/* One at a random point of each period: at most one to either side. */
static void check_samples(__u64 samples, __u64 ms)
{
	assert_in_range(samples + 1, ms, ms + 2);
}

static void check_times(const struct ledger *ledger, __u64 on_ms, __u64 off_ms, __u64 runnable_ms)
{
	const struct tach_thread *t = &ledger->skel->bss->thread_now;

	assert_int_equal(t->on_ns, on_ms * MS);
	assert_int_equal(t->off_ns, off_ms * MS);
	assert_int_equal(t->runnable_ns, runnable_ms * MS);
}

static void test_all_seen(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, LEAVE(10, 10), WAKE(110, 0), ENTER(113, 0));
	check_samples(ledger->found.read, 103);
	assert_int_equal(ledger->found.reused, 0);
	check_times(ledger, 10, 103, 3);
	assert_int_equal(ledger->skel->bss->thread_now.unseen, 0);
}

/* It comes back unseen, runs on and leaves again: what it left to do then is not what it had left before. */
static void test_return_and_leave_unseen(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, PREEMPT(10, 10), WAKE(215, 5), ENTER(216, 0));
	assert_in_range(ledger->found.read, 0, 1);
	check_samples(ledger->found.reused, 201);
	check_times(ledger, 15, 201, 1);
}

/* The same after a sleep of which all is known. */
static void test_sleep_then_unseen(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, LEAVE(10, 10), WAKE(60, 0), ENTER(100, 5));
	check_samples(ledger->found.read, 50);
	check_samples(ledger->found.reused, 35);
	check_times(ledger, 15, 85, 0);
}

/* What happened once and not again for a long time costs no more. */
static void test_unseen_long_ago(void **state)
{
	struct ledger *ledger = *state;
	const struct tach_thread *t = &ledger->skel->bss->thread_now;
	struct tach_step steps[2 * 255];

	TAKE(ledger, PREEMPT(10, 10), WAKE(215, 5), ENTER(216, 0));
	assert_in_range(t->unseen, 2, 255);
	for (int i = 0; i < 255; i++) {
		steps[2 * i] = (struct tach_step)LEAVE(220 + 2 * i, 0);
		steps[2 * i + 1] = (struct tach_step)ENTER(221 + 2 * i, 0);
	}
	take(ledger, steps, 2);
	assert_int_not_equal(t->unseen, 0);
	take(ledger, steps + 2, 2 * 254);
	assert_int_equal(t->unseen, 0);
}

/* The ledger of a thread that was on its way begins with the wrong half of a switch. */
static void test_begin_in_a_switch(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, ENTER(1, 0), LEAVE(2, 1));
	assert_int_equal(ledger->skel->bss->thread_now.unseen, 0);
}

static void test_leave_unseen(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, LEAVE(1, 1), ENTER(2, 0), WAKE(210, 8), ENTER(211, 0));
	assert_in_range(ledger->found.read, 0, 2);
	check_samples(ledger->found.reused, 201);
	check_times(ledger, 9, 202, 1);
}

/* A tick finds a thread that is not back yet: it must not take what is due for the time before. */
static void test_tick_after_unseen_return(void **state)
{
	struct ledger *ledger = *state;
	int weight = TAKE(ledger, LEAVE(10, 10), WAKE(210, 0), TICK(213));

	assert_in_range(weight, 10 + 3 - 2, 10 + 3 + 2); /* and none has come before */
	check_samples(ledger->found.read, 200);
	TAKE(ledger, LEAVE(215, 5));
	check_times(ledger, 15, 200, 0);
}

static void test_seen_leaving(void **state)
{
	struct ledger *ledger = *state;

	TAKE(ledger, LEAVE(10, 10), WAKE(110, 0), LEAVE(118, 5));
	check_samples(ledger->found.read, 103);
	assert_int_equal(ledger->found.reused, 0);
	check_times(ledger, 15, 103, 3);
}

/* Named like what slow machines run (rig.h): the tests on the newest layout; this has none. */
#define CASE(test) {#test "/315", test, setup, teardown, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_all_seen),
		CASE(test_return_and_leave_unseen),
		CASE(test_unseen_long_ago),
		CASE(test_begin_in_a_switch),
		CASE(test_sleep_then_unseen),
		CASE(test_leave_unseen),
		CASE(test_tick_after_unseen_return),
		CASE(test_seen_leaving),
	};

	cmocka_set_test_filter(getenv("RIG_TESTS"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
