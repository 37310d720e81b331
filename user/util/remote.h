/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_REMOTE_H
#define TACH_REMOTE_H

#include <stddef.h>

#include "util/types.h"

/* Reads the memory of targets. The room that symbolizes knows only this, not where it comes from. */
struct tach_remote {
	/* Copy sz bytes at remote address addr of the target to dst.
	 * Returns 0, or a negative errno (-EFAULT unmapped, -ESRCH gone, -EPERM); all or nothing. */
	int (*read)(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz);
	void *ctx;
};

#endif
