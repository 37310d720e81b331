/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LAUNCH_H
#define TACH_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/log.h"

/* Starts the program to profile as the invoking user and holds it, so that everything is set up before
 * it runs its first instruction. */
struct tach_child;

/* Who called us: under sudo the user behind SUDO_UID, else ourselves. */
struct tach_invoker {
	uid_t uid;
	gid_t gid;
	const char *name; /* login name, NULL if unknown */
	const char *home; /* NULL if unknown */
	bool sudo;	  /* we are root on behalf of that user */
};
const struct tach_invoker *tach_invoker(void);

/* The interpreter for `run`: @python if given, else $VIRTUAL_ENV/bin/python, else python3 on the
 * invoking user's PATH. Returns a path (caller frees), or NULL with @why. */
char *tach_launch__python(const char *python, struct tach_why *why);

/* All tach_child__ functions have to be called by the thread that called this one: ptrace(2) knows a
 * tracer by thread. Only this process is traced, not what it forks, and only until the release.
 *
 * Fork a child that will exec @argv (NULL-terminated, argv[0] looked up on the invoking user's PATH)
 * with our stdio, and hold it before its exec. The child is the invoking user, in our process group;
 * no signal is blocked or handled in it, ignored ones stay ignored but for SIGPIPE
 * and SIGXFSZ.
 * 0 and *@out, or a negative errno with @why. */
int tach_child__spawn(char *const argv[], struct tach_child **out, struct tach_why *why);
pid_t tach_child__pid(const struct tach_child *child);

/* Let the child exec and hold it again before the first instruction of the new program.
 * 0, or the exec's negative errno with @why (the child is gone then). */
int tach_child__exec(struct tach_child *child, struct tach_why *why);

/* Let it run until it execs once more, exits, or is released. Used where the program started is not
 * itself a Python (a shell script, env). Returns 1 held at an exec, 0 exited, -EAGAIN after
 * @timeout_ms, another negative errno. Signals reach the child only while this, or tach_child__poll(),
 * is called now and then. Waits by taking SIGCHLD, unless @timeout_ms is 0. */
int tach_child__next_exec(struct tach_child *child, int timeout_ms);

/* Let it run freely from here on. Idempotent. */
int tach_child__release(struct tach_child *child);

/* If it has ended: 1 and *@status as of waitpid(2); 0 while it runs. Never blocks. An exec that it
 * comes across is kept for tach_child__next_exec(). */
int tach_child__poll(struct tach_child *child, int *status);

/* End it (SIGTERM, after 2 s SIGKILL) if it still runs, reap it, free. Returns waitpid status. Needs
 * CAP_KILL if the child has become another user. NULL is fine. */
int tach_child__finish(struct tach_child *child);

#endif
