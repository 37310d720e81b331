/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_HOST_H
#define TACH_FUZZ_HOST_H

/* The kernel as the BPF programs see it, for programs that are built for the host: maps, the ring, the
 * task that is interrupted. One kernel per process, as there.
 *
 * Every value of a map is memory of its own, so that the address sanitizer sees whoever leaves one, or
 * holds one that was replaced: in the kernel that is another key's value by then.
 *
 * The includer has included vmlinux.h. */

#include <stdbool.h>
#include <stddef.h>

struct host_shape {
	const void *map; /* which one */
	__u32 type;	 /* BPF_MAP_TYPE_* */
	__u32 max;	 /* entries */
	__u32 key_sz;
	__u32 value_sz;
};

struct host {
	struct task_struct *task; /* that is interrupted */
	struct pt_regs regs;	  /* of its user mode */
	__u32 cpu;
	__u32 cpu_cnt;
	__u64 now_ns;
	__u64 ring_sz; /* bytes; like a real one it takes a header of 8 more for each record */
	__u64 ring_used;
	__u64 refused;	    /* records that did not fit */
	__u64 reads;	    /* of user memory */
	__u64 steps;	    /* of loops */
	__u32 lru_max;	    /* entries of an LRU map: it may forget at any time */
	bool storage_blind; /* as when a tick interrupts another storage operation */

	/* The other sides. Memory of the target: 0 or negative; a record in the ring. */
	long (*read_user)(void *dst, __u32 sz, __u64 addr);
	void (*take)(const void *rec, size_t sz);
};
extern struct host host;

/* As after loading; what was set in host is lost. */
void host_reset(void);

/* What the helpers do. */
void *host_lookup(const struct host_shape *shape, const void *key);
long host_update(const struct host_shape *shape, const void *key, const void *value);
long host_delete(const struct host_shape *shape, const void *key);
void *host_storage(const struct host_shape *shape, const struct task_struct *task,
		   const void *value, __u64 flags);
long host_read_user(void *dst, __u32 sz, const void *addr);
long host_read_str(char *dst, __u32 sz, const char *src);
long host_output(const void *rec, __u64 sz, __u64 flags);
bool host_may_step(__u32 nr);

/* Let a map forget everything. */
void host_forget(const struct host_shape *shape);

#endif
