// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "write/ledger.h"

static double percent(__u64 part, __u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

struct tach_ledger_shares tach_ledger__shares(const struct tach_thread_time *t,
					      bool knows_gil_waits)
{
	__u64 asleep_ns = t->off_ns > t->runnable_ns ? t->off_ns - t->runnable_ns : 0, gil_ns = 0;
	struct tach_ledger_shares shares = {
		.running = percent(t->on_ns, t->wall_ns),
		.runnable = percent(t->runnable_ns, t->wall_ns),
		.sum = percent(t->on_ns + t->off_ns, t->wall_ns),
	};

	/* Where it is known by samples there can be one too many. */
	if (knows_gil_waits)
		gil_ns = t->gil_wait_ns < asleep_ns ? t->gil_wait_ns : asleep_ns;
	shares.gil_wait = percent(gil_ns, t->wall_ns);
	shares.blocked = percent(asleep_ns - gil_ns, t->wall_ns);
	shares.residual = 100 - shares.sum;
	return shares;
}

/* A thread without a name of its own has the process's. */
const char *tach_ledger__name(const struct tach_profile *profile, const struct tach_thread_time *t)
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

/* Whether it was looked at (bpf/gil.bpf.h). */
static bool knows_gil_waits(const struct tach_profile *profile)
{
	const char *mode = tach_profile__summary(profile)->mode;

	return mode && (!strcmp(mode, "wall") || !strcmp(mode, "gil"));
}

void tach_ledger__text(char text[TACH_LEDGER_TEXT_SZ], const struct tach_profile *profile,
		       const struct tach_thread_time *t)
{
	bool gil = knows_gil_waits(profile);
	struct tach_ledger_shares shares = tach_ledger__shares(t, gil);
	char gil_wait[32] = "";

	if (gil)
		snprintf(gil_wait, sizeof(gil_wait), ", GIL wait %.1f%%", shares.gil_wait);
	snprintf(text, TACH_LEDGER_TEXT_SZ,
		 "%.2f s, running %.1f%%, runnable %.1f%%%s, blocked %.1f%%, sum %.2f%%, "
		 "residual %.2f%%",
		 t->wall_ns / 1e9, shares.running, shares.runnable, gil_wait, shares.blocked,
		 shares.sum, shares.residual);
}
