/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TYPES_H
#define TACH_TYPES_H

/* The fixed-size types in which both sides speak; a remote address is a __u64, never a pointer, so
 * that the compiler forbids following it. */
#include <linux/types.h>

#endif
