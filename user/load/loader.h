/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LOADER_H
#define TACH_LOADER_H

/* Inside of load/ only. */

#include "load/kernel.h"
#include "load/load.h"
#include "bpf/tach_maps.h"
#include "tachyon.skel.h"

#define TACH_WALL_LINKS 5

struct tach_timer {
	struct bpf_link *link; /* owns fd */
	int fd;
	const struct perf_event_mmap_page *page; /* NULL: not watched */
};

struct tach_loader {
	struct tachyon_bpf *skel;
	__u64 period_ns;
	bool off_cpu;
	struct bpf_link *exec_link;
	struct tach_timer *timers; /* [timer_cnt] */
	int timer_cnt;
	__u64 throttles; /* of timers that are gone */
	enum tach_task_work task_work;
	struct bpf_link *wall_links[TACH_WALL_LINKS]; /* scheduler programs, iterator */
	__u32 depths[TACH_MAX_TARGETS];		      /* struct tach_target_ent */
};

/* Open the BPF object that uses no more of the kernel than that (bpf/ledger.bpf.h). NULL with errno. */
struct tachyon_bpf *tach_skeleton__open(enum tach_task_work work);

/* The part of the kernel side that counts time off the CPU (wall.c). */
void tach_wall__configure(struct tach_loader *loader, const struct tach_load_opts *opts);
int tach_wall__attach(
	struct tach_loader *loader); /* also begins the ledgers of the threads there */
void tach_wall__detach(struct tach_loader *loader);

#endif
