// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A file of any bytes, given to `replay`: a binary recording, a tape, or something near one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay/replay.h"
#include "tests/fuzz/broken.h"
#include "write/formats.h"

static int file_fd, null_fd;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	file_fd = memfd_create("recording", MFD_CLOEXEC);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return file_fd < 0 || null_fd < 0;
}

static void write_format(const struct tach_profile *profile,
			 int (*write)(const struct tach_profile *, const struct tach_write_opts *,
				      struct tach_sink *))
{
	const struct tach_write_opts opts = {.limit = 15, .summary = true, .zstd = true};
	struct tach_why why = {0};
	struct tach_sink *sink = tach_sink__fd(null_fd, "nowhere", &why);
	int err = sink ? write(profile, &opts, sink) : -ENOMEM;

	if (err || tach_sink__close(sink, &why))
		broken("what was read cannot be written: %d %s", err, why.text);
}

static int add_weight(void *ctx, const struct tach_event *event)
{
	*(__u64 *)ctx += event->weight;
	return 0;
}

/* What came out of a file that is good. */
static void check(struct tach_profile *profile, __u64 declared, bool events)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < tach_profile__row_cnt(profile); i++)
		sum += tach_profile__row(profile, i)->weight;
	if (sum != tach_profile__total(profile) || sum > declared)
		broken("%llu samples in rows, %llu in all, %llu declared", sum,
		       tach_profile__total(profile), declared);
	write_format(profile, tach_collapsed__write);
	write_format(profile, tach_jsonl__write);
	if (!events)
		return;
	sum = 0;
	if (tach_profile__walk(profile, add_weight, &sum) || sum != tach_profile__total(profile))
		broken("%llu samples in events, %llu in all", sum, tach_profile__total(profile));
	if (sum < 1 << 20) /* weights are written out one by one */
		write_format(profile, tach_binary__write);
}

static void count_progress(void *ctx, __u64 samples)
{
	if (samples < *(__u64 *)ctx)
		broken("progress goes back");
	*(__u64 *)ctx = samples;
}

static void replay(struct tach_replay *replay, bool events)
{
	struct tach_frametab *tab = tach_frametab__new();
	struct tach_profile *profile = tach_profile__new(tab);
	struct tach_summary summary = {0};
	struct tach_why why = {0};
	__u64 seen = 0;
	int err;

	if (!profile || (events && tach_profile__keep_events(profile, -1, &summary)))
		broken("no memory");
	err = tach_replay__read(replay, tab, profile, count_progress, &seen, &summary, &why);
	if (err && !*why.text)
		broken("error %d without a reason", err);
	if (tach_profile__freeze(profile, &summary) || tach_profile__flush_events(profile))
		broken("the profile cannot be frozen");
	if (!err)
		check(profile, tach_replay__info(replay)->samples, events);
	tach_profile__free(profile);
	tach_frametab__free(tab);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct tach_replay *opened = NULL;
	struct tach_why why = {0};
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file_fd);
	if (ftruncate(file_fd, 0) || pwrite(file_fd, data, sz, 0) != (ssize_t)sz)
		broken("no memory");
	err = tach_replay__open(path, &opened, &why);
	if (err && !*why.text)
		broken("error %d without a reason", err);
	if (!err)
		replay(opened, sz % 8 == 0);
	tach_replay__free(opened);
	return 0;
}
