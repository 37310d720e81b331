/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HOST_BPF_HELPERS_H
#define TACH_HOST_BPF_HELPERS_H

/* In place of libbpf's header of this name where the BPF programs are built for the host: what they ask
 * of the kernel is answered by tests/fuzz/host.c. vmlinux.h was included before. */

#include <stddef.h>
#include <string.h>

#include "tests/fuzz/host.h"

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline	__attribute__((noinline))
#define SEC(name)

/* A map's shape is in the types of its members, as for libbpf. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

#define HOST_NUMBER(member) (sizeof(*(member)) / sizeof(int))
#define HOST_SHAPE(addr, ...)                                                                      \
	(&(struct host_shape){.map = (addr),                                                       \
			      .type = HOST_NUMBER((addr)->type),                                   \
			      .key_sz = sizeof(*(addr)->key),                                      \
			      .value_sz = sizeof(*(addr)->value),                                  \
			      __VA_ARGS__})
#define HOST_SIZED_SHAPE(addr) HOST_SHAPE(addr, .max = HOST_NUMBER((addr)->max_entries))

#define bpf_map_lookup_elem(addr, wanted) host_lookup(HOST_SIZED_SHAPE(addr), wanted)
#define bpf_map_update_elem(addr, wanted, content, flags)                                          \
	host_update(HOST_SIZED_SHAPE(addr), wanted, content)
#define bpf_map_delete_elem(addr, wanted) host_delete(HOST_SHAPE(addr), wanted)
#define bpf_task_storage_get(addr, task, content, flags)                                           \
	host_storage(HOST_SHAPE(addr), task, content, flags)

#define bpf_loop(nr, fn, ctx, flags)                                                               \
	do {                                                                                       \
		for (__u32 _i = 0, _nr = (nr); _i < _nr && host_may_step(_nr); _i++) {             \
			if (fn(_i, ctx))                                                           \
				break;                                                             \
		}                                                                                  \
	} while (0)

#define bpf_probe_read_user(dst, sz, src)	 host_read_user(dst, sz, src)
#define bpf_probe_read_kernel(dst, sz, src)	 memcpy(dst, src, sz)
#define bpf_probe_read_kernel_str(dst, sz, src)	 host_read_str(dst, sz, src)
#define bpf_ringbuf_output(ring, rec, sz, flags) host_output(rec, sz, flags)
#define bpf_ringbuf_query(ring, what)		 ((what) == BPF_RB_RING_SIZE ? host.ring_sz : host.ring_used)
#define bpf_get_smp_processor_id()		 host.cpu
#define bpf_get_current_task_btf()		 host.task
#define bpf_task_pt_regs(task)			 ((void)(task), &host.regs)
#define bpf_ktime_get_ns()			 (++host.now_ns)
#define bpf_get_prandom_u32()			 ((__u32)(++host.now_ns * 2654435761u))
#define bpf_seq_write(seq, row, sz)		 ((void)(seq), (void)(row), (void)(sz), 0)

#define __ksym
#define __weak __attribute__((weak))

#endif
