/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_READ_BPF_H
#define TACH_READ_BPF_H

/* The only place where the memory of a target is touched. */

/* Returns 0, or a negative errno if any byte is not in memory: an interrupt cannot wait for a page. */
static __always_inline long tach_read(void *dst, __u32 sz, __u64 addr)
{
	return bpf_probe_read_user(dst, sz, (const void *)addr);
}

static __always_inline long tach_read_u64(__u64 *dst, __u64 addr)
{
	return tach_read(dst, sizeof(*dst), addr);
}

/* Field of a window that was read before. The mask is for the verifier: user space has checked that
 * off lies inside the window, whose size is a power of two or ends with 8 bytes of slack. */
#define TACH_FIELD(type, buf, off, mask) (*(type *)((unsigned char *)(buf) + ((off) & (mask))))

/* Clamp x to max in a way the compiler cannot optimise away: the verifier needs to see the bound on
 * the very register that is used. Where this is built for the host (tests/fuzz) nobody needs to. */
#ifdef __bpf__
#define TACH_CLAMP(x, max) asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(x) : "i"(max))
#else
#define TACH_CLAMP(x, max) ((x) = (x) <= (max) ? (x) : (max))
#endif

#endif
