// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "util/log.h"

#define MAX_NAMED_THREADS 4

enum status_kind {
	SAMPLE,
	SKIP,
	FAIL,
};

static const struct {
	const char *name, *text;
	enum status_kind kind;
} statuses[] = {
#define X(name, kind, text) [TACH_ST_##name] = {#name, text, kind},
	TACH_STATUSES(X)
#undef X
};

static const char *const counters[] = {
#define X(name, text) [TACH_CT_##name] = #name,
	TACH_COUNTERS(X)
#undef X
};

static __u64 sum_of(const struct tach_tally *tally, enum status_kind kind)
{
	__u64 sum = 0;

	for (int i = 0; i < TACH_ST__CNT; i++)
		sum += statuses[i].kind == kind ? tally->counts[i] : 0;
	return sum;
}

static __u64 counter(const struct tach_tally *tally, enum tach_counter idx)
{
	return tally->counts[TACH_ST__CNT + idx];
}

/* Timers can run late and merge ticks, and the kernel does not count that: what was due is what the
 * target's own clock says. The number of ticks on a thread that comes and goes is random; three standard
 * deviations of it are no loss. */
static void print_missed(const struct tach_tally *tally, FILE *out)
{
	__u64 due = tally->cpu_ns / tally->period_ns;
	__u64 seen = counter(tally, TACH_CT_TARGET_TICKS) - tally->counts[TACH_ST_NOT_DUE] -
		     tally->counts[TACH_ST_OTHER_THREAD];

	if (!tally->all_threads) /* the main thread has a thread state: those were others */
		seen -= tally->counts[TACH_ST_NO_PYTHON];
	if (tally->interrupted || seen + 0.01 * due + 3 * sqrt(due) >= due)
		return;
	fprintf(out, "Warning: missed %llu samples from the expected total of %llu (%.2f%%)\n",
		due - seen, due, 100.0 * (due - seen) / due);
}

static double percent(__u64 part, __u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* The ledger: where the wall-clock time of the threads went. */
static void print_threads(const struct tach_tally *tally, FILE *out)
{
	__u32 cnt = tach_profile__thread_cnt(tally->profile);

	fprintf(out, "Threads:%10s  wall (s)  running  runnable  blocked  residual\n", "tid");
	for (__u32 i = 0; i < cnt && i < TACH_REPORT_THREADS; i++) {
		const struct tach_thread_time *t = tach_profile__thread(tally->profile, i);
		__u64 known_ns = t->on_ns + t->off_ns;

		fprintf(out, "%18u  %8.2f  %6.1f%%  %7.1f%%  %6.1f%%  %7.2f%%%s\n", t->tid,
			t->wall_ns / 1e9, percent(t->on_ns, t->wall_ns),
			percent(t->runnable_ns, t->wall_ns),
			percent(t->off_ns - t->runnable_ns, t->wall_ns),
			100 - percent(known_ns, t->wall_ns), t->main_thread ? "  main" : "");
	}
	if (cnt > TACH_REPORT_THREADS)
		fprintf(out, "%18s  and %u more\n", "", cnt - TACH_REPORT_THREADS);
	if (tally->waits)
		tach_report__print_gil(tally, out);
}

/* A name is the program's: it must not move the cursor. */
static void print_comm(const char comm[16], FILE *out)
{
	for (int i = 0; i < 16 && comm[i]; i++)
		fputc((unsigned char)comm[i] < ' ' || comm[i] == 0x7f ? '?' : comm[i], out);
}

/* The first and the last moments of any thread are without Python: a little of that is not worth a word. */
static void print_bare_threads(const struct tach_tally *tally, FILE *out)
{
	const double tick_s = tally->period_ns / 1e9, least_s = 0.005;
	double total_s = tally->counts[TACH_ST_NO_PYTHON] * tick_s, rest_s = total_s;
	int i;

	if (total_s < least_s)
		return;
	fprintf(out, "CPU in threads without Python: %.2f s", total_s);
	for (i = 0; i < tally->bare_cnt && i < MAX_NAMED_THREADS; i++) {
		const struct tach_bare_thread *thread = &tally->bare[i];
		double cpu_s = thread->ticks * tick_s;

		if (cpu_s < least_s)
			break;
		fputs(i ? ", " : " (", out);
		print_comm(thread->comm, out);
		fprintf(out, " %u: %.2f s", tally->host_tids ? thread->host_tid : thread->tid,
			cpu_s);
		rest_s -= cpu_s;
	}
	if (i && rest_s >= least_s)
		fprintf(out, ", others: %.2f s", rest_s);
	fputs(i ? ")\n" : "\n", out);
}

static void print_losses_off_cpu(const struct tach_tally *tally)
{
	__u64 reused = counter(tally, TACH_CT_OFF_REUSED) + tally->settled.reused;

	if (counter(tally, TACH_CT_OFF_FAILED))
		tach_warn("%llu samples of time off the CPU lost: no stack could be read",
			  counter(tally, TACH_CT_OFF_FAILED));
	if (counter(tally, TACH_CT_OFF_LOST))
		tach_warn("%llu samples of time off the CPU lost: ring buffer full",
			  counter(tally, TACH_CT_OFF_LOST));
	if (reused)
		tach_warn("%llu samples of time off the CPU have an earlier stack of their thread",
			  reused);
}

static void print_losses(const struct tach_tally *tally)
{
	for (int i = 0; i < TACH_ST__CNT; i++) {
		if (statuses[i].kind == FAIL && tally->counts[i])
			tach_warn("%llu samples lost: %s%s", tally->counts[i], statuses[i].text,
				  i == TACH_ST_RING_FULL
					  ? "; use a larger --ring-size or a lower rate"
					  : "");
	}
	if (counter(tally, TACH_CT_TRUNCATED))
		tach_warn("%llu stacks were deeper than %d frames; what is missing is shown as "
			  "<truncated>",
			  counter(tally, TACH_CT_TRUNCATED), TACH_MAX_FRAMES);
	if (tach_profile__lost(tally->profile))
		tach_warn("%llu samples name a stack that was never defined; shown as <lost stack>",
			  tach_profile__lost(tally->profile));
	print_losses_off_cpu(tally);
	if (tally->line.symbols->unknown)
		tach_warn("%llu frames could not be resolved; shown as <unknown: cause>",
			  tally->line.symbols->unknown);
}

/* The books must balance; if they do not, nothing above can be believed, so say it. */
static void audit(const struct tach_tally *tally)
{
	__u64 ends = sum_of(tally, SAMPLE) + sum_of(tally, SKIP) + sum_of(tally, FAIL);
	__u64 sent = tally->counts[TACH_ST_SAMPLED] + counter(tally, TACH_CT_OFF_RECORDS) +
		     tally->settled.records;

	if (ends != counter(tally, TACH_CT_TARGET_TICKS))
		tach_warn("internal: %llu ticks on the target, but %llu accounted for",
			  counter(tally, TACH_CT_TARGET_TICKS), ends);
	if (tally->line.samples != sent)
		tach_warn("internal: %llu samples sent, but %llu received", sent,
			  tally->line.samples);
	if (tally->line.bad)
		tach_warn("internal: %llu malformed records", tally->line.bad);
}

static void print_details(const struct tach_tally *tally)
{
	for (int i = 0; i < TACH_ST__CNT; i++)
		tach_debug("status %s %llu", statuses[i].name, tally->counts[i]);
	for (int i = 0; i < TACH_CT__CNT; i++)
		tach_debug("counter %s %llu", counters[i], counter(tally, i));
	tach_debug("settled samples %llu records %llu reused %llu", tally->settled.samples,
		   tally->settled.records, tally->settled.reused);
	tach_debug("target cpu_ns %llu", tally->cpu_ns);
	tach_debug("symbols codes %llu fallbacks %llu unknown %llu", tally->line.symbols->codes,
		   tally->line.symbols->fallbacks, tally->line.symbols->unknown);
	tach_debug("bpf run_ns %llu run_cnt %llu verified_insns %u", tally->bpf.run_ns,
		   tally->bpf.run_cnt, tally->bpf.verified_insns);
}

void tach_report__print(const struct tach_tally *tally, FILE *out)
{
	__u64 failed = sum_of(tally, FAIL) + counter(tally, TACH_CT_OFF_FAILED) +
		       counter(tally, TACH_CT_OFF_LOST);
	__u64 attempts = counter(tally, TACH_CT_ON_SAMPLES) + counter(tally, TACH_CT_OFF_SAMPLES) +
			 tally->settled.samples + failed;

	if (tally->interrupted)
		fprintf(out, "Interrupted by user.\n");
	fprintf(out, "Captured %llu sample%s in %.2f seconds\n", attempts, attempts == 1 ? "" : "s",
		tally->duration_s);
	fprintf(out, "Sample rate: %.2f samples/sec\n",
		tally->duration_s > 0 ? attempts / tally->duration_s : 0);
	fprintf(out, "Error rate: %.2f\n", attempts ? 100.0 * failed / attempts : 0);
	if (tach_profile__thread_cnt(tally->profile))
		print_threads(tally, out);
	else
		print_missed(tally, out);
	print_bare_threads(tally, out);
	fflush(out);
	print_losses(tally);
	audit(tally);
	print_details(tally);
}
