// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "util/log.h"

#define MAX_NAMED_THREADS 4
#define MAX_NAME_SZ	  80

static const char *const counters[] = {
#define X(name, text) [TACH_CT_##name] = #name,
	TACH_COUNTERS(X)
#undef X
};

static void print_missed(const struct tach_tally *tally, FILE *out)
{
	__u64 due = tach_tally__due(tally), missed = tach_tally__missed(tally);

	if (missed)
		fprintf(out,
			"Warning: missed %llu samples from the expected total of %llu (%.2f%%)\n",
			missed, due, 100.0 * missed / due);
}

/* What it cost: our process, and our programs wherever they ran. */
static void print_own_cpu(const struct tach_tally *tally, __u64 attempts, FILE *out)
{
	double user_s = tally->own_cpu_ns / 1e9, sum_s;
	double bpf_s = tach_tally__bpf_ns(tally) / 1e9;

	sum_s = user_s + bpf_s;
	fprintf(out, "Own CPU time: %.3f s", sum_s);
	if (tally->duration_s > 0)
		fprintf(out, " (%.1f%% of one CPU)", 100 * sum_s / tally->duration_s);
	if (!tally->blocking)
		fprintf(out, ", %.3f s of it in the kernel's BPF programs", bpf_s);
	if (attempts)
		fprintf(out, "; %.1f us per sample", 1e6 * sum_s / attempts);
	fprintf(out, "; %.3f s before that, to start\n", tally->setup_cpu_ns / 1e9);
}

void tach_report__print_name(struct tach_text name, FILE *out)
{
	char escaped[TACH_ESCAPE_MAX(MAX_NAME_SZ)];
	struct tach_text rest = name, shown = {name.ptr, 0};
	size_t sz;
	__u32 code;

	while (rest.sz) {
		sz = tach_text__next(rest, &code);
		if (shown.sz + sz > MAX_NAME_SZ)
			break;
		shown.sz += sz;
		rest.ptr += sz;
		rest.sz -= sz;
	}
	fwrite(escaped, 1, tach_text__escape(escaped, shown, TACH_ESCAPE_SURROGATES), out);
	fputs(rest.sz ? "..." : "", out);
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
		tach_report__print_name(
			(struct tach_text){thread->comm,
					   strnlen(thread->comm, sizeof(thread->comm))},
			out);
		fprintf(out, " %u: %.2f s", tally->host_tids ? thread->host_tid : thread->tid,
			cpu_s);
		rest_s -= cpu_s;
	}
	if (i && rest_s >= least_s)
		fprintf(out, ", others: %.2f s", rest_s);
	fputs(i ? ")\n" : "\n", out);
}

/* The books must balance; if they do not, nothing above can be believed, so say it. */
static void audit(const struct tach_tally *tally)
{
	__u64 ticks = tach_tally__counter(tally, TACH_CT_TARGET_TICKS), ends = 0;
	__u64 sent = tally->counts[TACH_ST_SAMPLED] +
		     tach_tally__counter(tally, TACH_CT_OFF_RECORDS) + tally->settled.records;

	for (int i = 0; i < TACH_ST__CNT; i++)
		ends += tally->counts[i];
	if (ends != ticks)
		tach_warn("internal: %llu ticks on the target, but %llu accounted for", ticks,
			  ends);
	if (tally->line.samples != sent)
		tach_warn("internal: %llu samples sent, but %llu received", sent,
			  tally->line.samples);
	if (tally->line.read->bad)
		tach_warn("internal: %llu malformed records", tally->line.read->bad);
}

static void print_details(const struct tach_tally *tally)
{
	for (int i = 0; i < TACH_ST__CNT; i++)
		tach_debug("status %s %llu", tach_statuses[i].name, tally->counts[i]);
	for (int i = 0; i < TACH_CT__CNT; i++)
		tach_debug("counter %s %llu", counters[i], tach_tally__counter(tally, i));
	tach_debug("settled samples %llu records %llu reused %llu unseen %llu",
		   tally->settled.samples, tally->settled.records, tally->settled.reused,
		   tally->settled.unseen);
	tach_debug("due %llu attempts %llu errors %llu throttles %llu", tach_tally__due(tally),
		   tach_tally__attempts(tally), tach_tally__errors(tally), tally->throttles);
	tach_debug("target cpu_ns %llu", tally->cpu_ns);
	tach_debug("symbols codes %llu fallbacks %llu unknown %llu", tally->line.symbols->codes,
		   tally->line.symbols->fallbacks, tally->line.symbols->unknown);
	tach_debug("bpf run_ns %llu run_cnt %llu verified_insns %u", tally->bpf.run_ns,
		   tally->bpf.run_cnt, tally->bpf.verified_insns);
}

/* How long the process stood still for us. */
static void print_stops(const struct tach_tally *tally, FILE *out)
{
	const struct tach_stopped *stopped = &tally->stopped;
	double seconds = stopped->ns / 1e9;

	fprintf(out, "Stopped: %llu times, for %.3f s in all (%.1f%% of the time)", stopped->cnt,
		seconds, tally->duration_s > 0 ? 100 * seconds / tally->duration_s : 0);
	if (stopped->cnt)
		fprintf(out, ", %.0f us each, %.0f us at most", stopped->ns / 1e3 / stopped->cnt,
			stopped->max_ns / 1e3);
	fputc('\n', out);
}

static void print_threads(const struct tach_tally *tally, FILE *out)
{
	if (tach_profile__thread_cnt(tally->profile))
		tach_report__print_threads(tally, out);
	if (tally->waits)
		tach_report__print_gil(tally, out);
	print_bare_threads(tally, out);
}

void tach_report__print(const struct tach_tally *tally, FILE *out)
{
	__u64 attempts = tach_tally__attempts(tally), errors = tach_tally__errors(tally);

	if (tally->interrupted)
		fprintf(out, "Interrupted by user.\n");
	fprintf(out, "Captured %llu sample%s in %.2f seconds\n", attempts, attempts == 1 ? "" : "s",
		tally->duration_s);
	fprintf(out, "Sample rate: %.2f samples/sec\n",
		tally->duration_s > 0 ? attempts / tally->duration_s : 0);
	fprintf(out, "Error rate: %.2f\n", attempts ? 100.0 * errors / attempts : 0);
	print_missed(tally, out);
	print_own_cpu(tally, attempts, out);
	if (tally->blocking)
		print_stops(tally, out);
	else
		print_threads(tally, out);
	fflush(out);
	tach_report__print_losses(tally);
	audit(tally);
	print_details(tally);
}
