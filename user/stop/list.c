// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Which threads the process has. */
#include <errno.h>
#include <sys/stat.h>

#include "stop/inside.h"
#include "target/procinfo.h"
#include "util/grow.h"

int tach_stop__task_fd(const struct tach_stop *stop)
{
	return dirfd(stop->tasks);
}

bool tach_stop__is_dead(const struct tach_stop *stop, const struct tracee *tracee)
{
	char state = tach_procinfo__state(tach_stop__task_fd(stop), tracee->number);

	return !state || state == 'Z' || state == 'X';
}

/* The numbers by which others call it, and what else was known of it the last time. */
static int find_known(const struct tach_stop *stop, struct tracee *tracee, __u32 hint)
{
	for (__u32 i = 0; i < stop->before_cnt; i++) {
		const struct tracee *other = &stop->before[(hint + i) % stop->before_cnt];

		if (other->number != tracee->number)
			continue;
		tracee->is = other->is;
		tracee->slept_before = other->sleeps;
		tracee->before = other->now;
		return 0;
	}
	if (!stop->opts.depth && stop->opts.pid == stop->opts.number) {
		tracee->is.tid = tracee->is.host_tid = (__u32)tracee->number;
		return 0;
	}
	return tach_procinfo__tids(tach_stop__task_fd(stop), tracee->number, stop->opts.depth,
				   &tracee->is.host_tid, &tracee->is.tid);
}

/* After an exec another thread has the number of one that is gone, or was a zombie. */
static bool is_listed(const struct tach_stop *stop, pid_t number, __u32 hint)
{
	for (__u32 i = 0; i < stop->cnt; i++) {
		const struct tracee *tracee = &stop->tracees[(hint + i) % stop->cnt];

		if (tracee->number != number || tracee->state == TRACEE_GONE)
			continue;
		if (tracee->state != TRACEE_NEW || tach_stop__is_dead(stop, tracee))
			return true;
	}
	return false;
}

int tach_stop__list(struct tach_stop *stop)
{
	__u32 old_cnt = stop->cnt, place = 0;
	const struct dirent *entry;

	rewinddir(stop->tasks);
	while ((entry = readdir(stop->tasks))) {
		struct tracee tracee = {.number = atoi(entry->d_name)}, *tracees;

		if (tracee.number <= 0)
			continue;
		if (old_cnt && is_listed(stop, tracee.number, place++))
			continue;
		if (find_known(stop, &tracee, stop->cnt)) /* gone */
			continue;
		tracee.keep_status =
			stop->opts.own_child && tracee.is.host_tid == (__u32)stop->opts.pid;
		tracees = tach_grow(stop->tracees, &stop->cap, (size_t)stop->cnt + 1,
				    sizeof(*tracees));
		if (!tracees)
			return -ENOMEM;
		stop->tracees = tracees;
		tracees[stop->cnt++] = tracee;
	}
	return (int)(stop->cnt - old_cnt);
}

bool tach_stop__knows_all(const struct tach_stop *stop, bool with_new)
{
	struct stat info;
	__u32 cnt = 2; /* links of a directory without others in it */

	for (__u32 i = 0; i < stop->cnt; i++) {
		enum tracee_state state = stop->tracees[i].state;

		cnt += state != TRACEE_GONE && (with_new || state != TRACEE_NEW);
	}
	return !fstat(tach_stop__task_fd(stop), &info) && info.st_nlink <= cnt;
}
