// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "output.h"
#include "replay/replay.h"
#include "util/interrupt.h"
#include "util/log.h"
#include "util/number.h"

#define BAR_WIDTH 40

struct convert {
	struct tach_output out;
	struct tach_replay *replay;
	struct tach_frametab *tab;
	struct tach_profile *profile;
	struct tach_summary summary;
	bool bar; /* somebody watches */
};

static void show_progress(void *ctx, __u64 samples)
{
	const struct convert *c = ctx;
	__u64 all = tach_replay__info(c->replay)->samples;
	double share = samples < all ? (double)samples / all : 1;
	char done[TACH_GROUPED_MAX], total[TACH_GROUPED_MAX];
	int filled = (int)(BAR_WIDTH * share);

	if (!c->bar || !all)
		return;
	fputs("\r  [", c->out.words);
	for (int i = 0; i < BAR_WIDTH; i++)
		fputs(i < filled ? "\u2588" : "\u2591", c->out.words);
	fprintf(c->out.words, "] %5.1f%% (%s/%s)", 100 * share, tach_number__grouped(samples, done),
		tach_number__grouped(all, total));
	fflush(c->out.words);
}

static int open_profile(struct convert *c)
{
	const struct tach_summary unknown = {0};
	int err = 0;

	c->tab = tach_frametab__new();
	if (c->tab)
		c->profile = tach_profile__new(c->tab);
	if (!c->profile)
		err = -ENOMEM;
	else if (c->out.writer->events)
		err = tach_profile__keep_events(c->profile, -1, &unknown);
	return err ? tach_error(err, "cannot keep samples: %s", strerror(-err)) : 0;
}

/* A recording does not have them: they are what is there now, as the reference takes them. */
static int open_sources(struct convert *c)
{
	int proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = tach_output__sources(&c->out, proc_fd);

	if (proc_fd >= 0)
		close(proc_fd);
	return err;
}

/* The file into the profile. */
static int read_all(struct convert *c)
{
	const struct tach_replay_info *info = tach_replay__info(c->replay);
	struct tach_why why;
	int err;

	fprintf(c->out.words, "Replaying %llu samples from %s\n  Sample interval: %llu us\n",
		info->samples, c->out.opts->input, info->interval_us);
	fprintf(c->out.words, "  Compression: %s\n", info->zstd ? "zstd" : "none");
	show_progress(c, 0);
	err = tach_replay__read(c->replay, c->tab, c->profile, show_progress, c, &c->summary, &why);
	if (!err)
		show_progress(c, info->samples);
	if (c->bar)
		fputc('\n', c->out.words);
	fflush(c->out.words);
	if (!err && info->unfinished)
		tach_warn(
			"this recording was not finished: there is what had been written by then");
	return err ? tach_error(err, "%s", why.text) : 0;
}

static int freeze(struct convert *c)
{
	int err;

	if (!c->summary.pid)
		c->summary.pid = getpid(); /* for the name of the file, as the reference does */
	err = tach_profile__freeze(c->profile, &c->summary);
	if (!err)
		err = tach_profile__flush_events(c->profile);
	return err ? tach_error(err, "cannot keep samples: %s", strerror(-err)) : 0;
}

static int write_profile(struct convert *c)
{
	int signal_fd = tach_interrupt__open();
	int err = tach_output__write(&c->out, c->profile);

	if (!err)
		fprintf(c->out.words, "Replayed %llu samples\n",
			tach_replay__info(c->replay)->samples);
	if (signal_fd >= 0)
		close(signal_fd);
	return err;
}

static int convert(struct convert *c, const struct tach_opts *opts)
{
	struct tach_why why;
	int err = tach_replay__open(opts->input, &c->replay, &why);

	if (err)
		return tach_error(err, "%s", why.text);
	err = tach_output__open(&c->out, opts);
	if (err)
		return err;
	c->bar = isatty(fileno(c->out.words));
	err = open_sources(c);
	if (!err)
		err = open_profile(c);
	if (!err)
		err = read_all(c);
	if (!err)
		err = tach_output__check(&c->out, &c->summary);
	if (!err)
		err = freeze(c);
	return err ?: write_profile(c);
}

int tach_convert__run(const struct tach_opts *opts)
{
	struct convert c = {0};
	int err = convert(&c, opts);

	tach_output__close(&c.out, NULL);
	tach_profile__free(c.profile);
	tach_frametab__free(c.tab);
	tach_replay__free(c.replay);
	if (err)
		tach_interrupt__die();
	return err ? TACH_EXIT_FAILURE : TACH_EXIT_OK;
}
