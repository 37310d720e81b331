// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "replay/replay.h"
#include "util/log.h"

struct tach_baseline {
	char *path;
	struct tach_replay *replay; /* has the text of the mode */
	struct tach_frametab *tab;
	struct tach_profile *profile;
};

/* As the reference says it, CPython v3.15.0 Lib/profiling/sampling/cli.py _create_collector(). */
static int open_file(struct tach_baseline *baseline, const char *path)
{
	struct tach_why why;
	int err;

	if (access(path, F_OK))
		return tach_error(-errno, "Baseline file not found: %s", path);
	err = tach_replay__open(path, &baseline->replay, &why);
	return err ? tach_error(err, "baseline %s: %s", path, why.text) : 0;
}

static int read_file(struct tach_baseline *baseline)
{
	struct tach_summary summary;
	struct tach_why why;
	int err;

	err = tach_replay__read(baseline->replay, baseline->tab, baseline->profile, NULL, NULL,
				&summary, &why);
	if (err)
		return tach_error(err, "baseline %s: %s", baseline->path, why.text);
	if (tach_replay__info(baseline->replay)->unfinished)
		tach_warn("baseline %s: this recording was not finished: there is what had been "
			  "written by then",
			  baseline->path);
	return tach_profile__freeze(baseline->profile, &summary);
}

static struct tach_baseline *new_baseline(const char *path)
{
	struct tach_baseline *baseline = calloc(1, sizeof(*baseline));

	if (!baseline)
		return NULL;
	baseline->path = strdup(path);
	baseline->tab = tach_frametab__new();
	if (baseline->tab)
		baseline->profile = tach_profile__new(baseline->tab);
	if (baseline->path && baseline->profile)
		return baseline;
	tach_baseline__free(baseline);
	return NULL;
}

int tach_baseline__open(const char *path, struct tach_baseline **out)
{
	struct tach_baseline *baseline = new_baseline(path);
	int err;

	if (!baseline)
		return tach_error(-ENOMEM, "out of memory");
	err = open_file(baseline, path);
	if (!err)
		err = read_file(baseline);
	if (err) {
		tach_baseline__free(baseline);
		return err;
	}
	*out = baseline;
	return 0;
}

void tach_baseline__free(struct tach_baseline *baseline)
{
	if (!baseline)
		return;
	tach_profile__free(baseline->profile);
	tach_frametab__free(baseline->tab);
	tach_replay__free(baseline->replay);
	free(baseline->path);
	free(baseline);
}

static int check_mode(const struct tach_baseline *baseline, const char *before, const char *now)
{
	if (!before || !now || !strcmp(before, now))
		return 0;
	return tach_error(-EINVAL,
			  "baseline %s: Baseline profiling mode does not match current mode: it is "
			  "%s there, %s here",
			  baseline->path, before, now);
}

/* Names in the order of the alphabet, as the reference lists them: CPython v3.15.0
 * Lib/profiling/sampling/stack_collector.py DiffFlamegraphCollector._load_baseline(). */
static int check_features(const struct tach_baseline *baseline, __u32 before, __u32 now)
{
	static const struct {
		__u32 feature;
		const char *name;
	} names[] = {
		{TACH_FEATURE_ALL_THREADS, "all_threads"},
		{TACH_FEATURE_BLOCKING, "blocking"},
		{TACH_FEATURE_GC, "gc"},
		{TACH_FEATURE_NATIVE, "native"},
		{TACH_FEATURE_OPCODES, "opcodes"},
	};
	char list[128] = "";

	if ((before | now) & TACH_FEATURE__UNKNOWN)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t used = strlen(list);

		if ((before ^ now) & names[i].feature)
			snprintf(list + used, sizeof(list) - used, "%s%s (%s there)",
				 used ? ", " : "", names[i].name,
				 before & names[i].feature ? "with" : "without");
	}
	if (!*list)
		return 0;
	return tach_error(-EINVAL,
			  "baseline %s: Baseline capture configuration does not match current "
			  "configuration: %s",
			  baseline->path, list);
}

int tach_baseline__check(const struct tach_baseline *baseline, const struct tach_summary *run)
{
	const struct tach_summary *before = tach_profile__summary(baseline->profile);
	int err = check_mode(baseline, before->mode, run->mode);

	return err ?: check_features(baseline, before->features, run->features);
}

const struct tach_profile *tach_baseline__profile(const struct tach_baseline *baseline)
{
	return baseline->profile;
}
