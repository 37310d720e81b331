// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "launch/browser.h"
#include "output.h"
#include "util/interrupt.h"
#include "util/log.h"
#include "write/as_user.h"

int tach_output__open(struct tach_output *out, const struct tach_opts *opts)
{
	struct tach_why why;
	int err;

	*out = (struct tach_output){
		.opts = opts,
		.writer = tach_writer__find(opts->format),
		.words = stdout,
	};
	/* Who pipes the profile on does not want our words in it; the table is for people anyway. */
	if (opts->output && tach_write__to_stdout(out->writer, opts->output))
		out->words = stderr;
	/* A reader of our stdout that goes away must not cost the profile that goes to a file, and what is too
	 * large for a limit (ulimit -f) is an error like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	err = tach_write__check(out->writer, opts->output, &why);
	if (err)
		return tach_error(err, "%s", why.text);
	return opts->baseline ? tach_baseline__open(opts->baseline, &out->baseline) : 0;
}

int tach_output__check(const struct tach_output *out, const struct tach_summary *run)
{
	return out->baseline ? tach_baseline__check(out->baseline, run) : 0;
}

/* With the rights of the invoking user, like all that is written. A pipe without a reader is an error: waiting
 * for one could not be interrupted. */
int tach_output__raw(struct tach_output *out, int *fd)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	const char *path = out->opts->raw_output;
	struct tach_as_user as;
	int err;

	if (!path)
		return 0;
	err = tach_as_user__enter(&as);
	if (!err) {
		*fd = open(path, flags, 0600);
		if (*fd < 0)
			err = -errno;
		tach_as_user__leave(&as);
	}
	if (!err && fcntl(*fd, F_SETFL, 0))
		err = -errno;
	return err ? tach_error(err, "cannot write raw records to %s: %s", path, strerror(-err))
		   : 0;
}

int tach_output__journal(struct tach_output *out, int pid)
{
	int fd = tach_journal__open(&out->journal, out->writer, out->opts->output, pid);

	if (out->journal.path)
		tach_debug("samples are kept in %s until the end", out->journal.path);
	return fd;
}

int tach_output__sources(struct tach_output *out, int proc_fd)
{
	if (!out->writer->sources || out->lines)
		return 0;
	out->lines = tach_lines__new(proc_fd);
	return out->lines ? 0 : tach_error(-ENOMEM, "out of memory");
}

/* The result is there: that it is not shown is no failure. */
static void show(const struct tach_output *out, const char *file)
{
	struct tach_why why;

	if (!out->opts->browser || !out->writer->page)
		return;
	fflush(out->words);
	if (!file)
		tach_warn("no browser is started: the page was not written to a file");
	else if (tach_browser__open(file, &why))
		tach_warn("no browser is started: %s; open %s yourself", why.text, file);
}

int tach_output__write(struct tach_output *out, const struct tach_profile *profile)
{
	const struct tach_opts *opts = out->opts;
	char *file = NULL;
	const struct tach_write_opts write_opts = {
		.sort = opts->sort,
		.limit = opts->limit,
		.summary = !opts->no_summary,
		.zstd = opts->compression != TACH_COMPRESSION_NONE,
		.words = out->words,
		.lines = out->lines,
		.baseline = out->baseline ? tach_baseline__profile(out->baseline) : NULL,
		.file = &file,
	};
	struct tach_why why;
	int err;

	tach_interrupt__begin_writing();
	err = tach_write(out->writer, profile, &write_opts, opts->output, &why);
	tach_interrupt__end_writing();
	if (!err) {
		tach_journal__end(&out->journal, false);
		show(out, file);
		free(file);
		return 0;
	}
	if (tach_interrupt__gave_up())
		return tach_error(err, "given up: no result was written");
	return tach_error(err, "%s", why.text);
}

void tach_output__close(struct tach_output *out, const struct tach_profile *profile)
{
	bool keep = profile && tach_profile__total(profile) && !tach_interrupt__gave_up();

	if (keep && out->journal.path)
		tach_warn("the samples are in %s; tachyon-bpf replay reads it", out->journal.path);
	tach_journal__end(&out->journal, keep);
	tach_lines__free(out->lines);
	out->lines = NULL;
	tach_baseline__free(out->baseline);
	out->baseline = NULL;
}
