/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PEEK_HOST_H
#define TACH_PEEK_HOST_H

/* What the headers of bpf/ ask of the kernel, answered in user space. Include it before them, once. */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/types.h"

#define SEC(name)
#undef __always_inline
#undef __noinline
#define __always_inline inline __attribute__((always_inline))
#define __noinline	static __attribute__((noinline))

/* A map's shape is in the types of its members, as for libbpf. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

enum {
	BPF_ANY = 0,
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	int pid;
	struct pid *thread_pid;
};

#define BPF_CORE_READ(src, field)		    ((src)->field)
#define bpf_core_read(dst, sz, src)		    memcpy(dst, src, sz)
#define bpf_core_type_size(type)		    sizeof(type)
#define __builtin_preserve_access_index(expression) (expression)

long tach_host__read(void *dst, __u32 sz, const void *src);
long tach_host__output(const void *rec, __u64 sz);
void *tach_host__lookup(const void *map, const void *key, size_t key_sz);
long tach_host__update(const void *map, const void *key, size_t key_sz, const void *value,
		       size_t value_sz);
long tach_host__delete(const void *map, const void *key, size_t key_sz);

#define bpf_probe_read_user(dst, sz, src)	 tach_host__read(dst, sz, src)
#define bpf_ringbuf_output(ring, rec, sz, flags) tach_host__output(rec, sz)
#define bpf_ringbuf_query(ring, what)		 0
#define bpf_map_lookup_elem(map, wanted)	 tach_host__lookup(map, wanted, sizeof(*(map)->key))
#define bpf_map_update_elem(map, wanted, content, flags)                                           \
	tach_host__update(map, wanted, sizeof(*(map)->key), content, sizeof(*(map)->value))
#define bpf_map_delete_elem(map, wanted) tach_host__delete(map, wanted, sizeof(*(map)->key))

#define bpf_loop(nr, fn, ctx, flags)                                                               \
	do {                                                                                       \
		for (__u32 _i = 0, _nr = (nr); _i < _nr; _i++) {                                   \
			if (fn(_i, ctx))                                                           \
				break;                                                             \
		}                                                                                  \
	} while (0)

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

enum {
	BPF_MAP_TYPE_HASH,
	BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_LRU_HASH,
	BPF_MAP_TYPE_RINGBUF,
	BPF_MAP_TYPE_TASK_STORAGE,
	BPF_F_NO_PREALLOC,
};

#endif
