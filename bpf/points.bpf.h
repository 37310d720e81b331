/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_POINTS_BPF_H
#define TACH_POINTS_BPF_H

/* When a thread's samples are due: at one random point of each period of its time. */

/* Time for which there is one sample. */
const volatile __u64 tach_period_ns = 1000000;

static __always_inline __u64 tach_random_point(void)
{
	return ((__u64)bpf_get_prandom_u32() * tach_period_ns) >> 32;
}

/* Timers tick a little too often (user/load/perf.h). Where no ledger says how many samples a tick that came after
 * @tick_ns stands for, so many are left out at random. */
static __always_inline bool tach_is_surplus(__u64 tick_ns)
{
	return tach_random_point() >= tick_ns;
}

/* In the period that begins @over ns before now: set the next point, behind now. Returns how many there
 * are before it. */
static __always_inline __u32 tach_next_point(struct tach_thread *t, __u64 over)
{
	__u64 point = tach_random_point();
	__u32 passed = 0;

	if (point < over) {
		passed = 1;
		point = tach_random_point();
		t->left_ns = tach_period_ns - over + point;
	} else {
		t->left_ns = point - over;
	}
	t->rest_ns = tach_period_ns - point;
	return passed;
}

/* Count on, up to @over ns behind the next point. Returns how many points there are.
 * Verified once (see tach_add_count()). */
__noinline __u32 tach_pass_point(struct tach_thread *t, __u64 over)
{
	if (!t)
		return 0;
	if (over < t->rest_ns) {
		t->left_ns = t->rest_ns - over;
		over = tach_random_point();
		t->left_ns += over;
		t->rest_ns = tach_period_ns - over;
		return 1;
	}
	over -= t->rest_ns;
	return 1 + over / tach_period_ns + tach_next_point(t, over % tach_period_ns);
}

/* Count up to @now. Returns how many points lie in between. */
static __always_inline __u32 tach_pass_points(struct tach_thread *t, __u64 now)
{
	__u64 block_ns = now > t->at_ns ? now - t->at_ns : 0;

	t->at_ns += block_ns;
	if (block_ns >= t->left_ns)
		return tach_pass_point(t, block_ns - t->left_ns);
	t->left_ns -= block_ns;
	return 0;
}

#endif
