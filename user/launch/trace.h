/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TRACE_H
#define TACH_TRACE_H

#include <sys/types.h>

/* ptrace(2), as little of it as holding a child at its exec takes. Every call has to come from the
 * thread that seized: the kernel knows a tracer by thread. */

enum tach_stop {
	TACH_STOP_NONE, /* was passed on: it runs, or is stopped by job control */
	TACH_STOP_EXEC, /* before the first instruction of a new program */
};

/* Trace @pid from here on, without stopping it. 0 or a negative errno. */
int tach_trace__seize(pid_t pid);

/* The tracee stopped with this waitpid(2) status: let everything pass but an exec. */
enum tach_stop tach_trace__stopped(pid_t pid, int status);

/* Go on after TACH_STOP_EXEC. 0 or a negative errno. */
int tach_trace__resume(pid_t pid);

/* Ask a running tracee to stop. 0 or a negative errno (-ESRCH: it is no longer traced). */
int tach_trace__interrupt(pid_t pid);

/* The signal that a tracee stopped with this status was about to get; 0 if it was another stop. */
int tach_trace__signal(int status);

/* Let a stopped tracee go for good, with that signal. 0 or a negative errno. */
int tach_trace__detach(pid_t pid, int sig);

#endif
