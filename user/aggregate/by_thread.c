// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aggregate/by_thread.h"
#include "util/spool.h"

/* Items after which their memory is given back to the file: whole pages. */
#define STEP (64ull << 10)

struct sorter {
	const struct tach_profile *profile;
	int (*walk)(struct sorter *sorter);
	struct tach_sorted *out; /* without items they are only counted */
	__u64 *next;		 /* [who] their number, and then where the next one goes */
	__u64 done;
};

/* They are read from the file when they are needed again. */
static void give_back(const struct tach_sorted *sorted, __u64 first, __u64 cnt)
{
	madvise(sorted->items + first * sorted->item_sz, cnt * sorted->item_sz, MADV_DONTNEED);
}

static void take(struct sorter *sorter, __u32 who, const void *item)
{
	__u64 at = sorter->next[who]++;

	if (!sorter->out->items)
		return;
	memcpy(sorter->out->items + at * sorter->out->item_sz, item, sorter->out->item_sz);
	if (++sorter->done % STEP == 0)
		give_back(sorter->out, 0, sorter->out->cnt);
}

static int take_event(void *ctx, const struct tach_event *event)
{
	take(ctx, event->who, event);
	return 0;
}

static int take_wait(void *ctx, const struct tach_wait *wait)
{
	take(ctx, wait->who, wait);
	return 0;
}

static int walk_events(struct sorter *sorter)
{
	return tach_profile__walk(sorter->profile, take_event, sorter);
}

static int walk_waits(struct sorter *sorter)
{
	return tach_profile__walk_waits(sorter->profile, take_wait, sorter);
}

/* Room on the disk is taken now: a store to a mapped page without it would be a signal. */
static int map_file(size_t sz, char **out)
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

static int place(struct sorter *sorter)
{
	__u32 who_cnt = tach_profile__who_cnt(sorter->profile);
	struct tach_sorted *out = sorter->out;
	int err = sorter->walk(sorter);

	if (err)
		return err;
	for (__u32 i = 0; i < who_cnt; i++) {
		out->first[i + 1] = out->first[i] + sorter->next[i];
		sorter->next[i] = out->first[i];
	}
	out->cnt = out->first[who_cnt];
	if (!out->cnt)
		return 0;
	err = map_file(out->cnt * out->item_sz, &out->items);
	return err ?: sorter->walk(sorter);
}

static int sort(struct tach_sorted *out, size_t item_sz, const struct tach_profile *profile,
		int (*walk)(struct sorter *sorter))
{
	size_t cnt = (size_t)tach_profile__who_cnt(profile) + 1;
	struct sorter sorter = {.profile = profile, .walk = walk, .out = out};
	int err = -ENOMEM;

	*out = (struct tach_sorted){.item_sz = item_sz, .first = calloc(cnt, sizeof(*out->first))};
	sorter.next = calloc(cnt, sizeof(*sorter.next));
	if (out->first && sorter.next)
		err = place(&sorter);
	free(sorter.next);
	return err;
}

static void clear(struct tach_sorted *sorted)
{
	if (sorted->items)
		munmap(sorted->items, sorted->cnt * sorted->item_sz);
	free(sorted->first);
}

int tach_by_thread__init(struct tach_by_thread *out, const struct tach_profile *profile)
{
	int err;

	*out = (struct tach_by_thread){0};
	err = sort(&out->events, sizeof(struct tach_event), profile, walk_events);
	if (!err)
		err = sort(&out->waits, sizeof(struct tach_wait), profile, walk_waits);
	if (err)
		tach_by_thread__clear(out);
	return err;
}

void tach_by_thread__clear(struct tach_by_thread *by_thread)
{
	clear(&by_thread->events);
	clear(&by_thread->waits);
	*by_thread = (struct tach_by_thread){0};
}

static struct tach_thread_items items_of(const struct tach_sorted *sorted, __u32 who)
{
	return (struct tach_thread_items){
		.of = sorted,
		.next = sorted->first[who],
		.end = sorted->first[who + 1],
	};
}

static const void *next_of(struct tach_thread_items *items)
{
	__u64 at = items->next;

	if (at == items->end)
		return NULL;
	items->next++;
	if (items->next % STEP == 0)
		give_back(items->of, items->next - STEP, STEP);
	return items->of->items + at * items->of->item_sz;
}

struct tach_thread_items tach_by_thread__of(const struct tach_by_thread *by_thread, __u32 who)
{
	return items_of(&by_thread->events, who);
}

struct tach_thread_items tach_by_thread__waits_of(const struct tach_by_thread *by_thread, __u32 who)
{
	return items_of(&by_thread->waits, who);
}

const struct tach_event *tach_by_thread__next(struct tach_thread_items *events)
{
	return next_of(events);
}

const struct tach_wait *tach_by_thread__next_wait(struct tach_thread_items *waits)
{
	return next_of(waits);
}
