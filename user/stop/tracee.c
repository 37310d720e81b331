// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "stop/inside.h"

static pid_t tid_of(const struct tracee *tracee)
{
	return (pid_t)tracee->is.host_tid;
}

static int request(int what, const struct tracee *tracee, int data)
{
	/* The kernel takes a number where the prototype has a pointer. */
	return ptrace(what, tid_of(tracee), NULL, (void *)(intptr_t)data) ? -errno : 0;
}

/* As soon as it is seized it may end, and the handler of SIGCHLD has to see that: so the state says it before it is
 * true. */
int tach_tracee__seize(struct tracee *tracee)
{
	int err;

	tracee->state = TRACEE_SEIZED;
	err = request(PTRACE_SEIZE, tracee, 0);
	if (err)
		tracee->state = TRACEE_NEW;
	else if (tracee->state == TRACEE_GONE) /* it was looked at too early, or will be again */
		tracee->state = TRACEE_SEIZED;
	return err;
}

void tach_tracee__interrupt(struct tracee *tracee)
{
	if (tracee->state != TRACEE_SEIZED)
		return;
	tracee->state = request(PTRACE_INTERRUPT, tracee, 0) ? TRACEE_GONE : TRACEE_ASKED;
}

/* What has happened to it, taken or only looked at (WNOWAIT): a stop (CLD_TRAPPED) is told whatever is asked for, see
 * Linux v6.1 kernel/exit.c, wait_task_stopped(). si_pid 0: nothing. False: it is traced no longer. */
static bool wait_for(const struct tracee *tracee, int flags, siginfo_t *info)
{
	flags |= WSTOPPED | WEXITED | WNOHANG | __WALL;
	*info = (siginfo_t){0};
	return waitid(P_PID, (id_t)tid_of(tracee), info, flags) == 0;
}

void tach_tracee__look(struct tracee *tracee)
{
	siginfo_t info;

	if (tracee->state == TRACEE_NEW || tracee->state == TRACEE_GONE)
		return;
	if (!wait_for(tracee, tracee->keep_status ? WNOWAIT : 0, &info)) {
		tracee->state = TRACEE_GONE;
	} else if (info.si_pid && info.si_code == CLD_TRAPPED) {
		/* Behind an event (ptrace(2), "Stopped states") there is no signal on its way. */
		tracee->sig = info.si_status >> 8 ? 0 : info.si_status;
		tracee->state = TRACEE_STOPPED;
	} else if (info.si_pid) {
		tracee->state = TRACEE_GONE;
	}
}

void tach_tracee__see_end(struct tracee *tracee)
{
	siginfo_t info;

	if (tracee->state == TRACEE_NEW || tracee->state == TRACEE_GONE)
		return;
	if (!wait_for(tracee, WNOWAIT, &info) || (info.si_pid && info.si_code != CLD_TRAPPED))
		tach_tracee__look(tracee);
}

bool tach_tracee__detach(struct tracee *tracee)
{
	if (tracee->state != TRACEE_STOPPED || request(PTRACE_DETACH, tracee, tracee->sig))
		return false;
	tracee->state = TRACEE_NEW;
	return true;
}
