// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aggregate/by_thread.h"
#include "util/spool.h"

/* Events after which their memory is given back to the file: whole pages. */
#define STEP (64ull << 10)

struct sorter {
	struct tach_event *events;
	__u64 *next; /* [who] where its next event goes */
	__u64 done, cnt;
};

/* They are read from the file when they are needed again. */
static void give_back(struct tach_event *events, __u64 cnt)
{
	madvise(events, cnt * sizeof(*events), MADV_DONTNEED);
}

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
	if (++sorter->done % STEP == 0)
		give_back(sorter->events, sorter->cnt);
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
	sorter.cnt = out->first[who_cnt];
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

struct tach_thread_events tach_by_thread__of(const struct tach_by_thread *by_thread, __u32 who)
{
	return (struct tach_thread_events){
		.of = by_thread,
		.next = by_thread->first[who],
		.end = by_thread->first[who + 1],
	};
}

const struct tach_event *tach_by_thread__next(struct tach_thread_events *events)
{
	struct tach_event *event;

	if (events->next == events->end)
		return NULL;
	event = events->of->events + events->next++;
	if (events->next % STEP == 0)
		give_back(event + 1 - STEP, STEP);
	return event;
}
