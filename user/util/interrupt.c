// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "util/interrupt.h"

#define MESSAGE "tachyon-bpf: still writing the result; once more to give it up\n"

static sigset_t ours;
static volatile sig_atomic_t asked, gave_up; /* gave_up: the signal */

static void on_alarm(int sig)
{
	(void)sig;
	alarm(1);
}

static void on_signal(int sig);

/* @flags: SA_RESTART if a call that waits is to go on behind it, else it fails with EINTR. */
static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags, .sa_mask = ours};

	sigaction(sig, &action, NULL);
}

static void handle_all(int flags)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (sigismember(&ours, signals[i]))
			handle(signals[i], on_signal, flags);
	}
}

/* Only what signal-safety(7) allows. */
static void on_signal(int sig)
{
	int saved_errno = errno;

	if (gave_up) {
		handle(sig, SIG_DFL, 0);
		raise(sig);
	} else if (asked) {
		gave_up = sig;
		/* It may have come between a look at gave_up and a call that waits: so there are more. */
		handle(SIGALRM, on_alarm, 0);
		alarm(1);
	} else {
		asked = 1;
		handle_all(0);
		if (write(STDERR_FILENO, MESSAGE, sizeof(MESSAGE) - 1) < 0)
			gave_up = 0; /* nobody to tell; writing goes on all the same */
	}
	errno = saved_errno;
}

int tach_interrupt__open(void)
{
	struct sigaction hup;
	sigset_t mask;
	int fd;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hup) || hup.sa_handler != SIG_IGN)
		sigaddset(&ours, SIGHUP);
	mask = ours;
	sigaddset(&mask, SIGCHLD);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return fd;
}

bool tach_interrupt__take(int fd)
{
	struct signalfd_siginfo info;
	bool found = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		found |= info.ssi_signo != SIGCHLD;
	return found;
}

void tach_interrupt__begin_writing(void)
{
	handle_all(SA_RESTART);
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

bool tach_interrupt__gave_up(void)
{
	return gave_up;
}

void tach_interrupt__end_writing(void)
{
	sigprocmask(SIG_BLOCK, &ours, NULL);
	alarm(0);
}

void tach_interrupt__die(void)
{
	if (!gave_up)
		return;
	handle(gave_up, SIG_DFL, 0);
	sigprocmask(SIG_UNBLOCK, &ours, NULL);
	raise(gave_up);
}
