/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_NAMES_H
#define TACH_NAMES_H

#include <stddef.h>
#include <sys/types.h>

/* What processes and threads are called, by /proc/PID, of which @proc_fd is the directory. @out gets "" if
 * that cannot be had; names are the program's own and may have any bytes in them. */

void tach_names__process(int proc_fd, char *out, size_t out_sz); /* comm */
/* Its words joined by blanks; cut where @out ends. */
void tach_names__command(int proc_fd, char *out, size_t out_sz);
void tach_names__thread(int proc_fd, pid_t tid, char *out, size_t out_sz); /* comm */

#endif
