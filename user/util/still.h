/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_STILL_H
#define TACH_STILL_H

#include <stddef.h>

#include "util/remote.h"
#include "util/types.h"

#define TACH_STILL_PAGES   64 /* power of two */
#define TACH_STILL_PAGE_SZ 4096

/* Memory that does not change while it is looked at: each page of it is read once. Zero-initialize. */
struct tach_still {
	struct tach_still_page {
		__u64 addr; /* of its start */
		__u64 look; /* in which it was read */
		unsigned char bytes[TACH_STILL_PAGE_SZ];
	} pages[TACH_STILL_PAGES];
	__u64 look;
};

/* From here on it may be another one. */
void tach_still__begin(struct tach_still *still);

/* As the read of @remote, through which it gets what it does not have. */
int tach_still__read(struct tach_still *still, const struct tach_remote *remote, __u32 target,
		     __u64 addr, void *dst, size_t sz);

#endif
