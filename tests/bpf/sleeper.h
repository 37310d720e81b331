/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SLEEPER_H
#define TACH_SLEEPER_H

/* The first thread of the process sleeps in a system call, another one says to switches.bpf.c when it left its CPU and
 * when it was woken up. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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

#define MS	 1000000ull /* the period, too */
#define BEGIN_NS (1000 * MS)
#define RING_SZ	 4096

struct sleeper {
	struct switches *skel;
	struct ring_buffer *ring;
	struct tach_rec_call found;
	int cnt;
};

static inline int sleeper_on_record(void *ctx, void *data, size_t sz)
{
	struct sleeper *sleeper = ctx;

	if (((struct tach_rec_hdr *)data)->type != TACH_REC_CALL)
		return 0;
	if (sz < sizeof(sleeper->found))
		return -EINVAL;
	sleeper->found = *(struct tach_rec_call *)data;
	sleeper->cnt++;
	return 0;
}

/* False: it failed, or the thread has not been asleep for a long time. */
static inline bool sleeper_step(struct sleeper *sleeper, __u32 what, __u32 runnable, __u64 now_ns)
{
	int fd = bpf_program__fd(sleeper->skel->progs.tach_probe_step);

	sleeper->skel->bss->step = (struct tach_step){what, runnable, now_ns, 0, 1};
	for (int i = 0; i < 10000; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts);

		if (bpf_prog_test_run_opts(fd, &opts))
			return false;
		if ((int)opts.retval != TACH_STEP_AWAKE)
			return !opts.retval;
		usleep(1000);
	}
	return false;
}

/* Sum of @counter over all CPUs. */
static inline __u64 sleeper_count(struct sleeper *sleeper, enum tach_counter counter)
{
	int cpus = libbpf_num_possible_cpus();
	struct tach_count_ent ents[cpus];
	__u32 zero = 0;
	__u64 sum = 0;

	assert_return_code(bpf_map__lookup_elem(sleeper->skel->maps.tach_counts, &zero,
						sizeof(zero), ents, sizeof(ents), 0),
			   errno);
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += ents[cpu].n[TACH_ST__CNT + counter];
	return sum;
}

static inline int sleeper_setup(void **state)
{
	struct sleeper *sleeper = calloc(1, sizeof(*sleeper));

	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = getenv("RIG_BTF")); /* rig.h */

	assert_non_null(sleeper);
	sleeper->skel = switches__open_opts(&opts);
	assert_non_null(sleeper->skel);
	bpf_map__set_max_entries(sleeper->skel->maps.tach_scratches, 1);
	bpf_map__set_max_entries(sleeper->skel->maps.tach_ring, RING_SZ);
	sleeper->skel->rodata->tach_network = true;
	assert_return_code(switches__load(sleeper->skel), errno);
	sleeper->ring = ring_buffer__new(bpf_map__fd(sleeper->skel->maps.tach_ring),
					 sleeper_on_record, sleeper, NULL);
	assert_non_null(sleeper->ring);
	*state = sleeper;
	return 0;
}

static inline int sleeper_teardown(void **state)
{
	struct sleeper *sleeper = *state;

	ring_buffer__free(sleeper->ring);
	switches__destroy(sleeper->skel);
	free(sleeper);
	return 0;
}

/* One block of the first thread. */
struct block {
	struct sleeper *sleeper;
	long call; /* in which it sleeps */
	bool runnable;
	__u64 ms;
	int times;			  /* that it happens; 0: once */
	void (*end)(struct block *block); /* let the call return */
	int fd, other;			  /* what it sleeps on, and what ends that */
	bool done;
};

static inline bool sleeps_in(long call)
{
	FILE *file = fopen("/proc/self/syscall", "r"); /* of the first thread */
	long number = -1;
	bool found;

	if (!file)
		return false;
	found = fscanf(file, "%ld", &number) == 1 && number == call;
	fclose(file);
	return found;
}

static inline void *sleeper_tell(void *ctx)
{
	struct block *block = ctx;
	struct sleeper *sleeper = block->sleeper;
	__u64 now_ns = BEGIN_NS + 10 * MS;

	for (int i = 0; i < 10000 && !sleeps_in(block->call); i++)
		usleep(1000);
	/* Only the first one begins the ledger. */
	block->done = sleeps_in(block->call) && sleeper_step(sleeper, TACH_STEP_BEGIN, 0, BEGIN_NS);
	for (int i = 0; block->done && i < (block->times ?: 1); i++) {
		block->done = sleeper_step(sleeper, TACH_STEP_ENTER, 0, now_ns) &&
			      sleeper_step(sleeper, TACH_STEP_LEAVE, block->runnable, now_ns) &&
			      sleeper_step(sleeper, TACH_STEP_WAKE, 0, now_ns + block->ms * MS);
	}
	block->end(block);
	return NULL;
}

/* @block happens while @sleep() does, which returns when that has ended. Returns the number of records. */
static inline int sleeper_take(struct block *block, void (*sleep)(struct block *block))
{
	pthread_t thread;

	block->sleeper->cnt = 0;
	assert_int_equal(pthread_create(&thread, NULL, sleeper_tell, block), 0);
	sleep(block);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(block->done);
	assert_return_code(ring_buffer__consume(block->sleeper->ring), 0);
	return block->sleeper->cnt;
}

#endif
