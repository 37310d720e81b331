/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_EMIT_BPF_H
#define TACH_EMIT_BPF_H

/* Bytes in the ring above which the reader is woken; below, it comes by itself. Waking for each record
 * would cost an interrupt per tick. */
const volatile __u32 tach_wake_sz = 1 << 20;

static __always_inline __u64 tach_wake_flag(void)
{
	return bpf_ringbuf_query(&tach_ring, BPF_RB_AVAIL_DATA) >= tach_wake_sz
		       ? BPF_RB_FORCE_WAKEUP
		       : BPF_RB_NO_WAKEUP;
}

/* Put @sz bytes into the ring. 0, or negative if it is full. */
static __always_inline long tach_emit(void *rec, __u64 sz)
{
	return bpf_ringbuf_output(&tach_ring, rec, sz, tach_wake_flag());
}

#endif
