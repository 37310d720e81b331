// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/interrupt.h"
#include "write/formats.h"
#include "write/place.h"
#include "write/writer.h"

static const struct tach_writer writers[] = {
	{
		.name = "pstats",
		.ext = "pstats",
		.write = tach_pstats__write_file,
		.write_stdout = tach_pstats__write_table,
	},
	{
		.name = "collapsed",
		.ext = "txt",
		.write = tach_collapsed__write,
		.done = "Collapsed stack output written to",
	},
	{
		.name = "flamegraph",
		.ext = "html",
		.states = true,
		.sources = true,
		.page = true,
		.write = tach_flamegraph__write,
		.done = "Flamegraph saved to:",
	},
	{
		.name = "diff_flamegraph",
		.ext = "html",
		.states = true,
		.sources = true,
		.page = true,
		.write = tach_flamegraph__write,
		.done = "Flamegraph saved to:",
	},
	{
		.name = "gecko",
		.ext = "json",
		.events = true,
		.states = true,
		.write = tach_gecko__write,
		.done = "Gecko profile written to",
		.advice = "Open in Firefox Profiler: https://profiler.firefox.com/",
	},
	{
		.name = "pprof",
		.ext = "pb.gz",
		.write = tach_pprof__write,
		.done = "pprof output written to",
	},
	{
		.name = "speedscope",
		.ext = "json",
		.events = true,
		.write = tach_speedscope__write,
		.done = "Speedscope profile written to",
		.advice = "Open in speedscope: https://www.speedscope.app/",
	},
	{
		.name = "jsonl",
		.ext = "jsonl",
		.write = tach_jsonl__write,
		.done = "JSONL profile written to",
	},
	{
		.name = "binary",
		.ext = "bin",
		.events = true,
		.states = true,
		.journal = true,
		.write = tach_binary__write,
		.done = "Binary profile written to",
		.done_total = true,
	},
};

const struct tach_writer *tach_writer__find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		if (!strcmp(writers[i].name, name))
			return &writers[i];
	return NULL;
}

/* The descriptor that a path names, or -1. Opening such a path would make a second description of a
 * file, with an offset of its own, and replacing it is no good either. */
static int path_fd(const char *path)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	const char *digits;
	size_t i, len;

	if (!strcmp(path, "-") || !strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		len = strlen(dirs[i]);
		digits = path + len;
		if (!strncmp(path, dirs[i], len) && *digits && strlen(digits) < 6 &&
		    !digits[strspn(digits, "0123456789")])
			return atoi(digits);
	}
	return -1;
}

static bool is_table(const struct tach_writer *writer, const char *path)
{
	return writer->write_stdout && (!path || !strcmp(path, "-"));
}

bool tach_write__to_stdout(const struct tach_writer *writer, const char *path)
{
	return is_table(writer, path) || (path && path_fd(path) == STDOUT_FILENO);
}

/* The file in a directory, "" for the current one; @pid as text. A path that the caller frees, or NULL without
 * memory. */
static char *path_in(const struct tach_writer *writer, const char *dir, const char *pid)
{
	const char *slash = *dir && dir[strlen(dir) - 1] != '/' ? "/" : "";
	char *out;

	if (asprintf(&out, "%s%s%s_%s.%s", dir, slash, writer->name, pid, writer->ext) < 0)
		return NULL;
	return out;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Where to write. As above. */
static char *final_path(const struct tach_writer *writer, const char *path, const char *pid)
{
	if (path && !is_dir(path))
		return strdup(path);
	return path_in(writer, path ? path : "", pid);
}

/* The formats are the same in every country. */
static int write_profile(int (*write)(const struct tach_profile *, const struct tach_write_opts *,
				      struct tach_sink *),
			 const struct tach_profile *profile, const struct tach_write_opts *opts,
			 struct tach_sink *sink)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = (locale_t)0;
	int err;

	if (plain != (locale_t)0)
		before = uselocale(plain);
	err = write(profile, opts, sink);
	if (plain != (locale_t)0) {
		uselocale(before);
		freelocale(plain);
	}
	return err;
}

static int write_sink(const struct tach_writer *writer, const struct tach_profile *profile,
		      const struct tach_write_opts *opts, bool table, struct tach_sink *sink,
		      struct tach_why *why)
{
	int err;

	err = write_profile(table ? writer->write_stdout : writer->write, profile, opts, sink);
	if (!err)
		return tach_sink__close(sink, why);
	tach_sink__abort(sink);
	return tach_why__set(why, err, "cannot write the %s output: %s", writer->name,
			     strerror(-err));
}

static void say_done(const struct tach_writer *writer, const struct tach_profile *profile,
		     const char *file)
{
	printf("%s %s", writer->done, file);
	if (writer->done_total)
		printf(" (%llu samples)", tach_profile__total(profile));
	putchar('\n');
	if (writer->advice)
		printf("%s\n", writer->advice);
}

static int write_place(const struct tach_writer *writer, const struct tach_profile *profile,
		       const struct tach_write_opts *opts, const char *path, struct tach_why *why)
{
	bool table = is_table(writer, path);
	int fd = table ? STDOUT_FILENO : path ? path_fd(path) : -1;
	struct tach_sink *sink;
	char *file, pid[16];
	int err;

	if (fd >= 0) {
		sink = fd == STDOUT_FILENO ? tach_sink__stdout(why) : tach_sink__fd(fd, path, why);
		if (!sink)
			return -errno;
		return write_sink(writer, profile, opts, table, sink, why);
	}
	snprintf(pid, sizeof(pid), "%d", tach_profile__summary(profile)->pid);
	file = final_path(writer, path, pid);
	if (!file)
		return tach_why__set(why, -ENOMEM, "cannot write the %s output: out of memory",
				     writer->name);
	sink = tach_sink__file(file, why);
	err = sink ? write_sink(writer, profile, opts, false, sink, why) : -errno;
	if (!err && writer->done)
		say_done(writer, profile, file);
	if (!err && opts->file)
		*opts->file = file;
	else
		free(file);
	return err;
}

/* What was sampled is not lost with the place where it was to go: try directories for temporary files. A
 * reader that went away did not want it; and without memory it will not be better elsewhere. */
static void rescue(const struct tach_writer *writer, const struct tach_profile *profile,
		   const struct tach_write_opts *opts, int err, struct tach_why *why)
{
	const char *const dirs[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
	size_t used = strlen(why->text);
	struct tach_why other;
	struct tach_sink *sink;
	char *file, pid[16];
	bool done = err == -EPIPE || err == -ENOMEM || tach_interrupt__gave_up();

	snprintf(pid, sizeof(pid), "%d", tach_profile__summary(profile)->pid);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !done; i++) {
		file = is_dir(dirs[i]) ? path_in(writer, dirs[i], pid) : NULL;
		sink = file ? tach_sink__file(file, &other) : NULL;
		done = sink && !write_sink(writer, profile, opts, false, sink, &other);
		if (done)
			snprintf(why->text + used, sizeof(why->text) - used,
				 "; the profile is in %s", file);
		free(file);
	}
}

int tach_write(const struct tach_writer *writer, const struct tach_profile *profile,
	       const struct tach_write_opts *opts, const char *path, struct tach_why *why)
{
	int err = write_place(writer, profile, opts, path, why);

	if (err)
		rescue(writer, profile, opts, err, why);
	return err;
}

int tach_write__check(const struct tach_writer *writer, const char *path, struct tach_why *why)
{
	bool table = is_table(writer, path);
	int fd = table ? STDOUT_FILENO : path ? path_fd(path) : -1;
	char *file;
	int err;

	if (fd >= 0) {
		err = fcntl(fd, F_GETFL);
		if (err >= 0 && (err & O_ACCMODE) != O_RDONLY)
			return 0;
		err = err < 0 ? -errno : -EBADF;
		return tach_why__set(why, err, "cannot write %s: it is not open for writing",
				     path ? path : "standard output");
	}
	/* Nobody's file has this name. */
	file = final_path(writer, path, "<pid>");
	if (!file)
		return tach_why__set(why, -ENOMEM, "cannot write the %s output: out of memory",
				     writer->name);
	err = tach_sink__check(file, why);
	free(file);
	return err;
}

int tach_journal__open(struct tach_journal *journal, const struct tach_writer *writer,
		       const char *path, int pid)
{
	char number[16], *file;
	int fd = -1;

	journal->path = NULL;
	if (!writer->journal || (path && path_fd(path) >= 0))
		return -1;
	snprintf(number, sizeof(number), "%d", pid);
	file = final_path(writer, path, number);
	if (file)
		fd = tach_place__beside(file, &journal->path);
	free(file);
	return fd;
}

void tach_journal__end(struct tach_journal *journal, bool keep)
{
	if (journal->path && !keep)
		tach_place__remove(journal->path);
	free(journal->path);
	journal->path = NULL;
}
