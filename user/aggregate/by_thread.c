// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aggregate/by_thread.h"
#include "util/spool.h"

struct sorter {
	struct tach_event *events;
	__u64 *next; /* [who] where its next event goes */
};

static int count(void *ctx, const struct tach_event *event)
{
	__u64 *cnt = ctx;

	cnt[event->who]++;
	return 0;
}

static int place(void *ctx, const struct tach_event *event)
{
	struct sorter *sorter = ctx;

	sorter->events[sorter->next[event->who]++] = *event;
	return 0;
}

/* Room on the disk is taken now: a store to a mapped page without it would be a signal. */
static int map_file(size_t sz, struct tach_event **out)
{
	int fd = tach_spool__open(), err;
	void *mapped;

	if (fd < 0)
		return -errno;
	err = -posix_fallocate(fd, 0, (off_t)sz);
	mapped = err ? MAP_FAILED : mmap(NULL, sz, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!err && mapped == MAP_FAILED)
		err = -errno;
	close(fd);
	if (!err)
		*out = mapped;
	return err;
}

static int sort(struct tach_by_thread *out, const struct tach_profile *profile, __u64 *next)
{
	__u32 who_cnt = tach_profile__who_cnt(profile);
	struct sorter sorter = {.next = next};
	int err = tach_profile__walk(profile, count, next);

	if (err)
		return err;
	for (__u32 i = 0; i < who_cnt; i++) {
		out->first[i + 1] = out->first[i] + next[i];
		next[i] = out->first[i];
	}
	out->sz = out->first[who_cnt] * sizeof(*out->events);
	if (!out->sz)
		return 0;
	err = map_file(out->sz, &out->events);
	if (err)
		return err;
	sorter.events = out->events;
	return tach_profile__walk(profile, place, &sorter);
}

int tach_by_thread__init(struct tach_by_thread *out, const struct tach_profile *profile)
{
	size_t cnt = (size_t)tach_profile__who_cnt(profile) + 1;
	__u64 *next = calloc(cnt, sizeof(*next));
	int err = -ENOMEM;

	*out = (struct tach_by_thread){.first = calloc(cnt, sizeof(*out->first))};
	if (next && out->first)
		err = sort(out, profile, next);
	free(next);
	if (err)
		tach_by_thread__clear(out);
	return err;
}

void tach_by_thread__clear(struct tach_by_thread *by_thread)
{
	if (by_thread->events)
		munmap(by_thread->events, by_thread->sz);
	free(by_thread->first);
	*by_thread = (struct tach_by_thread){0};
}

const struct tach_event *tach_by_thread__get(const struct tach_by_thread *by_thread, __u32 who,
					     __u64 *cnt)
{
	*cnt = by_thread->first[who + 1] - by_thread->first[who];
	return *cnt ? by_thread->events + by_thread->first[who] : NULL;
}
