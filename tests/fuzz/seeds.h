/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FUZZ_SEEDS_H
#define TACH_FUZZ_SEEDS_H

#include <stddef.h>

/* Write an input of that fuzzer. */
void seed(const char *fuzzer, const char *name, const void *data, size_t sz);

void save_recordings(void); /* of fuzz_replay */

#endif
