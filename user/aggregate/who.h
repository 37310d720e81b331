/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WHO_H
#define TACH_WHO_H

#include "aggregate/profile.h"
#include "util/idmap.h"

/* The processes and threads of a profile. Zero-initialize. profile.h says what its functions do. */
struct tach_whos {
	struct tach_process *processes; /* [process_cnt] */
	struct tach_who *items;		/* [cnt] */
	__u64 *last_ns;			/* [cnt] time of the last event; 0: none */
	size_t process_cap, cap, last_cap;
	__u32 process_cnt, cnt, group_cnt;
	struct tach_idmap group_of; /* (process, interp) -> number */
	struct tach_idmap who_of;   /* (group, tid) -> index */
};

__u32 tach_whos__add_process(struct tach_whos *whos, int pid, const char *name,
			     const char *command);
__u32 tach_whos__get(struct tach_whos *whos, __u32 process, __u32 interp, __u32 tid, bool *added);
/* True if that was new. */
bool tach_whos__describe(struct tach_whos *whos, __u32 who, const char *name, bool main_thread);
/* No get after this. */
void tach_whos__freeze(struct tach_whos *whos);
void tach_whos__clear(struct tach_whos *whos);

#endif
