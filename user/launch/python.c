// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/launch.h"

/* 0 if @path is a file that can be run, else a negative errno. Whether the invoking user may run it,
 * too, shows at the exec. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EACCES;
	return eaccess(path, X_OK) ? -errno : 0;
}

/* First @name in the directories of @path that can be run. */
static char *search(const char *name, const char *path)
{
	const char *end;
	char *file;

	for (;; path = end + 1) {
		end = strchrnul(path, ':');
		/* An empty entry is the current directory. */
		if (asprintf(&file, "%.*s%s%s", (int)(end - path), path, end == path ? "./" : "/",
			     name) < 0)
			return NULL;
		if (check(file) == 0)
			return file;
		free(file);
		if (!*end)
			return NULL;
	}
}

static char *on_path(const char *name, struct tach_why *why)
{
	const char *path = getenv("PATH");
	char *file = search(name, path ? path : _PATH_DEFPATH);

	if (!file)
		tach_why__set(why, -ENOENT, "cannot find %s on PATH (%s)%s", name,
			      path ? path : _PATH_DEFPATH,
			      tach_invoker()->sudo
				      ? ": sudo has reset it; keep it with sudo "
					"--preserve-env=PATH,VIRTUAL_ENV, or use --python EXE"
				      : ": use --python EXE");
	return file;
}

char *tach_launch__python(const char *python, struct tach_why *why)
{
	const char *venv = getenv("VIRTUAL_ENV");
	char *file;
	int err;

	tach_why__set(why, -ENOMEM, "out of memory");
	if (python && !strchr(python, '/'))
		return on_path(python, why);
	if (!python && !(venv && *venv))
		return on_path("python3", why);

	if (python)
		file = strdup(python);
	else if (asprintf(&file, "%s/bin/python", venv) < 0)
		file = NULL;
	err = file ? check(file) : 0;
	if (!err)
		return file;
	tach_why__set(why, err, "cannot run %s: %s%s", file, strerror(-err),
		      python ? "" : " (VIRTUAL_ENV is set: unset it, or use --python EXE)");
	free(file);
	return NULL;
}
