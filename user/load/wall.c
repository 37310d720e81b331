// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "load/loader.h"
#include "bpf/tach_wire.h"

#define MAX_PEEKED    65536
#define MAX_GIL_WAITS 16384

enum wall_link {
	LINK_SWITCH,
	LINK_WAKEUP,
	LINK_NEWTASK,
	LINK_EXIT,
	LINK_THREADS,
};

static struct bpf_program *const *programs(const struct tach_loader *loader,
					   struct bpf_program *progs[TACH_WALL_LINKS])
{
	progs[LINK_SWITCH] = loader->skel->progs.tach_switch;
	progs[LINK_WAKEUP] = loader->skel->progs.tach_wakeup;
	progs[LINK_NEWTASK] = loader->skel->progs.tach_newtask;
	progs[LINK_EXIT] = loader->skel->progs.tach_exit;
	progs[LINK_THREADS] = loader->skel->progs.tach_threads_iter;
	return progs;
}

void tach_wall__configure(struct tach_loader *loader, const struct tach_load_opts *opts)
{
	struct bpf_program *progs[TACH_WALL_LINKS];

	for (int i = 0; i < TACH_WALL_LINKS; i++)
		bpf_program__set_autoload(programs(loader, progs)[i], opts->off_cpu);
	loader->off_cpu = opts->off_cpu;
	if (!opts->off_cpu) {
		bpf_map__set_max_entries(loader->skel->maps.tach_works, 1);
		return;
	}
	loader->skel->rodata->tach_wall = true;
	bpf_map__set_max_entries(loader->skel->maps.tach_peeked, MAX_PEEKED);
	if (opts->filter & TACH_STATE_HAS_GIL)
		bpf_map__set_max_entries(loader->skel->maps.tach_gil_waits, MAX_GIL_WAITS);
	loader->skel->rodata->tach_has_task_work = loader->task_work != TACH_TASK_WORK_NONE;
}

int tach_wall__attach(struct tach_loader *loader)
{
	struct bpf_program *progs[TACH_WALL_LINKS];
	struct tach_thread_row *rows;
	int cnt;

	if (!loader->off_cpu)
		return 0;
	for (int i = 0; i < TACH_WALL_LINKS; i++) {
		loader->wall_links[i] = bpf_program__attach(programs(loader, progs)[i]);
		if (!loader->wall_links[i])
			return -errno;
	}
	cnt = tach_loader__threads(loader, &rows);
	if (cnt >= 0)
		free(rows);
	return cnt < 0 ? cnt : 0;
}

void tach_wall__detach(struct tach_loader *loader)
{
	for (int i = 0; i < TACH_WALL_LINKS; i++) {
		bpf_link__destroy(loader->wall_links[i]);
		loader->wall_links[i] = NULL;
	}
}

int tach_loader__threads(struct tach_loader *loader, struct tach_thread_row **out)
{
	int fd = bpf_iter_create(bpf_link__fd(loader->wall_links[LINK_THREADS]));
	size_t used = 0, cap = 0;
	char *bytes = NULL, *more;
	ssize_t got;
	int err = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		if (cap - used < 65536) {
			cap = cap ? 2 * cap : 65536;
			more = realloc(bytes, cap);
			if (!more) {
				err = -ENOMEM;
				break;
			}
			bytes = more;
		}
		got = read(fd, bytes + used, cap - used);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		used += got;
	}
	close(fd);
	if (err) {
		free(bytes);
		return err;
	}
	*out = (void *)bytes;
	return used / sizeof(**out);
}

void tach_loader__close_ledgers(struct tach_loader *loader)
{
	loader->skel->bss->tach_closing = true;
}

static int by_wait(const void *a, const void *b)
{
	const struct tach_gil_wait *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

int tach_loader__gil_waits(const struct tach_loader *loader, struct tach_gil_wait **out)
{
	const struct bpf_map *map = loader->skel->maps.tach_gil_waits;
	struct tach_gil_wait_key *prev = NULL;
	int cap = bpf_map__max_entries(map), cnt = 0;
	struct tach_gil_wait *waits = calloc(cap, sizeof(*waits));

	if (!waits)
		return -ENOMEM;
	while (cnt < cap &&
	       !bpf_map__get_next_key(map, prev, &waits[cnt].key, sizeof(waits[cnt].key))) {
		prev = &waits[cnt].key;
		if (bpf_map__lookup_elem(map, prev, sizeof(*prev), &waits[cnt].ns,
					 sizeof(waits[cnt].ns), 0))
			break;
		cnt++;
	}
	qsort(waits, cnt, sizeof(*waits), by_wait);
	*out = waits;
	return cnt;
}

int tach_loader__peeked(const struct tach_loader *loader, __u32 pid, struct tach_peeked_ent *out)
{
	return bpf_map__lookup_elem(loader->skel->maps.tach_peeked, &pid, sizeof(pid), out,
				    sizeof(*out), 0);
}

int tach_loader__set_peeked(struct tach_loader *loader, __u32 pid,
			    const struct tach_peeked_ent *peeked)
{
	if (bpf_map__update_elem(loader->skel->maps.tach_peeked, &pid, sizeof(pid), peeked,
				 sizeof(*peeked), BPF_ANY))
		return -errno;
	return 0;
}
