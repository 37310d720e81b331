// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "write/ledger.h"

/* Whether it is known who waits for the GIL (bpf/gil.bpf.h). */
static bool knows_gil_waits(const struct tach_tally *tally)
{
	return !tally->filter || tally->filter & TACH_STATE_HAS_GIL;
}

static void print_row(const struct tach_tally *tally, const char *who,
		      const struct tach_thread_time *t, const char *name, FILE *out)
{
	bool gil = knows_gil_waits(tally);
	struct tach_ledger_shares shares = tach_ledger__shares(t, gil);

	fprintf(out, "%18s  %8.2f  %6.1f%%  %7.1f%%", who, t->wall_ns / 1e9, shares.running,
		shares.runnable);
	if (gil)
		fprintf(out, "  %7.1f%%", shares.gil_wait);
	fprintf(out, "  %6.1f%%  %6.2f%%  %7.2f%%", shares.blocked, shares.sum, shares.residual);
	fputs(*name ? "  " : "", out);
	tach_report__print_name((struct tach_text){name, strlen(name)}, out);
	fputc('\n', out);
}

void tach_report__add_times(struct tach_thread_time *sum, const struct tach_thread_time *t)
{
	sum->wall_ns += t->wall_ns;
	sum->on_ns += t->on_ns;
	sum->off_ns += t->off_ns;
	sum->runnable_ns += t->runnable_ns;
	sum->gil_wait_ns += t->gil_wait_ns;
	sum->gil_on_ns += t->gil_on_ns;
	sum->gil_off_ns += t->gil_off_ns;
	sum->skipped += t->skipped;
}

void tach_report__print_threads(const struct tach_tally *tally, FILE *out)
{
	__u32 cnt = tach_profile__thread_cnt(tally->profile);
	struct tach_thread_time others = {0};
	char who[32];

	fprintf(out, "Threads:%10s  wall (s)  running  runnable%s  blocked      sum  residual\n",
		"tid", knows_gil_waits(tally) ? "  GIL wait" : "");
	for (__u32 i = 0; i < cnt; i++) {
		const struct tach_thread_time *t = tach_profile__thread(tally->profile, i);

		if (i >= TACH_REPORT_THREADS) {
			tach_report__add_times(&others, t);
			continue;
		}
		snprintf(who, sizeof(who), "%u", t->tid);
		print_row(tally, who, t, tach_ledger__name(tally->profile, t), out);
	}
	if (cnt <= TACH_REPORT_THREADS)
		return;
	snprintf(who, sizeof(who), "%u others", cnt - TACH_REPORT_THREADS);
	print_row(tally, who, &others, "", out);
}
