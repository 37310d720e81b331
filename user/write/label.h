/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_LABEL_H
#define TACH_LABEL_H

#include "aggregate/profile.h"

#define TACH_LABEL_SZ 64 /* the end included */

/* What a thread is called where people read it: MainThread, its own name, or Thread-TID if it has none, and which
 * interpreter it runs in if that is not the main one. */
void tach_label__thread(const struct tach_profile *profile, __u32 who, char label[TACH_LABEL_SZ]);

#endif
