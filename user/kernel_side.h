/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_KERNEL_SIDE_H
#define TACH_KERNEL_SIDE_H

#include "load/load.h"
#include "subject.h"

/* The kernel side, for the process that is profiled. Functions that return an error have said why. */

/* Load the programs and let them follow the process; nothing runs yet. 0 and *@out, or a negative errno: then
 * *@out may be set all the same. */
int tach_kernel_side__open(const struct tach_load_opts *load_opts, bool force,
			   struct tach_subject *subject, struct tach_loader **out);

/* Start the timers. 0 or a negative errno. */
int tach_kernel_side__attach(struct tach_loader *loader);

/* For tach_subject__search(). */
struct tach_layout_sink tach_kernel_side__sink(struct tach_loader *loader);

#endif
