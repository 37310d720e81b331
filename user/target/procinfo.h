/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROCINFO_H
#define TACH_PROCINFO_H

#include <stddef.h>
#include <sys/types.h>

#include "util/types.h"

/* What /proc/PID says about a process. @proc_fd is that directory. */

enum tach_proc_kind {
	TACH_PROC_USER,
	TACH_PROC_KERNEL, /* a thread of the kernel */
	TACH_PROC_ZOMBIE,
	TACH_PROC_GONE,
};
enum tach_proc_kind tach_procinfo__kind(int proc_fd);

/* The number of the process behind @pidfd in the pid namespace that /proc shows: not necessarily ours
 * (unshare(1) without --mount-proc). -ESRCH: it has ended; -ENOENT: that namespace does not have it, or
 * there is no /proc. */
pid_t tach_procinfo__number(int pidfd);

/* How many levels the pid namespace of the process is below ours. */
unsigned int tach_procinfo__depth(int proc_fd);

/* The process of which @tid is a thread; 0 if there is none, or if /proc is not of our pid namespace. */
pid_t tach_procinfo__leader(pid_t tid);

/* Open /proc/TID of a thread that lives, of a process whose main thread has exited: its own directory
 * shows nothing any more. @pid: its number in /proc. A descriptor, or -ESRCH if there is none. */
int tach_procinfo__open_living(int proc_fd, pid_t pid);

/* Path of the main program as the kernel prints it, without " (deleted)"; "" if unknown. */
void tach_procinfo__exe(int proc_fd, char *out, size_t out_sz);

/* The same to be shown: as the target sees it, "?" if unknown, control characters replaced by '?'. */
void tach_procinfo__exe_text(int proc_fd, char *out, size_t out_sz);

/* A path seen from our root as seen from the process's own root directory: a part of @path, or all of
 * it. */
const char *tach_procinfo__path_in_root(int proc_fd, const char *path);

/* Numbers of thread @tid of /proc/PID/task, which is @task_fd: in our pid namespace, which is @depth levels above
 * its own, and in its own. 0, or -ESRCH: it is gone. */
int tach_procinfo__tids(int task_fd, pid_t tid, __u32 depth, __u32 *host_tid, __u32 *inner_tid);

/* State of a thread as in proc(5), "R" running or waiting for a CPU, ...; 0: it is gone. */
char tach_procinfo__state(int task_fd, pid_t tid);

/* What the scheduler has counted for a thread; all 0 if the kernel does not say. */
struct tach_sched {
	__u64 ran_ns;	 /* on a CPU; of a thread that runs, up to some milliseconds ago */
	__u64 waited_ns; /* runnable, for a CPU */
	__u64 turns;	 /* how often it came to one */
};
struct tach_sched tach_procinfo__sched(int task_fd, pid_t tid);

/* Address of the futex on which a thread sleeps, or slept when it was stopped; 0: it does something else. */
__u64 tach_procinfo__futex(int task_fd, pid_t tid);

/* The process that traces a thread, in the numbers of /proc; 0: none. */
pid_t tach_procinfo__tracer(int task_fd, pid_t tid);

/* CPU time of thread @tid of the process (ns); 0 if it cannot be read. */
__u64 tach_procinfo__thread_cpu_ns(int proc_fd, pid_t tid);

#endif
