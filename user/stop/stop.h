/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_STOP_H
#define TACH_STOP_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/log.h"
#include "util/types.h"

/* Stops all threads of a process and lets them go, by ptrace(2). In between it is not traced, so debuggers
 * and its signals have nothing to do with us; the kernel lets go of all threads when we end, in whatever way.
 * All calls have to come from the same thread, and SIGCHLD is blocked in it from new to free. */
struct tach_stop;

struct tach_stop_opts {
	pid_t pid;	  /* of the process, in our pid namespace */
	pid_t number;	  /* the same in that of /proc */
	int task_fd;	  /* /proc/PID/task; the stop's from then on, after an error too */
	__u32 depth;	  /* of its pid namespace below ours */
	bool own_child;	  /* somebody else here waits for its end: leave that to them */
	bool look_at_cpu; /* for tach_stop_thread.was_on_cpu, which takes three files of a thread */
	bool look_at_futex; /* for tach_stop_thread.futex, which takes one */
};

struct tach_stop_thread {
	__u32 tid;	 /* in the innermost pid namespace of the process */
	__u32 host_tid;	 /* in ours */
	__u64 futex;	 /* that it slept on; 0: none */
	bool was_on_cpu; /* when we came, or it would have been but for us */
};

/* NULL with @why. */
struct tach_stop *tach_stop__new(const struct tach_stop_opts *opts, struct tach_why *why);
void tach_stop__free(struct tach_stop *stop); /* lets go; NULL is fine */

/* Stop all threads, those that appear meanwhile included. When this returns 0 none of them runs code of its
 * own until tach_stop__release(): one that is in the kernel, where it cannot be interrupted, stops on its way
 * out. Negative errno with @why (may be NULL), all are let go then: -EBUSY another process traces it, -EPERM,
 * -ESRCH it has ended, -ETIMEDOUT it could not be stopped in a second, -ENOMEM. */
int tach_stop__all(struct tach_stop *stop, struct tach_why *why);

/* Those that are stopped: all but the ones that have exited. Valid until the next tach_stop__all(). */
__u32 tach_stop__cnt(const struct tach_stop *stop);
const struct tach_stop_thread *tach_stop__thread(const struct tach_stop *stop, __u32 idx);

/* Let all go. Signals that had come to them are delivered; a process that was stopped, by SIGSTOP say, stays
 * so. */
void tach_stop__release(struct tach_stop *stop);

/* Let go of threads that were in the kernel, and of those that ended: to be called when SIGCHLD comes. Returns
 * whether there are some left. */
bool tach_stop__settle(struct tach_stop *stop);

#endif
