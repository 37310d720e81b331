// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch/identity.h"
#include "launch/launch.h"
#include "launch/start.h"
#include "launch/trace.h"

#define EARLY_END_MS	100
#define TERM_TIMEOUT_MS 2000
/* Another thread may get the SIGCHLD: then a stop is seen this late. */
#define SLICE_MS 20

enum state {
	STATE_WAITING, /* for the go: still our own code */
	STATE_RUNNING,
	STATE_HELD,
	STATE_ENDED, /* reaped */
};

struct tach_child {
	pid_t pid;
	enum state state;
	bool traced;
	bool unseen; /* held at an exec that tach_child__next_exec() has not told yet */
	int status;  /* of STATE_ENDED, as of waitpid(2) */
	int link_fd; /* one byte to the child: go; back: struct tach_start_report */
	char *name;  /* argv[0], for messages */
};

/* A child must stay a zombie until we have read its status. */
static void keep_zombies(void)
{
	struct sigaction action;

	if (sigaction(SIGCHLD, NULL, &action))
		return;
	if (action.sa_handler != SIG_IGN && !(action.sa_flags & SA_NOCLDWAIT))
		return;
	if (action.sa_handler == SIG_IGN)
		action.sa_handler = SIG_DFL;
	action.sa_flags &= ~SA_NOCLDWAIT;
	sigaction(SIGCHLD, &action, NULL);
}

static void close_link(struct tach_child *child)
{
	if (child->link_fd >= 0)
		close(child->link_fd);
	child->link_fd = -1;
}

static void child_free(struct tach_child *child)
{
	close_link(child);
	free(child->name);
	free(child);
}

static struct tach_child *child_new(const char *name)
{
	struct tach_child *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	child->link_fd = -1;
	child->name = strdup(name);
	if (child->name)
		return child;
	child_free(child);
	return NULL;
}

/* Fork and leave the child waiting at the other end of the link. */
static int fork_child(struct tach_child *child, const struct tach_identity *identity,
		      char *const argv[])
{
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	child->pid = fork();
	err = -errno;
	if (child->pid == 0) {
		close(ends[0]);
		tach_start__child(identity, argv, ends[1]);
	}
	close(ends[1]);
	child->link_fd = ends[0];
	return child->pid < 0 ? err : 0;
}

pid_t tach_child__pid(const struct tach_child *child)
{
	return child->pid;
}

/* Take one notification of the kernel. Returns 1, or 0 if there is none (@flags WNOHANG). */
static int take(struct tach_child *child, int flags)
{
	int status = 0;
	pid_t pid;

	do {
		pid = waitpid(child->pid, &status, flags | __WALL);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return 0;
	/* On ECHILD somebody else has reaped it: it is gone, however it ended. */
	if (pid < 0 || WIFEXITED(status) || WIFSIGNALED(status)) {
		child->state = STATE_ENDED;
		child->traced = false;
		child->status = status;
	} else if (WIFSTOPPED(status) && child->traced &&
		   tach_trace__stopped(child->pid, status) == TACH_STOP_EXEC) {
		child->state = STATE_HELD;
		child->unseen = true;
	}
	return 1;
}

/* It ended before its exec: say why. */
static int not_started(struct tach_child *child, struct tach_why *why)
{
	struct tach_start_report report;

	if (read(child->link_fd, &report, sizeof(report)) != sizeof(report))
		return tach_why__set(why, -ECANCELED, "%s was ended before it started",
				     child->name);
	if (report.step == TACH_START_USER)
		return tach_why__set(why, -report.err, "cannot become user %u to run %s: %s",
				     tach_invoker()->uid, child->name, strerror(report.err));
	if (report.err == ENOENT && strchr(child->name, '/') && access(child->name, F_OK) == 0)
		return tach_why__set(why, -ENOENT,
				     "cannot run %s: its interpreter (first line) does not exist",
				     child->name);
	return tach_why__set(why, -report.err, "cannot run %s: %s", child->name,
			     strerror(report.err));
}

/* One that cannot be traced may be on its way out, and has said why or closes the link without a word. */
static bool ends_early(struct tach_child *child)
{
	struct pollfd link = {.fd = child->link_fd, .events = POLLIN};

	int ready;

	do {
		ready = poll(&link, 1, EARLY_END_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return false;
	while (child->state != STATE_ENDED)
		take(child, 0);
	return true;
}

int tach_child__spawn(char *const argv[], struct tach_child **out, struct tach_why *why)
{
	struct tach_identity identity;
	struct tach_child *child;
	int err = tach_identity__init(&identity, tach_invoker());

	*out = NULL;
	if (err)
		return tach_why__set(why, err, "cannot look up the user who called: %s",
				     strerror(-err));
	child = child_new(argv[0]);
	if (!child) {
		err = tach_why__set(why, -ENOMEM, "out of memory");
		goto out;
	}
	keep_zombies();
	err = fork_child(child, &identity, argv);
	if (err) {
		tach_why__set(why, err, "cannot make a process: %s", strerror(-err));
		child_free(child);
		goto out;
	}
	err = tach_trace__seize(child->pid);
	if (err) {
		if (ends_early(child))
			err = not_started(child, why);
		else
			tach_why__set(why, err, "cannot hold %s at its start (ptrace): %s", argv[0],
				      strerror(-err));
		tach_child__finish(child);
		goto out;
	}
	child->traced = true;
	*out = child;
out:
	tach_identity__free(&identity);
	return err;
}

int tach_child__exec(struct tach_child *child, struct tach_why *why)
{
	int err = 0;

	if (child->link_fd < 0)
		return tach_why__set(why, -EINVAL, "%s was started already", child->name);
	/* If that fails it is gone, and take() tells how. */
	send(child->link_fd, "", 1, MSG_NOSIGNAL);
	while (child->state == STATE_WAITING)
		take(child, 0);
	if (child->state == STATE_ENDED)
		err = not_started(child, why);
	child->unseen = false;
	close_link(child);
	return err;
}

static int left_ms(const struct timespec *start, int timeout_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return timeout_ms - (int)((now.tv_sec - start->tv_sec) * 1000 +
				  (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* SIGCHLD is blocked. */
static void await_sigchld(const sigset_t *sigchld, int ms)
{
	const struct timespec time = {.tv_nsec = (ms < SLICE_MS ? ms : SLICE_MS) * 1000000L};

	sigtimedwait(sigchld, NULL, &time);
}

int tach_child__next_exec(struct tach_child *child, int timeout_ms)
{
	struct timespec start;
	sigset_t sigchld, old;
	int ms, err = 0;

	if (child->state == STATE_ENDED)
		return 0;
	if (!child->traced || child->state == STATE_WAITING)
		return -EINVAL;
	if (child->state == STATE_HELD && !child->unseen) {
		child->state = STATE_RUNNING;
		err = tach_trace__resume(child->pid);
		if (err && err != -ESRCH) /* killed meanwhile: take() will tell */
			return err;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	/* Blocked before we look, so that none goes unnoticed between looking and waiting. */
	pthread_sigmask(SIG_BLOCK, &sigchld, &old);
	for (;;) {
		while (child->state == STATE_RUNNING && take(child, WNOHANG))
			;
		ms = left_ms(&start, timeout_ms);
		if (child->state != STATE_RUNNING || ms <= 0)
			break;
		await_sigchld(&sigchld, ms);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	child->unseen = false;
	if (child->state == STATE_ENDED)
		return 0;
	return child->state == STATE_HELD ? 1 : -EAGAIN;
}

/* Stop a running tracee, detach it from there. */
static int detach_running(struct tach_child *child)
{
	int status, err = tach_trace__interrupt(child->pid);

	/* Not ours any more: a thread other than the first has made an exec. */
	if (err)
		return err == -ESRCH ? 0 : err;
	while (waitpid(child->pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSTOPPED(status))
		return tach_trace__detach(child->pid, tach_trace__signal(status));
	child->state = STATE_ENDED;
	child->status = status;
	return 0;
}

int tach_child__release(struct tach_child *child)
{
	int err;

	if (!child->traced)
		return 0;
	if (child->state == STATE_HELD) {
		child->state = STATE_RUNNING;
		err = tach_trace__detach(child->pid, 0);
	} else {
		err = detach_running(child);
	}
	if (err && err != -ESRCH) /* killed meanwhile: nothing to let go */
		return err;
	child->traced = false;
	return 0;
}

int tach_child__poll(struct tach_child *child, int *status)
{
	while (child->state != STATE_ENDED && take(child, WNOHANG))
		;
	if (child->state != STATE_ENDED)
		return 0;
	*status = child->status;
	return 1;
}

/* Send @sig; true if it has ended within @timeout_ms (-1: however long it takes). */
static bool end_by(struct tach_child *child, int sig, int timeout_ms)
{
	struct pollfd pidfd = {.fd = -1, .events = POLLIN};
	bool sent = kill(child->pid, sig) == 0;
	int status;

	if (sent && timeout_ms >= 0)
		pidfd.fd = pidfd_open(child->pid, 0);
	if (pidfd.fd >= 0) {
		while (poll(&pidfd, 1, timeout_ms) < 0 && errno == EINTR)
			;
		close(pidfd.fd);
	}
	while (sent && timeout_ms < 0 && child->state != STATE_ENDED)
		take(child, 0);
	return tach_child__poll(child, &status) == 1;
}

int tach_child__finish(struct tach_child *child)
{
	int status;

	if (!child)
		return 0;
	if (!tach_child__poll(child, &status)) {
		tach_child__release(child); /* a traced one would only stop at the signal */
		if (!end_by(child, SIGTERM, TERM_TIMEOUT_MS))
			end_by(child, SIGKILL, -1);
	}
	status = child->status;
	child_free(child);
	return status;
}
