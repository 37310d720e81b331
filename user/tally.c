// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "util/log.h"

#define KIND_SAMPLE TACH_KIND_SAMPLE
#define KIND_SKIP   TACH_KIND_SKIP
#define KIND_FAIL   TACH_KIND_FAIL

const struct tach_status_info tach_statuses[TACH_ST__CNT] = {
#define X(name, kind, text) [TACH_ST_##name] = {#name, text, KIND_##kind},
	TACH_STATUSES(X)
#undef X
};

static int say(int err)
{
	return tach_error(err, "cannot read the counters: %s", strerror(-err));
}

int tach_tally__count(struct tach_tally *tally, struct tach_loader *loader)
{
	int err = tach_loader__counts(loader, tally->counts);

	return err ? say(err) : 0;
}

int tach_tally__collect(struct tach_tally *tally, struct tach_loader *loader)
{
	int err;

	tally->throttles = tach_loader__throttles(loader);
	tally->bare_cnt = tach_loader__bare_threads(loader, tally->bare, TACH_TALLY_BARE);
	err = tach_loader__bpf_time(loader, &tally->bpf);
	if (err)
		return say(err);
	err = tach_tally__count(tally, loader);
	if (err || !(tally->filter & TACH_STATE_HAS_GIL))
		return err;
	tally->wait_cnt = tach_loader__gil_waits(loader, &tally->waits);
	return tally->wait_cnt < 0 ? say(tally->wait_cnt) : 0;
}

void tach_tally__free(struct tach_tally *tally)
{
	free(tally->waits);
	tally->waits = NULL;
}

__u64 tach_tally__ticks(const struct tach_tally *tally, enum tach_status_kind kind)
{
	__u64 sum = 0;

	for (int i = 0; i < TACH_ST__CNT; i++)
		sum += tach_statuses[i].kind == kind ? tally->counts[i] : 0;
	return sum;
}

__u64 tach_tally__counter(const struct tach_tally *tally, enum tach_counter idx)
{
	return tally->counts[TACH_ST__CNT + idx];
}

__u64 tach_tally__errors(const struct tach_tally *tally)
{
	if (!tally->off_cpu)
		return tach_tally__ticks(tally, TACH_KIND_FAIL);
	return tach_tally__counter(tally, TACH_CT_OFF_FAILED) +
	       tach_tally__counter(tally, TACH_CT_OFF_LOST);
}

__u64 tach_tally__unseen(const struct tach_tally *tally)
{
	return tach_tally__counter(tally, TACH_CT_UNSEEN) + tally->settled.unseen;
}

__u64 tach_tally__attempts(const struct tach_tally *tally)
{
	return tach_tally__counter(tally, TACH_CT_ON_SAMPLES) +
	       tach_tally__counter(tally, TACH_CT_OFF_SAMPLES) + tally->settled.samples +
	       tach_tally__errors(tally);
}

__u64 tach_tally__bpf_ns(const struct tach_tally *tally)
{
	return tach_tally__counter(tally, TACH_CT_TICK_NS) +
	       tach_tally__counter(tally, TACH_CT_SWITCH_NS);
}

double tach_tally__ring_share(const struct tach_tally *tally)
{
	double share = tally->ring_sz ? (double)tally->line.read->ring_most / tally->ring_sz : 0;

	return share < 1 ? share : 1; /* more came while it was emptied */
}

struct tach_stack_reads tach_tally__stack_reads(const struct tach_tally *tally)
{
	struct tach_stack_reads reads = {
		.total = tally->counts[TACH_ST_SAMPLED] +
			 tach_tally__counter(tally, TACH_CT_OFF_READS) +
			 tach_tally__counter(tally, TACH_CT_OFF_WORKS),
		.checked = tach_tally__counter(tally, TACH_CT_REVALIDATED),
		.fresh = tach_tally__counter(tally, TACH_CT_STACKS),
	};
	__u64 others = reads.checked + reads.fresh;

	/* A stack whose sample did not fit into the ring was looked up, too. */
	if (reads.total < others)
		reads.total = others;
	reads.known = reads.total - others;
	return reads;
}

/* A thread's wall-clock time, less that in which it had no Python, or was in a state that does not count. */
static __u64 due_by_ledgers(const struct tach_tally *tally)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < tach_profile__thread_cnt(tally->profile); i++) {
		const struct tach_thread_time *t = tach_profile__thread(tally->profile, i);
		__u64 all = t->wall_ns / tally->period_ns;

		sum += all > t->skipped ? all - t->skipped : 0;
	}
	return sum;
}

/* The wall clock's periods in which there was something to stop. */
static __u64 stops_due(const struct tach_stopped *stopped)
{
	return stopped->due > stopped->other ? stopped->due - stopped->other : 0;
}

__u64 tach_tally__due(const struct tach_tally *tally)
{
	if (tally->blocking)
		return stops_due(&tally->stopped);
	return tally->off_cpu ? due_by_ledgers(tally) : tally->cpu_ns / tally->period_ns;
}

/* Ticks on the threads that are sampled; without Python they count as seen. */
static __u64 ticks_seen(const struct tach_tally *tally)
{
	__u64 seen = tach_tally__counter(tally, TACH_CT_TARGET_TICKS) -
		     tally->counts[TACH_ST_NOT_DUE] - tally->counts[TACH_ST_OTHER_THREAD];

	/* The main thread has a thread state: those were others. */
	return tally->all_threads ? seen : seen - tally->counts[TACH_ST_NO_PYTHON];
}

__u64 tach_tally__missed(const struct tach_tally *tally)
{
	__u64 due = tach_tally__due(tally), seen;
	double slack = 0.01 * due;

	if (tally->blocking)
		return due > tally->stopped.cnt ? due - tally->stopped.cnt : 0;
	if (tally->off_cpu) {
		seen = tach_tally__attempts(tally);
		/* Up to two periods of each thread lie across its begin and its end. */
		slack += 2.0 * tach_profile__thread_cnt(tally->profile);
	} else {
		seen = ticks_seen(tally);
		/* Of a thread that comes and goes the number of ticks is random; three standard deviations
		 * are no loss. */
		slack += 3 * sqrt(due);
	}
	return seen + slack >= due ? 0 : due - seen;
}
