/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SYMBOLIZE_HASH_H
#define TACH_SYMBOLIZE_HASH_H

/* uthash, told to return when memory is short: an element that could not be added has hh.tbl NULL. */
#define HASH_NONFATAL_OOM	 1
#define uthash_nonfatal_oom(elt) ((void)(elt))
#include <uthash.h>

#endif
