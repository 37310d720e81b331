// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "report.h"

static double percent(__u64 part, __u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* Whether it is known who waits for the GIL (bpf/gil.bpf.h). */
static bool knows_gil_waits(const struct tach_tally *tally)
{
	return !tally->filter || tally->filter & TACH_STATE_HAS_GIL;
}

/* A thread without a name of its own has the process's. */
static const char *name_of(const struct tach_profile *profile, const struct tach_thread_time *t)
{
	const struct tach_who *who;

	if (t->main_thread)
		return "main";
	if (t->who >= tach_profile__who_cnt(profile))
		return "";
	who = tach_profile__who(profile, t->who);
	if (who->process < tach_profile__process_cnt(profile) &&
	    !strcmp(who->name, tach_profile__process(profile, who->process)->name))
		return "";
	return who->name;
}

static void print_row(const struct tach_tally *tally, const char *who,
		      const struct tach_thread_time *t, const char *name, FILE *out)
{
	__u64 asleep_ns = t->off_ns > t->runnable_ns ? t->off_ns - t->runnable_ns : 0;
	__u64 known_ns = t->on_ns + t->off_ns;
	/* Where it is known by samples there can be one too many. */
	__u64 gil_ns = t->gil_wait_ns < asleep_ns ? t->gil_wait_ns : asleep_ns;

	fprintf(out, "%18s  %8.2f  %6.1f%%  %7.1f%%", who, t->wall_ns / 1e9,
		percent(t->on_ns, t->wall_ns), percent(t->runnable_ns, t->wall_ns));
	if (knows_gil_waits(tally))
		fprintf(out, "  %7.1f%%", percent(gil_ns, t->wall_ns));
	else
		gil_ns = 0;
	fprintf(out, "  %6.1f%%  %6.2f%%  %7.2f%%", percent(asleep_ns - gil_ns, t->wall_ns),
		percent(known_ns, t->wall_ns), 100 - percent(known_ns, t->wall_ns));
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
		print_row(tally, who, t, name_of(tally->profile, t), out);
	}
	if (cnt <= TACH_REPORT_THREADS)
		return;
	snprintf(who, sizeof(who), "%u others", cnt - TACH_REPORT_THREADS);
	print_row(tally, who, &others, "", out);
}
