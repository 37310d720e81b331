/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_MEMORY_H
#define TACH_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

#include "util/types.h"

/* The memory of another process. process_vm_readv, and /proc/PID/mem where that call is forbidden or
 * missing (container runtimes filter it without CAP_SYS_PTRACE). */
struct tach_memory {
	pid_t pid;   /* 0: read only what proc_fd stands for */
	int proc_fd; /* its /proc directory, not owned */
};

/* Copy up to @sz bytes at remote address @addr to @dst. Returns the number of bytes, which is less than
 * @sz where unreadable memory begins, or a negative errno: -EFAULT, -ESRCH, -EPERM. */
ssize_t tach_memory__read_some(const struct tach_memory *mem, __u64 addr, void *dst, size_t sz);

/* All or nothing: 0 or a negative errno. */
int tach_memory__read(const struct tach_memory *mem, __u64 addr, void *dst, size_t sz);

/* The memory itself, /proc/PID/mem: it stays that of the program for which it was opened. A descriptor that the
 * caller closes, or a negative errno. */
int tach_memory__open(int proc_fd);
/* As tach_memory__read_some(). -ESRCH: the program has ended, or was replaced. */
ssize_t tach_memory__read_open(int memory_fd, __u64 addr, void *dst, size_t sz);

#endif
