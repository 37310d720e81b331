// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/browser.h"
#include "launch/identity.h"
#include "launch/start.h"

#define WORDS 16 /* of a command in $BROWSER */

/* An address of a file: RFC 8089. NULL with errno. */
static char *address_of(const char *path)
{
	char *real = realpath(path, NULL), *out, *to;

	if (!real)
		return NULL;
	out = malloc(strlen("file://") + 3 * strlen(real) + 1);
	if (out) {
		to = stpcpy(out, "file://");
		for (const char *from = real; *from; from++) {
			unsigned char byte = (unsigned char)*from;

			if (byte < 0x80 && (isalnum(byte) || strchr("/-._~", byte)))
				*to++ = (char)byte;
			else
				to += sprintf(to, "%%%02X", byte);
		}
		*to = '\0';
	}
	free(real);
	return out;
}

/* Where the user's session is, if it is: pam_systemd(8). */
static bool session_path(uid_t uid, const char *name, char *path, size_t sz)
{
	struct stat st;

	snprintf(path, sz, "/run/user/%u%s%s", uid, *name ? "/" : "", name);
	return !stat(path, &st) && st.st_uid == uid;
}

/* In the child, for the user's own variables. */
static void complete_session(uid_t uid)
{
	char path[64], bus[96];

	if (!getenv("XDG_RUNTIME_DIR") && session_path(uid, "", path, sizeof(path)))
		setenv("XDG_RUNTIME_DIR", path, 1);
	if (!getenv("WAYLAND_DISPLAY") && session_path(uid, "wayland-0", path, sizeof(path)))
		setenv("WAYLAND_DISPLAY", "wayland-0", 1);
	if (!getenv("DBUS_SESSION_BUS_ADDRESS") && session_path(uid, "bus", path, sizeof(path))) {
		snprintf(bus, sizeof(bus), "unix:path=%s", path);
		setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
	}
}

/* @text with the address for each "%s", NULL without memory. */
static char *expand(const char *text, const char *address, bool *used)
{
	char *out = NULL, *joined;
	const char *at;

	while ((at = strstr(text, "%s"))) {
		*used = true;
		if (asprintf(&joined, "%s%.*s%s", out ?: "", (int)(at - text), text, address) < 0)
			return NULL;
		free(out);
		out = joined;
		text = at + 2;
	}
	return asprintf(&joined, "%s%s", out ?: "", text) < 0 ? NULL : joined;
}

/* In the child: nothing is freed. Returns if the command cannot be executed. */
static void try_command(char *command, const char *address)
{
	char *words[WORDS + 2] = {NULL}, *rest = NULL;
	bool used = false;
	int cnt = 0;

	for (char *word = strtok_r(command, " \t", &rest); word && cnt < WORDS;
	     word = strtok_r(NULL, " \t", &rest)) {
		words[cnt] = cnt ? expand(word, address, &used) : word;
		if (!words[cnt++])
			return;
	}
	if (!used)
		words[cnt++] = (char *)address;
	if (cnt > 1)
		execvp(words[0], words);
}

static void try_all(const char *address)
{
	char *rest = NULL, *browsers = getenv("BROWSER");
	char standard[] = "xdg-open";

	browsers = browsers ? strdup(browsers) : NULL;
	for (char *each = browsers ? strtok_r(browsers, ":", &rest) : NULL; each;
	     each = strtok_r(NULL, ":", &rest))
		try_command(each, address);
	errno = ENOTUNIQ; /* there is no screen */
	if (getenv("DISPLAY") || getenv("WAYLAND_DISPLAY"))
		try_command(standard, address);
}

/* Nothing of us but the environment: no files, no capabilities, no terminal. */
static void detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* What fails is written to @report_fd, which an exec closes. */
_Noreturn static void run(const struct tach_identity *identity, const char *address, int report_fd)
{
	int err;

	tach_start__reset_signals();
	err = -tach_identity__assume(identity);
	if (!err) {
		if (identity->env)
			environ = identity->env;
		complete_session(identity->uid);
		detach();
		try_all(address);
		err = errno;
	}
	_exit(write(report_fd, &err, sizeof(err)) != sizeof(err));
}

/* Its parent ends at once, so that it is nobody's child: nothing of it comes back to us. */
static int start(const struct tach_identity *identity, const char *address)
{
	int link[2], err = 0;
	pid_t pid;

	if (pipe2(link, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		pid = fork();
		if (!pid)
			run(identity, address, link[1]);
		err = errno;
		_exit(pid < 0 && write(link[1], &err, sizeof(err)) != sizeof(err));
	}
	if (pid < 0)
		err = -errno;
	close(link[1]);
	if (pid > 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (read(link[0], &err, sizeof(err)) == sizeof(err))
			err = -err;
	}
	close(link[0]);
	return err;
}

static int explain(struct tach_why *why, int err)
{
	if (err == -ENOTUNIQ)
		return tach_why__set(why, err,
				     "there is no display, and $BROWSER names none that "
				     "can be executed");
	if (err == -ENOENT)
		return tach_why__set(why, err, "there is no xdg-open");
	return tach_why__set(why, err, "%s", strerror(-err));
}

int tach_browser__open(const char *path, struct tach_why *why)
{
	const struct tach_invoker *who = tach_invoker();
	struct tach_identity identity;
	char *address;
	int err;

	if (!who->uid)
		return tach_why__set(why, -EPERM, "root has none");
	address = address_of(path);
	if (!address)
		return tach_why__set(why, -errno, "%s", strerror(errno));
	err = tach_identity__init(&identity, who);
	if (!err)
		err = start(&identity, address);
	tach_identity__free(&identity);
	free(address);
	return err ? explain(why, err) : 0;
}
