/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CODE_COUNTER_H
#define TACH_CODE_COUNTER_H

#include "target/memory.h"
#include "bpf/tach_layout.h"

/* Python 3.13 publishes no counter of freed code objects, but its interpreter draws a number for each one
 * it makes, which serves as well: an address is used again only by a new code object.
 *
 * Look for that counter in the interpreter at @interp, and make sure that it is what we think: where it is
 * is not published. If so, @layout gets it; if not, or if the version needs none, @layout stays as it is,
 * and stacks are compared each time. */
void tach_code_counter__find(const struct tach_memory *mem, __u64 interp,
			     struct tach_layout *layout);

#endif
