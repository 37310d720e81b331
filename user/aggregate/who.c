// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "aggregate/who.h"
#include "util/grow.h"

__u32 tach_whos__add_process(struct tach_whos *whos, int pid, const char *name, const char *command)
{
	struct tach_process *processes, added = {.pid = pid};

	processes = tach_grow(whos->processes, &whos->process_cap, (size_t)whos->process_cnt + 1,
			      sizeof(*processes));
	if (!processes)
		return TACH_NO_ID;
	whos->processes = processes;
	added.name = strdup(name);
	added.command = strdup(command);
	if (!added.name || !added.command) {
		free(added.command);
		free(added.name);
		return TACH_NO_ID;
	}
	processes[whos->process_cnt] = added;
	return whos->process_cnt++;
}

/* Room for one thread more. */
static bool make_room(struct tach_whos *whos)
{
	struct tach_who *items;
	__u64 *last_ns;

	items = tach_grow(whos->items, &whos->cap, (size_t)whos->cnt + 1, sizeof(*items));
	if (!items)
		return false;
	whos->items = items;
	last_ns =
		tach_grow(whos->last_ns, &whos->last_cap, (size_t)whos->cnt + 1, sizeof(*last_ns));
	if (!last_ns)
		return false;
	whos->last_ns = last_ns;
	return true;
}

/* Number of an interpreter of a process. */
static __u32 group_of(struct tach_whos *whos, __u32 process, __u32 interp)
{
	__u64 key = tach_idmap__pair(process, interp);
	__u32 group = tach_idmap__get(&whos->group_of, key);

	if (group != TACH_IDMAP_NONE)
		return group;
	if (tach_idmap__put(&whos->group_of, key, whos->group_cnt))
		return TACH_IDMAP_NONE;
	return whos->group_cnt++;
}

__u32 tach_whos__get(struct tach_whos *whos, __u32 process, __u32 interp, __u32 tid, bool *added)
{
	__u32 group = group_of(whos, process, interp), idx;
	__u64 key = tach_idmap__pair(group, tid);

	*added = false;
	if (group == TACH_IDMAP_NONE)
		return TACH_NO_ID;
	idx = tach_idmap__get(&whos->who_of, key);
	if (idx != TACH_IDMAP_NONE)
		return idx;
	if (!make_room(whos) || tach_idmap__put(&whos->who_of, key, whos->cnt))
		return TACH_NO_ID;
	*added = true;
	whos->last_ns[whos->cnt] = 0;
	whos->items[whos->cnt] =
		(struct tach_who){.process = process, .interp = interp, .tid = tid};
	return whos->cnt++;
}

bool tach_whos__describe(struct tach_whos *whos, __u32 who, const char *name, bool main_thread)
{
	struct tach_who *item = &whos->items[who], before = *item;
	size_t sz = name ? strnlen(name, sizeof(item->name) - 1) : 0;

	item->main_thread = main_thread;
	if (sz) {
		memcpy(item->name, name, sz);
		item->name[sz] = '\0';
	}
	return before.main_thread != main_thread || strcmp(before.name, item->name);
}

void tach_whos__freeze(struct tach_whos *whos)
{
	tach_idmap__clear(&whos->who_of);
	tach_idmap__clear(&whos->group_of);
}

void tach_whos__clear(struct tach_whos *whos)
{
	tach_whos__freeze(whos);
	for (__u32 i = 0; i < whos->process_cnt; i++) {
		free(whos->processes[i].command);
		free(whos->processes[i].name);
	}
	free(whos->processes);
	free(whos->last_ns);
	free(whos->items);
}
