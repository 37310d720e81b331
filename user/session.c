// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launch/launch.h"
#include "output.h"
#include "pipeline.h"
#include "progress.h"
#include "report.h"
#include "sampler.h"
#include "serve.h"
#include "session.h"
#include "subject.h"
#include "util/caps.h"
#include "util/clock.h"
#include "util/interrupt.h"
#include "util/log.h"

#define DRAIN_MS 100 /* the ring wakes us earlier if it fills */

struct session {
	const struct tach_opts *opts;
	struct tach_output out;
	struct tach_subject *subject;
	struct tach_sampler *sampler;
	struct tach_pipeline *line;
	struct tach_remote remote; /* reads the target */
	int epoll_fd, signal_fd, raw_fd;

	__u64 begin_ns, open_ns;       /* of the session; spent on opening the sampler */
	__u64 epoch_ns;		       /* the sampler's start_ns by CLOCK_REALTIME */
	__u64 deadline_ns;	       /* CLOCK_MONOTONIC; 0: there is none */
	__u64 setup_cpu_ns;	       /* our CPU time until the sampling began */
	struct tach_progress progress; /* of --realtime-stats */
	bool done, interrupted;
};

static struct tach_target *target_of(const struct session *s)
{
	return tach_subject__target(s->subject);
}

/* @fd -1: there is nothing to watch. */
static int watch_fd(struct session *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return 0;
	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_events(struct session *s)
{
	int err;

	s->signal_fd = tach_interrupt__open();
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->signal_fd < 0 || s->epoll_fd < 0)
		return tach_error(-errno, "cannot wait for events: %s", strerror(errno));
	err = watch_fd(s, s->signal_fd);
	return err ? tach_error(err, "cannot wait for events: %s", strerror(-err)) : 0;
}

static int open_sampler(struct session *s)
{
	__u64 begin_ns = tach_now_ns();
	int err = tach_sampler__open(s->opts, s->subject, &s->sampler);

	s->open_ns = tach_now_ns() - begin_ns;
	return err;
}

static double duration_s(const struct session *s)
{
	__u64 end_ns = s->sampler->end_ns ?: tach_now_ns();

	return (end_ns - s->sampler->start_ns) / 1e9;
}

static __u32 features_of(const struct tach_opts *opts)
{
	return (opts->all_threads ? TACH_FEATURE_ALL_THREADS : 0) |
	       (opts->native ? TACH_FEATURE_NATIVE : 0) | (opts->no_gc ? 0 : TACH_FEATURE_GC) |
	       (opts->opcodes ? TACH_FEATURE_OPCODES : 0) |
	       (opts->blocking ? TACH_FEATURE_BLOCKING : 0);
}

/* Before anything is started. */
static int open_output(struct session *s)
{
	const struct tach_summary planned = {
		.mode = tach_mode__name(s->opts->mode),
		.features = features_of(s->opts),
	};
	int err = tach_output__open(&s->out, s->opts);

	return err ?: tach_output__check(&s->out, &planned);
}

/* As far as it is known. */
static struct tach_summary summary_of(const struct session *s)
{
	const struct tach_opts *opts = s->opts;

	return (struct tach_summary){
		.pid = tach_target__pid(target_of(s)),
		.period_ns = opts->period_ns,
		.duration_s = s->sampler->end_ns ? duration_s(s) : 0,
		.start_ns = s->sampler->start_ns ?: s->begin_ns,
		.epoch_ns =
			s->epoch_ns
				?: tach_clock_ns(CLOCK_REALTIME) - (tach_now_ns() - s->begin_ns),
		.mode = tach_mode__name(opts->mode),
		.features = features_of(opts),
	};
}

static int open_pipeline(struct session *s)
{
	struct tach_pipeline_opts line_opts = {
		.host_tids = s->opts->tids == TACH_TIDS_HOST,
		.events_fd = -1,
	};
	struct tach_summary summary = summary_of(s);
	int err = tach_output__raw(&s->out, &s->raw_fd);

	if (err)
		return err;
	if (s->out.writer->events) {
		line_opts.recording = &summary;
		line_opts.events_fd = tach_output__journal(&s->out, summary.pid);
	}
	s->remote = tach_serve__remote(s->subject);
	tach_serve__pipeline(s->subject, &s->remote, &line_opts);
	s->line = tach_pipeline__new(&line_opts);
	if (!s->line)
		return tach_error(-errno, "cannot keep samples: %s", strerror(errno));
	err = s->sampler->ops->connect(s->sampler, s->line, s->raw_fd);
	if (err)
		return err;
	err = watch_fd(s, tach_pipeline__fd(s->line));
	if (!err)
		err = watch_fd(s, s->sampler->ops->fd(s->sampler));
	if (!err)
		err = watch_fd(s, tach_target__pidfd(target_of(s)));
	return err ? tach_error(err, "cannot wait for events: %s", strerror(-err)) : 0;
}

/* What the program sees as its files is known when its interpreter is there: a launched one may change its root
 * directory before. */
static int search(struct session *s)
{
	int err = tach_subject__search(s->subject, &s->sampler->sink);

	if (!err && tach_subject__found(s->subject))
		err = tach_output__sources(&s->out, tach_target__proc_fd(target_of(s)));
	return err;
}

/* Everything is set up. An attached program is found before the sampling starts, a launched one is let go
 * after that: either way its first moment can be a sample. */
static int start(struct session *s)
{
	__u64 start_ns;
	int err = tach_subject__start(s->subject);

	if (!err && s->opts->command == TACH_CMD_ATTACH)
		err = search(s);
	if (err)
		return err;
	start_ns = tach_now_ns();
	err = s->sampler->ops->start(s->sampler);
	if (err)
		return err;
	s->setup_cpu_ns = tach_own_cpu_ns();
	tach_debug("ready after %.1f ms (open and verify %.1f, attach %.1f)",
		   (s->sampler->start_ns - s->begin_ns) / 1e6, s->open_ns / 1e6,
		   (s->sampler->start_ns - start_ns) / 1e6);
	s->epoch_ns = tach_clock_ns(CLOCK_REALTIME) - (tach_now_ns() - s->sampler->start_ns);
	if (s->opts->duration_s >= 0)
		s->deadline_ns = s->sampler->start_ns + s->opts->duration_s * 1e9;
	err = tach_caps__drop(!tach_invoker()->sudo);
	if (err)
		tach_debug("cannot give up capabilities: %s", strerror(-err));
	return search(s);
}

static int wait_ms(const struct session *s)
{
	int ms = tach_subject__found(s->subject) ? DRAIN_MS : tach_subject__wait_ms(s->subject);
	__u64 now = tach_now_ns();

	if (!s->deadline_ns)
		return ms;
	if (s->deadline_ns <= now)
		return 0;
	if ((s->deadline_ns - now) / 1000000 < (__u64)ms)
		ms = (s->deadline_ns - now + 999999) / 1000000;
	return ms;
}

static void take_signals(struct session *s)
{
	if (tach_interrupt__take(s->signal_fd))
		s->done = s->interrupted = true;
}

static int flush_events(struct session *s)
{
	int err = tach_profile__flush_events(tach_pipeline__profile(s->line));

	return err ? tach_error(err,
				"cannot keep more samples: %s; stopping early and keeping the data "
				"collected so far",
				strerror(-err))
		   : 0;
}

/* What came of it so far; to be freed once the sampling has stopped. */
static int take_tally(struct session *s, struct tach_tally *tally)
{
	*tally = (struct tach_tally){
		.duration_s = duration_s(s),
		.period_ns = s->opts->period_ns,
		.all_threads = s->opts->all_threads,
		.host_tids = s->opts->tids == TACH_TIDS_HOST,
		.interrupted = s->interrupted,
		.setup_cpu_ns = s->setup_cpu_ns,
		.own_cpu_ns = tach_own_cpu_ns() - s->setup_cpu_ns,
		.ring_sz = s->opts->ring_sz,
		.profile = tach_pipeline__profile(s->line),
		.line = tach_pipeline__stats(s->line),
	};
	return s->sampler->ops->tally(s->sampler, tally);
}

static int begin_progress(struct session *s)
{
	struct tach_tally tally;
	FILE *out = s->out.words;
	int err = s->opts->realtime_stats ? take_tally(s, &tally) : 0;

	if (s->opts->realtime_stats && !err)
		tach_progress__begin(&s->progress, out, isatty(fileno(out)), tach_now_ns(), &tally);
	return err;
}

static int show_progress(struct session *s)
{
	__u64 now_ns = tach_now_ns();
	struct tach_tally tally;
	int err;

	if (!tach_progress__is_due(&s->progress, now_ns))
		return 0;
	err = take_tally(s, &tally);
	if (!err)
		tach_progress__show(&s->progress, now_ns, &tally);
	return err;
}

static int step(struct session *s)
{
	struct epoll_event events[4];
	int cnt = epoll_wait(s->epoll_fd, events, 4, wait_ms(s)), err;

	if (cnt < 0 && errno != EINTR)
		return tach_error(-errno, "cannot wait for events: %s", strerror(errno));
	for (int i = 0; i < cnt; i++) {
		if (events[i].data.fd == s->signal_fd) {
			take_signals(s);
		} else if (events[i].data.fd == tach_target__pidfd(target_of(s))) {
			tach_subject__on_exit(s->subject);
			s->done = true;
		}
	}
	err = s->sampler->ops->serve(s->sampler);
	if (err)
		return err;
	err = flush_events(s);
	if (!err)
		err = show_progress(s);
	if (err)
		return err;
	if (s->deadline_ns && tach_now_ns() >= s->deadline_ns)
		s->done = true;
	return s->done ? 0 : search(s);
}

static int stop(struct session *s)
{
	return s->sampler->ops->stop(s->sampler);
}

/* No sample comes any more: say what it came to. */
static int conclude(struct session *s)
{
	struct tach_profile *profile = tach_pipeline__profile(s->line);
	struct tach_summary summary = summary_of(s);
	struct tach_tally tally;
	int err = take_tally(s, &tally);

	if (err)
		return err;
	tach_progress__end(&s->progress);
	summary.attempts = tach_tally__attempts(&tally);
	summary.failed = tach_tally__errors(&tally);
	err = tach_profile__freeze(profile, &summary);
	if (!err) {
		tach_report__print(&tally, s->out.words);
		if (s->opts->realtime_stats)
			tach_report__print_statistics(&tally, s->out.words);
		fflush(s->out.words);
	}
	tach_tally__free(&tally);
	return err ? tach_error(err, "out of memory") : 0;
}

static int record(struct session *s)
{
	int err = open_events(s);

	if (!err)
		err = tach_subject__open(s->opts, &s->subject);
	if (!err)
		err = open_sampler(s);
	if (!err)
		err = open_pipeline(s);
	if (!err)
		err = start(s);
	if (!err)
		err = begin_progress(s);
	if (!s->sampler || !s->sampler->start_ns)
		return err;
	while (!err && !s->done)
		err = step(s);
	take_signals(s); /* of a Ctrl-C that ended the program before we knew of it */
	if (!tach_subject__ever_found(s->subject))
		return err;
	/* Whatever ended the sampling, what was collected is kept. */
	if (stop(s) || conclude(s))
		return -EIO;
	err = err ?: flush_events(s);
	if (tach_output__write(&s->out, tach_pipeline__profile(s->line)))
		return -EIO;
	return err;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

int tach_session__run(const struct tach_opts *opts)
{
	struct session s = {
		.opts = opts,
		.begin_ns = tach_now_ns(),
		.epoll_fd = -1,
		.signal_fd = -1,
		.raw_fd = -1,
	};
	int err, code;

	if (open_output(&s)) {
		tach_output__close(&s.out, NULL);
		return TACH_EXIT_FAILURE;
	}
	err = record(&s);
	code = err ? TACH_EXIT_FAILURE : tach_subject__exit_code(s.subject, s.interrupted);
	tach_output__close(&s.out, s.line ? tach_pipeline__profile(s.line) : NULL);
	tach_pipeline__free(s.line);
	if (s.sampler)
		s.sampler->ops->free(s.sampler);
	tach_subject__free(s.subject);
	close_fd(s.raw_fd);
	close_fd(s.epoll_fd);
	close_fd(s.signal_fd);
	if (err)
		tach_interrupt__die();
	return code;
}
