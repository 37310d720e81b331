/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PROFILE_BUILD_H
#define TACH_PROFILE_BUILD_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "aggregate/profile.h"

/* Small profiles for tests: a stack is a string, leaf first, a letter for each frame. "a" is function a
 * at line 1 of /dir/a.py, "A" the same at line 2. */
struct tach_build {
	struct tach_frametab *tab;
	struct tach_profile *profile;
	__u64 stacks;
	__u64 now_ns;
};

static inline tach_frame_id build_frame(struct tach_build *build, const char *path,
					const char *func, int line)
{
	struct tach_frame frame = {.line = line, .end_line = line, .col = 0, .end_col = 1};

	frame.file = tach_frametab__str(build->tab, path, strlen(path));
	frame.func = tach_frametab__str(build->tab, func, strlen(func));
	return tach_frametab__frame(build->tab, &frame);
}

static inline void build_start(struct tach_build *build)
{
	*build = (struct tach_build){.tab = tach_frametab__new()};
	build->profile = tach_profile__new(build->tab);
}

/* Returns the new stack's id, or 0. */
static inline __u64 build_stack(struct tach_build *build, const char *letters)
{
	tach_frame_id frames[64];
	char func[2] = "", path[] = "/dir/?.py";
	__u32 cnt;

	for (cnt = 0; letters[cnt] && cnt < 64; cnt++) {
		func[0] = letters[cnt] | 0x20;
		path[5] = func[0];
		frames[cnt] = build_frame(build, path, func, letters[cnt] == func[0] ? 1 : 2);
	}
	if (tach_profile__define(build->profile, ++build->stacks, frames, cnt))
		return 0;
	return build->stacks;
}

/* A sample of a thread of the one process; the clock goes on by one. */
static inline int build_add(struct tach_build *build, __u64 stack_id, __u32 tid, __u32 weight)
{
	bool added;
	struct tach_event event = {
		.ts_ns = ++build->now_ns,
		.who = tach_profile__who_of(build->profile, 0, 0, tid, &added),
		.node = tach_profile__leaf(build->profile, stack_id),
		.weight = weight,
	};

	return event.who == TACH_NO_ID ? -ENOMEM : tach_profile__add(build->profile, &event);
}

static inline int build_sample(struct tach_build *build, __u32 tid, const char *letters,
			       __u32 weight)
{
	return build_add(build, build_stack(build, letters), tid, weight);
}

static inline void build_freeze(struct tach_build *build)
{
	struct tach_summary summary = {
		.pid = 7, .period_ns = 1000000, .duration_s = 1, .mode = "cpu"};

	tach_profile__freeze(build->profile, &summary);
}

static inline void build_end(struct tach_build *build)
{
	tach_profile__free(build->profile);
	tach_frametab__free(build->tab);
}

#endif
