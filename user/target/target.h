/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TARGET_H
#define TACH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/log.h"
#include "util/types.h"
#include "bpf/tach_layout.h"

/* One process to profile: a pid that cannot be mistaken for another one (pidfd), and the layout of the
 * interpreter in it. Only reads the target: /proc/PID/... and process_vm_readv. */
struct tach_target;

/* Open process @pid (in our pid namespace).
 * Returns 0 and *@out (caller frees), or a negative errno with @why: -ESRCH no such process, -EPERM.
 */
int tach_target__open(pid_t pid, struct tach_target **out, struct tach_why *why);
void tach_target__free(struct tach_target *target); /* NULL is fine */

pid_t tach_target__pid(const struct tach_target *target);
int tach_target__pidfd(const struct tach_target *target); /* owned by target; readable on exit */

/* Its directory in /proc, of another thread if the main thread has exited; owned by target. */
int tach_target__proc_fd(const struct tach_target *target);

/* How many levels its pid namespace is below ours. */
__u32 tach_target__depth(const struct tach_target *target);

/* Whether its main thread had exited when it was looked at last; the others may live on. */
bool tach_target__lost_main(const struct tach_target *target);

/* Path of the program for messages, as the target sees it; "?" if unknown. Valid until free. */
const char *tach_target__exe(struct tach_target *target);

/* Find the interpreter and its layout. May be called again: the target may be starting, may exec.
 * Returns 0 with *@out, or a negative errno with @why, a line to show:
 *	-EAGAIN   a supported interpreter that has not started yet (no PyInterpreterState); *@out
 *		  is filled all the same
 *	-ENOEXEC  not a Python process (as far as can be seen now)
 *	-ENOTSUP  a Python that is not supported: which, and what is
 *	-EPROTO   a supported version whose tables do not make sense: refused, never guessed
 *	-EPERM    not allowed: names the missing capability
 *	-ESRCH    the process is gone
 */
int tach_target__find_layout(struct tach_target *target, struct tach_layout *out,
			     struct tach_why *why);

/* Copy sz bytes at remote address addr to dst: 0, or a negative errno. All or nothing. */
int tach_target__read(struct tach_target *target, __u64 addr, void *dst, size_t sz);

/* The memory of the program that runs in it now, for good: a descriptor that the caller closes, or a negative
 * errno. */
int tach_target__open_memory(struct tach_target *target);

/* The same as tach_target__read(), from that. -ESRCH: that program has ended, or was replaced by an exec. */
int tach_target__read_memory(int memory_fd, __u64 addr, void *dst, size_t sz);

/* Its list of threads, /proc/PID/task: a descriptor that the caller closes, or a negative errno. */
int tach_target__open_tasks(const struct tach_target *target);
pid_t tach_target__number(const struct tach_target *target); /* in /proc */

/* CPU time so far of all threads, or of the main thread only, in ns; 0 if it cannot be read. */
__u64 tach_target__cpu_ns(struct tach_target *target, bool all_threads);

#endif
