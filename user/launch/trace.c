// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "launch/trace.h"

static int ptrace_data(int request, pid_t pid, int data)
{
	/* The kernel takes a number where the prototype has a pointer. */
	return ptrace(request, pid, NULL, (void *)(intptr_t)data) ? -errno : 0;
}

/* PTRACE_EVENT_*, 0 for the delivery of a signal (ptrace(2), "Stopped states"). */
static int event_of(int status)
{
	return status >> 16;
}

int tach_trace__seize(pid_t pid)
{
	return ptrace_data(PTRACE_SEIZE, pid, PTRACE_O_TRACEEXEC);
}

enum tach_stop tach_trace__stopped(pid_t pid, int status)
{
	int sig = WSTOPSIG(status);

	if (event_of(status) == PTRACE_EVENT_EXEC)
		return TACH_STOP_EXEC;
	if (event_of(status) != PTRACE_EVENT_STOP)
		ptrace_data(PTRACE_CONT, pid, tach_trace__signal(status));
	else if (sig == SIGTRAP) /* SIGCONT ended a stop */
		ptrace_data(PTRACE_CONT, pid, 0);
	else /* SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU: let it be stopped */
		ptrace_data(PTRACE_LISTEN, pid, 0);
	return TACH_STOP_NONE;
}

int tach_trace__resume(pid_t pid)
{
	return ptrace_data(PTRACE_CONT, pid, 0);
}

int tach_trace__interrupt(pid_t pid)
{
	return ptrace_data(PTRACE_INTERRUPT, pid, 0);
}

int tach_trace__signal(int status)
{
	return event_of(status) ? 0 : WSTOPSIG(status);
}

int tach_trace__detach(pid_t pid, int sig)
{
	return ptrace_data(PTRACE_DETACH, pid, sig);
}
