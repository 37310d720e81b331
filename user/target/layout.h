/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LAYOUT_PARSE_H
#define TACH_LAYOUT_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/log.h"
#include "util/types.h"
#include "bpf/tach_layout.h"

/* The table of offsets that CPython 3.13 and newer publish at the start of _PyRuntime. */

/* What to read: the longest table; that much of _PyRuntime there is in every version. */
#define TACH_DEBUG_OFFSETS_SZ 888

#define TACH_DEBUG_COOKIE    "xdebugpy"
#define TACH_DEBUG_COOKIE_SZ 8

bool tach_layout__has_cookie(const void *table, size_t sz);

/* Turn the @sz bytes of the table at @runtime_addr into a layout: cookie, version, and every offset for
 * alignment, for the size its struct has by the table, for the windows of tach_layout.h.
 * Returns 0 with *@out; else *@out is not to be used, and @why says what the process does, to be put
 * behind its name ("runs Python 3.16.0: supported are ..."):
 *	-ENOTSUP  a version or a build that is not supported
 *	-EPROTO   the table does not make sense: which field
 * Pure. */
int tach_layout__parse(const void *table, size_t sz, __u64 runtime_addr, struct tach_layout *out,
		       struct tach_why *why);

#endif
