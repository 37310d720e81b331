/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FIND_H
#define TACH_FIND_H

#include "target/memory.h"
#include "util/log.h"
#include "bpf/tach_layout.h"

/* Find the interpreter in a process, and its layout.
 * @exe: path of its main program as the kernel prints it, without " (deleted)".
 * Returns 0 with *@out, or a negative errno. With -EAGAIN, -ENOEXEC, -ENOTSUP and -EPROTO (as of
 * tach_target__find_layout) @why says what the process does, to be put behind its name; with others
 * @why is not set: -EPERM, -EACCES, -ESRCH, -ENODATA (it has no memory: kernel thread, zombie), ... */
int tach_find__layout(const struct tach_memory *mem, const char *exe, struct tach_layout *out,
		      struct tach_why *why);

#endif
