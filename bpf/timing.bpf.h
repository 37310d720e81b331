/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TIMING_BPF_H
#define TACH_TIMING_BPF_H

/* What the programs cost, by their own measurement. Two looks at the clock are as long as a switch takes us, so it is
 * one run of many that is measured, and counts for all of them. (The kernel's own statistics look at it in each run
 * of any BPF program, and need CAP_SYS_ADMIN.) */

/* One of 2^n. */
#define TACH_TIMED_TICKS    3
#define TACH_TIMED_SWITCHES 5

/* Is the run with this number one of them? Also the time will do: clocks have steps, so every bit of it counts.
 * 2^64 / golden ratio. */
static __always_inline bool tach_is_timed(__u64 number, __u32 shift)
{
	return number * 0x9E3779B97F4A7C15ULL >> (64 - shift) == 0;
}

/* 0: it is none of them. */
static __always_inline __u64 tach_begin_timing(__u64 number, __u32 shift)
{
	return tach_is_timed(number, shift) ? bpf_ktime_get_ns() : 0;
}

/* More than the deepest stack takes: a virtual machine had to wait for its own CPU in between. */
#define TACH_TIMED_MAX_NS 2000000

/* What the run that ends stands for, in ns. */
static __always_inline __u64 tach_end_timing(__u64 begin_ns, __u32 shift)
{
	__u64 ns = bpf_ktime_get_ns() - begin_ns;

	return ns < TACH_TIMED_MAX_NS ? ns << shift : 0;
}

#endif
