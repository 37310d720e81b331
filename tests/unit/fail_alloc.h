/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FAIL_ALLOC_H
#define TACH_FAIL_ALLOC_H

#include <stdbool.h>
#include <stdlib.h>

/* Makes the n-th allocation of a module fail. A test includes this header and then the module's .c
 * files: their allocations come here, and the library's copies of them are not linked. */

static int fail_alloc_left = -1; /* allocations that still succeed; negative: all do */

static inline bool fail_alloc_now(void)
{
	return fail_alloc_left >= 0 && fail_alloc_left-- == 0;
}

static inline void *fail_malloc(size_t sz)
{
	return fail_alloc_now() ? NULL : malloc(sz);
}

static inline void *fail_calloc(size_t cnt, size_t sz)
{
	return fail_alloc_now() ? NULL : calloc(cnt, sz);
}

static inline void *fail_reallocarray(void *old, size_t cnt, size_t sz)
{
	return fail_alloc_now() ? NULL : reallocarray(old, cnt, sz);
}

#define malloc	     fail_malloc
#define calloc	     fail_calloc
#define reallocarray fail_reallocarray

#endif
