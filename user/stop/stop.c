// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stop/inside.h"
#include "util/clock.h"
#include "util/grow.h"

#define LIMIT_NS     1000000000ull
#define SEIZE_TRIES  3
#define FIRST_NAP_NS 500000
#define LAST_NAP_NS  5000000

/* A thread that we drove from its CPU began to wait for it so much before we saw the time at most. */
#define WAKE_UP_NS 50000
/* A thread needs less than that to go on with its sleep after a stop. */
#define SLEEP_ON_NS 50000

/* --- seizing --- */

/* An exec by one thread waits until the others are gone, the ones that we hold until we have seen it; and from its
 * beginning to its end nobody can be seized. (Linux v6.1 fs/exec.c, de_thread(); kernel/ptrace.c, ptrace_attach():
 * cred_guard_mutex.) So while we seize, deaths are seen in a signal handler, which has no context argument. */
static struct tach_stop *seizing;

static void see_ends(struct tracee *tracees, __u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++)
		tach_tracee__see_end(&tracees[i]);
}

static void on_sigchld(int sig)
{
	int saved_errno = errno;

	(void)sig;
	if (seizing) {
		see_ends(seizing->tracees, seizing->cnt);
		see_ends(seizing->late, seizing->late_cnt);
	}
	errno = saved_errno;
}

static void mask_sigchld(int how, sigset_t *old)
{
	sigset_t sigchld;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	pthread_sigmask(how, &sigchld, old);
}

/* Index of a thread among those that could not be let go, late_cnt if it is none. */
static __u32 find_late(const struct tach_stop *stop, __u32 host_tid)
{
	__u32 idx = 0;

	while (idx < stop->late_cnt && stop->late[idx].is.host_tid != host_tid)
		idx++;
	return idx;
}

/* One that cannot be let go now. Without memory it goes when we do. */
static void keep(struct tach_stop *stop, const struct tracee *tracee)
{
	struct tracee *late;

	if (find_late(stop, tracee->is.host_tid) < stop->late_cnt)
		return;
	late = tach_grow(stop->late, &stop->late_cap, (size_t)stop->late_cnt + 1, sizeof(*late));
	if (!late)
		return;
	stop->late = late;
	late[stop->late_cnt] = *tracee;
	late[stop->late_cnt++].state = TRACEE_ASKED;
}

static int refused(const struct tach_stop *stop, const struct tracee *tracee, struct tach_why *why)
{
	pid_t tracer = tach_procinfo__tracer(tach_stop__task_fd(stop), tracee->number);

	if (tracer)
		return tach_why__set(why, -EBUSY,
				     "cannot stop process %d: process %d traces it already (a "
				     "debugger, strace); end that, or do without --blocking",
				     stop->opts.pid, tracer);
	return tach_why__set(
		why, -EPERM,
		"cannot stop process %d: %s; the capability CAP_SYS_PTRACE is missing, "
		"or a security module forbids it (/proc/sys/kernel/yama/ptrace_scope)",
		stop->opts.pid, strerror(EPERM));
}

/* Whether it is ours already, from an earlier stop or under an earlier number: then it is asked to stop. */
static bool is_ours(struct tach_stop *stop, struct tracee *tracee)
{
	__u32 idx = find_late(stop, tracee->is.host_tid);

	tracee->state = TRACEE_SEIZED;
	tach_tracee__interrupt(tracee);
	if (tracee->state != TRACEE_ASKED) {
		tracee->state = TRACEE_NEW;
		return false;
	}
	if (idx < stop->late_cnt)
		stop->late[idx] = stop->late[--stop->late_cnt];
	return true;
}

static int seize(struct tach_stop *stop, struct tracee *tracee, struct tach_why *why)
{
	int err = 0;

	for (int i = 0; i < SEIZE_TRIES && tach_tracee__seize(tracee) == -EPERM; i++) {
		if (tach_stop__is_dead(stop, tracee) || is_ours(stop, tracee))
			return 0;
		/* Else the dead one may be replaced by the one that made an exec. */
		err = refused(stop, tracee, why);
		if (err == -EBUSY)
			return err;
	}
	return tracee->state == TRACEE_NEW ? err : 0;
}

/* --- stopping --- */

static void ask(const struct tach_stop *stop, struct tracee *tracee)
{
	if (stop->opts.look_at_cpu) {
		tracee->runnable =
			tach_procinfo__state(tach_stop__task_fd(stop), tracee->number) == 'R';
		tracee->asked = tach_procinfo__sched(tach_stop__task_fd(stop), tracee->number);
	}
	tach_tracee__interrupt(tracee);
}

/* Seize the threads from index @from on, and ask them to stop. */
static int ask_all(struct tach_stop *stop, __u32 from, struct tach_why *why)
{
	int err = 0;

	seizing = stop;
	mask_sigchld(SIG_UNBLOCK, NULL);
	for (__u32 i = from; i < stop->cnt && !err; i++)
		err = seize(stop, &stop->tracees[i], why);
	mask_sigchld(SIG_BLOCK, NULL);
	seizing = NULL;
	for (__u32 i = from; i < stop->cnt; i++)
		ask(stop, &stop->tracees[i]);
	return err;
}

/* Until SIGCHLD comes, or that time is over: false. */
static bool nap(long ns)
{
	const struct timespec time = {.tv_nsec = ns};
	sigset_t sigchld;

	sigemptyset(&sigchld);
	sigaddset(&sigchld, SIGCHLD);
	return sigtimedwait(&sigchld, NULL, &time) >= 0;
}

static bool is_over(const struct tach_stop *stop)
{
	return tach_now_ns() > stop->came_ns + LIMIT_NS;
}

/* A main thread that has exited, and will be told of when the others have, too. */
static void bury(struct tach_stop *stop, struct tracee *tracee)
{
	keep(stop, tracee);
	tracee->state = TRACEE_NEW;
}

/* Wait until it has stopped. One that cannot be interrupted, where it is in the kernel, stops before it is back in
 * its own code: that will do. */
static int await(struct tach_stop *stop, struct tracee *tracee)
{
	long ns = FIRST_NAP_NS;
	char state;

	for (tach_tracee__look(tracee); tracee->state == TRACEE_ASKED; tach_tracee__look(tracee)) {
		if (nap(ns))
			continue;
		state = tach_procinfo__state(tach_stop__task_fd(stop), tracee->number);
		if (state == 'D' || state == 'I')
			tracee->state = TRACEE_HELD;
		else if (state == 'Z')
			bury(stop, tracee);
		else if (is_over(stop))
			return -ETIMEDOUT;
		ns = 2 * ns < LAST_NAP_NS ? 2 * ns : LAST_NAP_NS;
	}
	return 0;
}

static int await_all(struct tach_stop *stop)
{
	int err = is_over(stop) ? -ETIMEDOUT : 0;

	for (__u32 i = 0; i < stop->cnt && !err; i++)
		err = await(stop, &stop->tracees[i]);
	return err;
}

/* It slept at the last stop, and can run only because of that: it has come to a CPU to sleep on. */
static bool still_sleeps(const struct tracee *tracee)
{
	return tracee->slept_before && tracee->asked.turns <= tracee->before.turns + 1 &&
	       tracee->now.ran_ns - tracee->before.ran_ns < SLEEP_ON_NS;
}

/* It was on a CPU if it could have run, but not if it has waited for a CPU since before we came. */
static bool was_on_cpu(struct tach_stop *stop, struct tracee *tracee)
{
	__u64 came_ago_ns, waited_ns;

	if (!stop->opts.look_at_cpu)
		return false;
	tracee->now = tach_procinfo__sched(tach_stop__task_fd(stop), tracee->number);
	tracee->sleeps = !tracee->runnable || still_sleeps(tracee);
	came_ago_ns = tach_now_ns() - stop->came_ns;
	waited_ns = tracee->now.waited_ns - tracee->asked.waited_ns;
	return !tracee->sleeps && waited_ns < came_ago_ns + WAKE_UP_NS;
}

/* All that are there have stopped: leave those that count. */
static void finish(struct tach_stop *stop)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < stop->cnt; i++) {
		struct tracee *tracee = &stop->tracees[i];

		if (tracee->state == TRACEE_GONE)
			keep(stop, tracee); /* its place may have been taken */
		if (tracee->state != TRACEE_STOPPED && tracee->state != TRACEE_HELD)
			continue;
		tracee->is.was_on_cpu = was_on_cpu(stop, tracee);
		if (stop->opts.look_at_futex)
			tracee->is.futex =
				tach_procinfo__futex(tach_stop__task_fd(stop), tracee->number);
		stop->tracees[cnt++] = *tracee;
	}
	stop->cnt = cnt;
}

static void begin(struct tach_stop *stop)
{
	struct tracee *tracees = stop->before;
	size_t cap = stop->before_cap;

	stop->came_ns = tach_now_ns();
	stop->before = stop->tracees;
	stop->before_cap = stop->cap;
	stop->before_cnt = stop->cnt;
	stop->tracees = tracees;
	stop->cap = cap;
	stop->cnt = 0;
}

int tach_stop__all(struct tach_stop *stop, struct tach_why *why)
{
	int err = 0, fresh;

	begin(stop);
	/* As long as some run, there may be new ones. */
	do {
		fresh = tach_stop__list(stop);
		if (fresh < 0 || (!fresh && tach_stop__knows_all(stop, true)))
			break;
		err = ask_all(stop, stop->cnt - (__u32)fresh, why);
		if (await_all(stop) && !err)
			err = tach_why__set(why, -ETIMEDOUT,
					    "process %d could not be stopped within a second",
					    stop->opts.pid);
	} while (!err && !tach_stop__knows_all(stop, false));
	if (!err && fresh < 0)
		err = tach_why__set(why, fresh, "out of memory");
	if (!err) {
		finish(stop);
		if (stop->cnt)
			return 0;
		err = tach_why__set(why, -ESRCH, "process %d has ended", stop->opts.pid);
	}
	tach_stop__release(stop);
	return err;
}

__u32 tach_stop__cnt(const struct tach_stop *stop)
{
	return stop->cnt;
}

const struct tach_stop_thread *tach_stop__thread(const struct tach_stop *stop, __u32 idx)
{
	return &stop->tracees[idx].is;
}

/* --- letting go --- */

/* Is it, or who took its place, still to be let go? After an exec the thread that made it has the number of the
 * main thread. */
static bool is_left(const struct tach_stop *stop, struct tracee *late)
{
	tach_tracee__look(late);
	if (late->state == TRACEE_STOPPED && tach_tracee__detach(late))
		return false;
	if (late->state == TRACEE_GONE && late->is.host_tid != (__u32)stop->opts.pid) {
		late->is.host_tid = (__u32)stop->opts.pid;
		late->number = stop->opts.number;
		late->keep_status = stop->opts.own_child;
	} else if (late->state == TRACEE_GONE) {
		return false;
	}
	late->state = TRACEE_SEIZED;
	tach_tracee__interrupt(late);
	return late->state == TRACEE_ASKED;
}

bool tach_stop__settle(struct tach_stop *stop)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < stop->late_cnt; i++) {
		if (is_left(stop, &stop->late[i]))
			stop->late[cnt++] = stop->late[i];
	}
	stop->late_cnt = cnt;
	return cnt;
}

void tach_stop__release(struct tach_stop *stop)
{
	for (__u32 i = 0; i < stop->cnt; i++) {
		struct tracee *tracee = &stop->tracees[i];

		if (tracee->state != TRACEE_NEW && !tach_tracee__detach(tracee))
			keep(stop, tracee);
		tracee->state = TRACEE_NEW;
	}
	tach_stop__settle(stop);
}

/* --- life --- */

struct tach_stop *tach_stop__new(const struct tach_stop_opts *opts, struct tach_why *why)
{
	struct sigaction action = {.sa_handler = on_sigchld};
	struct tach_stop *stop = calloc(1, sizeof(*stop));

	if (stop)
		stop->tasks = fdopendir(opts->task_fd);
	if (!stop || !stop->tasks) {
		tach_why__set(why, -errno, "cannot list the threads of process %d: %s", opts->pid,
			      strerror(errno));
		if (opts->task_fd >= 0)
			close(opts->task_fd);
		free(stop);
		return NULL;
	}
	stop->opts = *opts;
	mask_sigchld(SIG_BLOCK, &stop->old_mask);
	sigaction(SIGCHLD, &action, &stop->old_action);
	return stop;
}

void tach_stop__free(struct tach_stop *stop)
{
	if (!stop)
		return;
	tach_stop__release(stop);
	sigaction(SIGCHLD, &stop->old_action, NULL);
	pthread_sigmask(SIG_SETMASK, &stop->old_mask, NULL);
	closedir(stop->tasks);
	free(stop->tracees);
	free(stop->before);
	free(stop->late);
	free(stop);
}
