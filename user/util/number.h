/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_NUMBER_H
#define TACH_NUMBER_H

#include "util/types.h"

/* As Python's format(value, ","): 1,234,567. */
#define TACH_GROUPED_MAX 32
const char *tach_number__grouped(__u64 value, char buf[TACH_GROUPED_MAX]);

#endif
