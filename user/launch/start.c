// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "launch/start.h"

#define EXIT_NOT_STARTED 127

void tach_start__reset_signals(void)
{
	struct sigaction now, standard = {.sa_handler = SIG_DFL};
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &now) || now.sa_handler == SIG_DFL)
			continue;
		if (now.sa_handler != SIG_IGN || sig == SIGPIPE || sig == SIGXFSZ)
			sigaction(sig, &standard, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void give_up(int fd, enum tach_start_step step, int err)
{
	const struct tach_start_report report = {.step = step, .err = err};

	/* If nobody reads it any more, nobody is interested either. */
	if (write(fd, &report, sizeof(report)) != sizeof(report))
		_exit(EXIT_NOT_STARTED);
	_exit(EXIT_NOT_STARTED);
}

_Noreturn void tach_start__child(const struct tach_identity *identity, char *const argv[],
				 int link_fd)
{
	ssize_t cnt;
	char go;
	int err;

	tach_start__reset_signals();
	err = tach_identity__assume(identity);
	if (err)
		give_up(link_fd, TACH_START_USER, -err);
	do {
		cnt = read(link_fd, &go, 1);
	} while (cnt < 0 && errno == EINTR);
	if (cnt != 1) /* the profiler gave up */
		_exit(EXIT_NOT_STARTED);
	if (identity->env)
		execvpe(argv[0], argv, identity->env);
	else
		execvp(argv[0], argv);
	give_up(link_fd, TACH_START_EXEC, errno);
}
