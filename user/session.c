// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch/launch.h"
#include "load/load.h"
#include "pipeline.h"
#include "report.h"
#include "session.h"
#include "target/target.h"
#include "util/caps.h"
#include "util/log.h"
#include "write/writer.h"

#define TARGET_ID	 0 /* one target for now is all a session has */
#define DRAIN_MS	 100
#define SEARCH_FAST_MS	 1 /* while a program starts: before its first bytecode */
#define SEARCH_SLOW_MS	 50
#define SEARCH_FAST_CNT	 1000
#define MAX_BARE_THREADS 64

struct session {
	const struct tach_opts *opts;
	const struct tach_writer *writer;
	struct tach_target *target;
	struct tach_child *child; /* `run` only */
	bool child_seized;	  /* held at each exec until an interpreter is found */
	struct tach_loader *loader;
	struct tach_pipeline *line;
	int epoll_fd, signal_fd, raw_fd;
	sigset_t old_mask;

	bool found;	   /* the layout of image is set */
	bool ever_found;   /* some image had an interpreter */
	__u32 image;	   /* the layout belongs to */
	unsigned searches; /* in vain since the last exec */

	__u64 start_ns, end_ns, deadline_ns; /* CLOCK_MONOTONIC; deadline 0: none */
	__u64 cpu_start_ns, cpu_ns;	     /* of the sampled threads */
	bool done, interrupted;
	bool child_ended;
	int child_status; /* as of waitpid */
};

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int read_target(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	struct session *s = ctx;

	(void)target;
	return tach_target__read(s->target, addr, dst, sz);
}

static void on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	struct session *s = ctx;

	if (rec->image == s->image)
		return;
	s->found = false;
	s->searches = 0;
}

/* Look for the interpreter once. Returns 0 (found, or not yet), or a negative errno that ends the
 * session, printed. */
static int search(struct session *s)
{
	__u32 image = tach_loader__image(s->loader, TARGET_ID);
	struct tach_layout layout;
	struct tach_why why;
	int err = tach_target__find_layout(s->target, &layout, &why);

	s->searches++;
	if (err == -ENOEXEC || err == -ESRCH)
		return 0;
	if (err && err != -EAGAIN)
		return tach_error(err, "%s", why.text);
	err = tach_loader__set_layout(s->loader, TARGET_ID, image, &layout);
	if (err)
		return tach_error(err, "cannot hand the layout to the kernel: %s", strerror(-err));
	s->image = image;
	s->found = true;
	s->ever_found = true;
	tach_debug("interpreter %x found at %llx in %s after %u searches", layout.version,
		   layout.runtime_addr, tach_target__exe(s->target), s->searches);
	if (!s->child_seized)
		return 0;
	s->child_seized = false;
	return tach_child__release(s->child);
}

/* Serve a child that is still held at each exec: a wrapper on its way to the interpreter. */
static int serve_seized_child(struct session *s)
{
	int err = 0;

	while (s->child_seized && !err && tach_child__next_exec(s->child, 0) == 1) {
		s->searches = 0;
		err = search(s);
	}
	return err;
}

static int open_attached(struct session *s)
{
	struct tach_layout layout;
	struct tach_why why;
	int err = tach_target__open(s->opts->pid, &s->target, &why);

	/* Looked at before anything is loaded: most mistakes are about the target. */
	if (!err)
		err = tach_target__find_layout(s->target, &layout, &why);
	return err ? tach_error(err, "%s", why.text) : 0;
}

/* argv of the program to start; caller frees the array and *@python. */
static char **build_argv(const struct tach_opts *opts, char **python, struct tach_why *why)
{
	size_t cnt = 0, used = 0;
	char **argv;

	*python = NULL;
	while (opts->args[cnt])
		cnt++;
	argv = calloc(cnt + 3, sizeof(*argv));
	if (!argv)
		return NULL;
	if (!opts->raw_command) {
		*python = tach_launch__python(opts->python, why);
		if (!*python) {
			free(argv);
			return NULL;
		}
		argv[used++] = *python;
		if (opts->module)
			argv[used++] = "-m";
	}
	memcpy(argv + used, opts->args, cnt * sizeof(*argv));
	return argv;
}

static int open_launched(struct session *s)
{
	struct tach_why why = {"out of memory"};
	char *python = NULL, **argv;
	int err;

	if (!s->opts->raw_command && !s->opts->module && access(s->opts->args[0], F_OK))
		return tach_error(-ENOENT, "cannot find the target: script '%s': %s",
				  s->opts->args[0], strerror(errno));
	argv = build_argv(s->opts, &python, &why);
	if (!argv)
		return tach_error(-ENOENT, "%s", why.text);
	err = tach_child__spawn(argv, &s->child, &why);
	if (!err)
		err = tach_target__open(tach_child__pid(s->child), &s->target, &why);
	free(argv);
	free(python);
	return err ? tach_error(err, "%s", why.text) : 0;
}

static int watch_fd(struct session *s, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_events(struct session *s)
{
	sigset_t mask;
	int err;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
	s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->signal_fd < 0 || s->epoll_fd < 0)
		return tach_error(-errno, "cannot wait for events: %s", strerror(errno));
	err = watch_fd(s, s->signal_fd);
	return err ? tach_error(err, "cannot wait for events: %s", strerror(-err)) : 0;
}

static int open_kernel_side(struct session *s)
{
	const struct tach_load_opts load_opts = {
		.period_ns = s->opts->period_ns,
		.ring_sz = s->opts->ring_sz,
		.all_threads = s->opts->all_threads,
	};
	struct tach_why why;
	int err = tach_loader__open(&load_opts, s->opts->force, &s->loader, &why);

	if (err)
		return tach_error(err, "%s", why.text);
	err = tach_loader__watch(s->loader, TARGET_ID, tach_target__pidfd(s->target), &why);
	return err ? tach_error(err, "%s", why.text) : 0;
}

static int open_pipeline(struct session *s, const struct tach_remote *remote)
{
	int err;

	if (s->opts->raw_output) {
		s->raw_fd = open(s->opts->raw_output,
				 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (s->raw_fd < 0)
			return tach_error(-errno, "cannot write raw records to %s: %s",
					  s->opts->raw_output, strerror(errno));
	}
	s->line = tach_pipeline__new(remote, on_exec, s);
	if (!s->line)
		return tach_error(-ENOMEM, "out of memory");
	err = tach_pipeline__open_ring(s->line, tach_loader__ring_fd(s->loader), s->raw_fd);
	if (!err)
		err = watch_fd(s, tach_pipeline__fd(s->line));
	if (!err)
		err = watch_fd(s, tach_target__pidfd(s->target));
	return err ? tach_error(err, "cannot read the ring buffer: %s", strerror(-err)) : 0;
}

/* Everything is set up: let a held child exec, find the interpreter, start the timers, let go. */
static int start(struct session *s)
{
	struct tach_why why;
	int err;

	if (s->child) {
		err = tach_child__exec(s->child, &why);
		if (err)
			return tach_error(err, "%s", why.text);
		s->child_seized = true;
	}
	err = tach_loader__attach(s->loader, &why);
	if (err)
		return tach_error(err, "%s", why.text);
	s->cpu_start_ns = tach_target__cpu_ns(s->target, s->opts->all_threads);
	s->start_ns = now_ns();
	if (s->opts->duration_s >= 0)
		s->deadline_ns = s->start_ns + s->opts->duration_s * 1e9;
	err = tach_caps__drop(!tach_invoker()->sudo);
	if (err)
		tach_debug("cannot give up capabilities: %s", strerror(-err));
	return search(s);
}

static int wait_ms(const struct session *s)
{
	__u64 now = now_ns();
	int ms = DRAIN_MS;

	if (!s->found)
		ms = s->searches < SEARCH_FAST_CNT ? SEARCH_FAST_MS : SEARCH_SLOW_MS;
	if (s->deadline_ns && s->deadline_ns <= now)
		return 0;
	if (s->deadline_ns && (s->deadline_ns - now) / 1000000 < (__u64)ms)
		ms = (s->deadline_ns - now + 999999) / 1000000;
	return ms;
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			s->done = s->interrupted = true;
	}
}

static void take_target_exit(struct session *s)
{
	/* Before the child is reaped: then its clock is gone. */
	s->cpu_ns = tach_target__cpu_ns(s->target, s->opts->all_threads);
	if (s->child)
		s->child_ended = tach_child__poll(s->child, &s->child_status) == 1;
	s->done = true;
}

static int step(struct session *s)
{
	struct epoll_event events[4];
	__u64 cpu_ns;
	int cnt = epoll_wait(s->epoll_fd, events, 4, wait_ms(s)), err;

	if (cnt < 0 && errno != EINTR)
		return tach_error(-errno, "cannot wait for events: %s", strerror(errno));
	cpu_ns = tach_target__cpu_ns(s->target, s->opts->all_threads);
	if (cpu_ns)
		s->cpu_ns = cpu_ns;
	for (int i = 0; i < cnt; i++) {
		if (events[i].data.fd == s->signal_fd)
			take_signals(s);
		else if (events[i].data.fd == tach_target__pidfd(s->target))
			take_target_exit(s);
	}
	err = tach_pipeline__consume(s->line);
	if (err)
		return tach_error(err, "cannot read the ring buffer: %s", strerror(-err));
	if (s->deadline_ns && now_ns() >= s->deadline_ns)
		s->done = true;
	if (s->done)
		return 0;
	err = serve_seized_child(s);
	return err || s->found ? err : search(s);
}

/* Stop the timers, take what is left in the ring, print the closing lines. */
static int finish(struct session *s)
{
	struct tach_bare_thread bare[MAX_BARE_THREADS];
	struct tach_tally tally = {
		.period_ns = s->opts->period_ns,
		.interrupted = s->interrupted,
		.bare = bare,
	};
	int err;

	s->end_ns = now_ns();
	tach_loader__detach(s->loader);
	err = tach_pipeline__consume(s->line);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	tally.duration_s = (s->end_ns - s->start_ns) / 1e9;
	tally.cpu_ns = s->cpu_ns > s->cpu_start_ns ? s->cpu_ns - s->cpu_start_ns : 0;
	tally.bare_cnt = tach_loader__bare_threads(s->loader, bare, MAX_BARE_THREADS);
	tally.line = tach_pipeline__stats(s->line);
	tally.lost_stacks = tach_profile__lost(tach_pipeline__profile(s->line));
	if (!err)
		err = tach_loader__counts(s->loader, tally.counts);
	if (!err)
		err = tach_loader__bpf_time(s->loader, &tally.bpf);
	if (err)
		return tach_error(err, "cannot read the counters: %s", strerror(-err));
	tach_report__print(&tally);
	return 0;
}

static int write_profile(struct session *s)
{
	const struct tach_summary summary = {
		.pid = tach_target__pid(s->target),
		.period_ns = s->opts->period_ns,
		.duration_s = (s->end_ns - s->start_ns) / 1e9,
		.mode = tach_mode__name(s->opts->mode),
	};
	const struct tach_write_opts write_opts = {
		.sort = s->opts->sort,
		.limit = s->opts->limit,
		.summary = !s->opts->no_summary,
	};
	struct tach_profile *profile = tach_pipeline__profile(s->line);
	struct tach_why why = {"out of memory"};
	int err = tach_profile__freeze(profile, &summary);

	if (!err)
		err = tach_write(s->writer, profile, &write_opts, s->opts->output, &why);
	return err ? tach_error(err, "%s", why.text) : 0;
}

/* The target's own exit code, as a shell gives it. */
static int exit_code_of(const struct session *s, int err)
{
	if (err)
		return TACH_EXIT_FAILURE;
	if (!s->ever_found) {
		tach_error(0, "no Python interpreter was seen in %s: nothing was sampled",
			   s->child ? s->opts->args[0] : tach_target__exe(s->target));
		err = TACH_EXIT_FAILURE;
	}
	if (!s->child_ended)
		return err;
	if (WIFSIGNALED(s->child_status))
		return 128 + WTERMSIG(s->child_status);
	return WEXITSTATUS(s->child_status) ? WEXITSTATUS(s->child_status) : err;
}

static int record(struct session *s, const struct tach_remote *remote)
{
	int err = s->opts->command == TACH_CMD_ATTACH ? open_attached(s) : 0;

	if (!err)
		err = open_events(s);
	if (!err && s->opts->command == TACH_CMD_RUN)
		err = open_launched(s);
	if (!err)
		err = open_kernel_side(s);
	if (!err)
		err = open_pipeline(s, remote);
	if (!err)
		err = start(s);
	if (!s->start_ns)
		return err;
	while (!err && !s->done)
		err = step(s);
	/* Whatever ended the sampling, what was collected is kept. */
	if (finish(s) || write_profile(s))
		return -EIO;
	return err;
}

int tach_session__run(const struct tach_opts *opts)
{
	struct session s = {
		.opts = opts,
		.writer = tach_writer__find(opts->format),
		.epoll_fd = -1,
		.signal_fd = -1,
		.raw_fd = -1,
	};
	const struct tach_remote remote = {.read = read_target, .ctx = &s};
	struct tach_why why;
	int code;

	sigprocmask(SIG_SETMASK, NULL, &s.old_mask);
	if (tach_write__check(s.writer, opts->output, &why)) {
		tach_error(0, "%s", why.text);
		return TACH_EXIT_FAILURE;
	}
	code = exit_code_of(&s, record(&s, &remote));
	sigprocmask(SIG_SETMASK, &s.old_mask, NULL);
	if (s.child)
		tach_child__finish(s.child);
	tach_pipeline__free(s.line);
	tach_loader__free(s.loader);
	tach_target__free(s.target);
	if (s.raw_fd >= 0)
		close(s.raw_fd);
	if (s.epoll_fd >= 0)
		close(s.epoll_fd);
	if (s.signal_fd >= 0)
		close(s.signal_fd);
	return code;
}
