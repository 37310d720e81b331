// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "load/features.h"
#include "load/kernel.h"
#include "load/loader.h"
#include "load/perf.h"

/* Lines shown of a message of libbpf: it hands over the verifier's log in one, and its end says why. */
#define LOG_LINES 20

static char *last_lines(char *text)
{
	char *at = text + strlen(text);

	for (int lines = 0; at > text; at--) {
		if (at[-1] == '\n' && at[0] && ++lines == LOG_LINES)
			break;
	}
	return at;
}

/* libbpf speaks one level lower: its warnings are our debug text, we say what failed ourselves. */
static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *text, *rest, *line;

	if (level == LIBBPF_DEBUG || vasprintf(&text, fmt, args) < 0)
		return 0;
	rest = last_lines(text);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			tach_debug("%s", line);
	}
	free(text);
	return 0;
}

static int configure(struct tach_loader *loader, const struct tach_load_opts *opts)
{
	struct tachyon_bpf *skel = loader->skel;
	int cpus = libbpf_num_possible_cpus();
	struct utsname uts;
	int err;

	if (cpus < 0)
		return cpus;
	if (!uname(&uts))
		skel->rodata->tach_storage_unsure = tach_kernel__storage_unsure(uts.release);
	skel->rodata->tach_period_ns = opts->period_ns;
	skel->rodata->tach_all_threads = opts->all_threads;
	skel->rodata->tach_exceptions = opts->exceptions;
	skel->rodata->tach_network = opts->network;
	skel->rodata->tach_filter = opts->filter;
	skel->rodata->tach_wake_sz = opts->ring_sz / 8;
	skel->rodata->tach_cpu_cnt = cpus;
	tach_wall__configure(loader, opts);
	if (skel->rodata->tach_linetable_sz > opts->ring_sz / 4)
		skel->rodata->tach_linetable_sz = opts->ring_sz / 4;
	err = bpf_map__set_max_entries(skel->maps.tach_ring, opts->ring_sz);
	/* Scheduler and timers on a CPU take turns, callbacks come in between. */
	if (opts->off_cpu)
		cpus *= 2;
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.tach_scratches, cpus);
	return err;
}

int tach_loader__open(const struct tach_load_opts *opts, bool force, struct tach_loader **out,
		      struct tach_why *why)
{
	struct tach_loader *loader;
	struct utsname uts;
	int err;

	err = tach_features__check(force, why);
	if (err)
		return err;
	libbpf_set_print(print_libbpf);
	loader = calloc(1, sizeof(*loader));
	if (!loader)
		return tach_why__set(why, -ENOMEM, "out of memory");
	loader->period_ns = opts->period_ns;
	if (opts->off_cpu && !uname(&uts))
		loader->task_work = tach_kernel__task_work(uts.release);
	loader->skel = tach_skeleton__open(loader->task_work);
	if (!loader->skel) {
		err = tach_why__set(why, -errno, "cannot open the BPF programs: %s",
				    strerror(errno));
		goto fail;
	}
	err = configure(loader, opts);
	if (err) {
		tach_why__set(why, err, "cannot configure the BPF programs: %s", strerror(-err));
		goto fail;
	}
	err = tachyon_bpf__load(loader->skel);
	if (err) {
		tach_features__explain(err, why);
		goto fail;
	}
	*out = loader;
	return 0;
fail:
	tach_loader__free(loader);
	return err;
}

void tach_loader__free(struct tach_loader *loader)
{
	if (!loader)
		return;
	tach_loader__detach(loader);
	tachyon_bpf__destroy(loader->skel);
	free(loader);
}

int tach_loader__watch(struct tach_loader *loader, __u32 id, int pidfd, __u32 depth,
		       struct tach_why *why)
{
	struct tach_member member = {.target = id};

	if (!loader->exec_link)
		loader->exec_link = bpf_program__attach(loader->skel->progs.tach_exec);
	if (!loader->exec_link)
		return tach_why__set(why, -errno, "cannot follow exec: %s", strerror(errno));
	if (bpf_map__update_elem(loader->skel->maps.tach_members, &pidfd, sizeof(pidfd), &member,
				 sizeof(member), BPF_ANY))
		return tach_why__set(why, -errno, "cannot mark the target: %s", strerror(errno));
	loader->depths[id] = depth;
	return 0;
}

__u32 tach_loader__image(struct tach_loader *loader, __u32 id)
{
	struct tach_image_ent image = {0};

	bpf_map__lookup_elem(loader->skel->maps.tach_images, &id, sizeof(id), &image, sizeof(image),
			     0);
	return image.number;
}

int tach_loader__set_layout(struct tach_loader *loader, __u32 id, __u32 image,
			    const struct tach_layout *layout)
{
	struct tach_target_ent ent = {
		.layout = *layout,
		.image = image,
		.ready = 1,
		.depth = loader->depths[id],
	};

	if (bpf_map__update_elem(loader->skel->maps.tach_targets, &id, sizeof(id), &ent,
				 sizeof(ent), BPF_ANY))
		return -errno;
	return 0;
}

int tach_loader__layout(const struct tach_loader *loader, __u32 id, __u32 *image,
			struct tach_layout *layout)
{
	struct tach_target_ent ent;

	if (bpf_map__lookup_elem(loader->skel->maps.tach_targets, &id, sizeof(id), &ent,
				 sizeof(ent), 0))
		return -errno;
	*image = ent.image;
	*layout = ent.layout;
	return ent.ready ? 0 : -ENOENT;
}

/* One timer on @cpu. A CPU that went off-line since the mask was read is no failure. */
static int attach_cpu(struct tach_loader *loader, int cpu)
{
	struct bpf_link *link;
	int err, fd;

	fd = tach_perf__open_timer(cpu, tach_perf__tick_ns(loader->period_ns, cpu));
	if (fd == -ENODEV || fd == -ENXIO)
		return 0;
	if (fd < 0)
		return fd;
	link = bpf_program__attach_perf_event(loader->skel->progs.tach_tick, fd);
	if (!link) {
		err = -errno;
		close(fd);
		return err;
	}
	loader->timers[loader->timer_cnt++] =
		(struct tach_timer){.link = link, .fd = fd, .page = tach_perf__watch(fd)};
	return 0;
}

static int attach_timers(struct tach_loader *loader, struct tach_why *why)
{
	bool *online = NULL;
	int cpus = 0, err;

	err = tach_features__online_cpus(&online, &cpus);
	if (err)
		return tach_why__set(why, err, "cannot read the list of CPUs: %s", strerror(-err));
	loader->timers = calloc(cpus, sizeof(*loader->timers));
	if (!loader->timers) {
		err = tach_why__set(why, -ENOMEM, "out of memory");
		goto out;
	}
	for (int cpu = 0; cpu < cpus && !err; cpu++) {
		if (online[cpu])
			err = attach_cpu(loader, cpu);
		if (err)
			tach_features__explain_timer(err, cpu, why);
	}
out:
	free(online);
	return err;
}

int tach_loader__attach(struct tach_loader *loader, struct tach_why *why)
{
	int err;

	if (loader->timer_cnt)
		return 0;
	err = attach_timers(loader, why);
	if (!err) {
		err = tach_wall__attach(loader);
		if (err)
			tach_why__set(why, err, "cannot follow the scheduler: %s", strerror(-err));
	}
	if (err) {
		tach_loader__detach(loader);
		return err;
	}
	/* Enabled together, after the slow part: all CPUs start at the same time. */
	for (int i = 0; i < loader->timer_cnt; i++)
		ioctl(loader->timers[i].fd, PERF_EVENT_IOC_ENABLE, 0);
	return 0;
}

void tach_loader__detach(struct tach_loader *loader)
{
	loader->throttles = tach_loader__throttles(loader);
	for (int i = 0; i < loader->timer_cnt; i++) {
		tach_perf__unwatch(loader->timers[i].page);
		bpf_link__destroy(loader->timers[i].link);
	}
	free(loader->timers);
	loader->timers = NULL;
	loader->timer_cnt = 0;
	bpf_link__destroy(loader->exec_link);
	loader->exec_link = NULL;
	tach_wall__detach(loader);
}

int tach_loader__ring_fd(const struct tach_loader *loader)
{
	return bpf_map__fd(loader->skel->maps.tach_ring);
}

int tach_loader__counts(const struct tach_loader *loader, __u64 counts[TACH_COUNTS_CNT])
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct tach_count_ent *per_cpu; /* [cpus] */
	__u32 zero = 0;

	memset(counts, 0, TACH_COUNTS_CNT * sizeof(*counts));
	if (cpus < 0)
		return cpus;
	per_cpu = calloc(cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map__lookup_elem(loader->skel->maps.tach_counts, &zero, sizeof(zero), per_cpu,
				 cpus * sizeof(*per_cpu), 0))
		err = -errno;
	for (int cpu = 0; !err && cpu < cpus; cpu++) {
		for (int i = 0; i < TACH_COUNTS_CNT; i++)
			counts[i] += per_cpu[cpu].n[i];
	}
	free(per_cpu);
	return err;
}

__u64 tach_loader__throttles(const struct tach_loader *loader)
{
	__u64 sum = loader->throttles;

	for (int i = 0; i < loader->timer_cnt; i++)
		sum += tach_perf__throttles(loader->timers[i].page);
	return sum;
}

static int by_ticks(const void *a, const void *b)
{
	const struct tach_bare_thread *x = a, *y = b;

	return (x->ticks < y->ticks) - (x->ticks > y->ticks);
}

int tach_loader__bare_threads(const struct tach_loader *loader, struct tach_bare_thread *out,
			      int cap)
{
	const struct bpf_map *map = loader->skel->maps.tach_bare;
	struct tach_thread_key key, *prev = NULL, prev_key;
	struct tach_bare_thread *all;
	struct tach_bare_ent ent;
	int all_cap = bpf_map__max_entries(map), cnt = 0;

	all = calloc(all_cap, sizeof(*all));
	if (!all)
		return 0;
	while (cnt < all_cap && !bpf_map__get_next_key(map, prev, &key, sizeof(key))) {
		if (!bpf_map__lookup_elem(map, &key, sizeof(key), &ent, sizeof(ent), 0)) {
			all[cnt] = (struct tach_bare_thread){
				.target = key.target,
				.tid = key.tid,
				.host_tid = ent.host_tid,
				.ticks = ent.ticks,
			};
			memcpy(all[cnt++].comm, ent.comm, sizeof(ent.comm));
		}
		prev_key = key;
		prev = &prev_key;
	}
	qsort(all, cnt, sizeof(*all), by_ticks);
	if (cnt > cap)
		cnt = cap;
	memcpy(out, all, cnt * sizeof(*out));
	free(all);
	return cnt;
}

int tach_loader__bpf_time(const struct tach_loader *loader, struct tach_bpf_time *out)
{
	struct bpf_program *prog = NULL;

	*out = (struct tach_bpf_time){0};
	while ((prog = bpf_object__next_program(loader->skel->obj, prog))) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (!bpf_program__autoload(prog))
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			return -errno;
		out->run_ns += info.run_time_ns;
		out->run_cnt += info.run_cnt;
		out->verified_insns += info.verified_insns;
	}
	return 0;
}
