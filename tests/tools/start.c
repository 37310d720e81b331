// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* start COMMAND ARG...: start a program as `run` does, without profiling it. Says on stderr who the
 * invoker is, which programs were held, and how it ended; exits as a shell would. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch.h"

static void say_held(const struct tach_child *child)
{
	char path[64], exe[256];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", tach_child__pid(child));
	len = readlink(path, exe, sizeof(exe) - 1);
	exe[len > 0 ? len : 0] = '\0';
	fprintf(stderr, "held %s\n", exe);
}

int main(int argc, char **argv)
{
	const struct tach_invoker *invoker = tach_invoker();
	struct tach_child *child;
	struct tach_why why;
	int err, status;

	if (argc < 2)
		return 2;
	fprintf(stderr, "invoker %u %u %s %s %d\n", invoker->uid, invoker->gid,
		invoker->name ? invoker->name : "-", invoker->home ? invoker->home : "-",
		invoker->sudo);
	err = tach_child__spawn(argv + 1, &child, &why);
	if (err)
		return tach_error(1, "%s", why.text);
	err = tach_child__exec(child, &why);
	if (err) {
		tach_child__finish(child);
		return tach_error(1, "%s", why.text);
	}
	do {
		if (err >= 0)
			say_held(child);
		err = tach_child__next_exec(child, 1000);
	} while (err == 1 || err == -EAGAIN);
	status = tach_child__finish(child);
	if (err)
		return tach_error(1, "next exec: %s", strerror(-err));
	fprintf(stderr, "status %d\n", status);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
