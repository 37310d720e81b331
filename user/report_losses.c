// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "report.h"
#include "util/log.h"

#define MANY 1 /* percent: they may change the picture */

#define MORE_ROOM "use a larger --ring-size or a lower rate"

static double percent(__u64 part, __u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_throttles(const struct tach_tally *tally)
{
	if (tally->throttles)
		tach_warn("the kernel held our timers back %llu times, so %s: it allows fewer "
			  "ticks a second than the rate "
			  "asks for; use a lower rate, or raise sysctl "
			  "kernel.perf_event_max_sample_rate",
			  tally->throttles,
			  tally->off_cpu ? "stacks are taken later than they should be"
					 : "samples are missing");
}

/* A tick that fails costs a sample, or, where there are ledgers, the next one is its sample, too. */
static void print_failed_ticks(const struct tach_tally *tally)
{
	for (int i = 0; i < TACH_ST__CNT; i++) {
		if (tach_statuses[i].kind != TACH_KIND_FAIL || !tally->counts[i])
			continue;
		tach_warn("%llu %s: %s%s", tally->counts[i],
			  tally->off_cpu ? "samples have the stack of a later tick"
					 : "samples lost",
			  tach_statuses[i].text, i == TACH_ST_RING_FULL ? "; " MORE_ROOM : "");
	}
}

static void print_off_cpu(const struct tach_tally *tally)
{
	__u64 reused = tach_tally__counter(tally, TACH_CT_OFF_REUSED) + tally->settled.reused;
	__u64 failed = tach_tally__counter(tally, TACH_CT_OFF_FAILED);
	__u64 lost = tach_tally__counter(tally, TACH_CT_OFF_LOST);
	__u64 ledgers = tach_tally__counter(tally, TACH_CT_LEDGERS_LOST);
	__u64 calls = tach_tally__counter(tally, TACH_CT_CALLS_LOST);
	double share = percent(reused, tach_tally__attempts(tally));

	if (failed)
		tach_warn("%llu samples of time off the CPU lost: no stack could be read", failed);
	if (lost)
		tach_warn("%llu samples of time off the CPU lost: ring buffer full; " MORE_ROOM,
			  lost);
	if (ledgers)
		tach_warn("%llu threads that ended are missing in the table of threads: ring "
			  "buffer full; " MORE_ROOM,
			  ledgers);
	if (calls)
		tach_warn("%llu waits for sockets lost: ring buffer half full; " MORE_ROOM, calls);
	if (reused)
		tach_warn(
			"%llu samples (%.2f%%) have an earlier stack of their thread: theirs could "
			"not be read in time%s",
			reused, share,
			share < MANY ? "" : "; compare with --mode cpu, which has none of them");
}

/* Each thread has a few of them. */
static void print_unseen(const struct tach_tally *tally)
{
	__u64 unseen = tach_tally__unseen(tally);

	if (unseen > 0.01 * tach_tally__attempts(tally) +
			     5.0 * tach_profile__thread_cnt(tally->profile) + 10)
		tach_warn("%llu samples are missing: threads ended before anybody looked at them; "
			  "use a higher rate to see what lives so short",
			  unseen);
}

void tach_report__print_losses(const struct tach_tally *tally)
{
	print_throttles(tally);
	print_failed_ticks(tally);
	if (tach_tally__counter(tally, TACH_CT_TRUNCATED))
		tach_warn("%llu stacks were deeper than %d frames; what is missing is shown as "
			  "<truncated>",
			  tach_tally__counter(tally, TACH_CT_TRUNCATED), TACH_MAX_FRAMES);
	if (tach_profile__lost(tally->profile))
		tach_warn("%llu samples name a stack that was never defined; shown as <lost stack>",
			  tach_profile__lost(tally->profile));
	print_off_cpu(tally);
	print_unseen(tally);
	if (tally->line.symbols->unknown)
		tach_warn("%llu frames could not be resolved; shown as <unknown: cause>",
			  tally->line.symbols->unknown);
}
