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

/* CPU time of thread @tid of the process (ns); 0 if it cannot be read. */
__u64 tach_procinfo__thread_cpu_ns(int proc_fd, pid_t tid);

#endif
