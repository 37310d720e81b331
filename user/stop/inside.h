/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_STOP_INSIDE_H
#define TACH_STOP_INSIDE_H

#include <dirent.h>
#include <signal.h>
#include <stddef.h>

#include "stop/stop.h"
#include "target/procinfo.h"
#include "util/types.h"

/* Inside of stop/ only. */

/* --- one thread, and ptrace(2): tracee.c --- */

enum tracee_state {
	TRACEE_NEW,	/* we do not trace it */
	TRACEE_SEIZED,	/* it runs */
	TRACEE_ASKED,	/* to stop */
	TRACEE_STOPPED, /* and can be let go */
	TRACEE_HELD,	/* in the kernel: it will stop before it runs code of its own */
	TRACEE_GONE,	/* it has ended, or is traced no longer */
};

struct tracee {
	struct tach_stop_thread is;
	pid_t number; /* in /proc */
	enum tracee_state state;
	int sig;	  /* that it was about to get when it stopped, 0: none */
	bool keep_status; /* if it has ended, somebody else is to be told how */

	/* For was_on_cpu. */
	bool runnable;		   /* when it was asked to stop */
	bool sleeps, slept_before; /* but for us; at the last stop */
	struct tach_sched asked;   /* when it was asked, */
	struct tach_sched now;	   /* when it has stopped, */
	struct tach_sched before;  /* when it had the last time */
};

/* Trace it from here on; it goes on running. 0, -EPERM (also: traced already, or a zombie), -ESRCH. */
int tach_tracee__seize(struct tracee *tracee);

/* Ask it to stop, if it is seized. */
void tach_tracee__interrupt(struct tracee *tracee);

/* See whether it has stopped, or ended. */
void tach_tracee__look(struct tracee *tracee);

/* See whether it has ended; a stop is left to be seen. Async-signal-safe. */
void tach_tracee__see_end(struct tracee *tracee);

/* Let it go if it has stopped: false if that did not work, because it was killed meanwhile, say. */
bool tach_tracee__detach(struct tracee *tracee);

/* --- all of them --- */

struct tach_stop {
	struct tach_stop_opts opts;
	DIR *tasks;
	struct tracee *tracees, *before; /* [cnt], [before_cnt] of the stop before */
	size_t cap, before_cap;
	__u32 cnt, before_cnt;
	struct tracee *late; /* [late_cnt] still traced, could not be let go */
	size_t late_cap;
	__u32 late_cnt;
	__u64 came_ns;
	sigset_t old_mask;
	struct sigaction old_action;
};

/* Of /proc/PID/task. */
int tach_stop__task_fd(const struct tach_stop *stop);

/* Whether it has ended: it is a zombie, or not there. */
bool tach_stop__is_dead(const struct tach_stop *stop, const struct tracee *tracee);

/* Append the threads that are new. Returns how many, or -ENOMEM. If a thread ends meanwhile, the kernel may leave out
 * others (Linux v6.1 fs/proc/base.c, next_tid()). */
int tach_stop__list(struct tach_stop *stop);

/* Whether the process has no more threads than those: that we trace, or @with_new those that we do not: a main
 * thread that has ended, or one that has ended since it was listed. */
bool tach_stop__knows_all(const struct tach_stop *stop, bool with_new);

#endif
