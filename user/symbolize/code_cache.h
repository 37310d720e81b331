/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CODE_CACHE_H
#define TACH_CODE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "symbolize/frametab.h"
#include "symbolize/hash.h"
#include "util/types.h"

struct tach_code_key {
	__u64 addr; /* of the code object */
	__u32 target;
	__u32 pad; /* 0: the key is compared as bytes */
};

/* What is known of the code object that was described last at an address. */
struct tach_code {
	UT_hash_handle hh;
	struct tach_code_key key;
	__u64 serial; /* >= 1; rises when another description replaces this one */
	tach_str_id file;
	tach_str_id func;
	__s32 firstlineno;
	bool hidden;		  /* no frame of the user's program */
	bool unknown;		  /* a name could not be read */
	unsigned char *linetable; /* [linetable_sz], owned; what could be read of it */
	size_t linetable_sz;
};

struct tach_code_cache {
	struct tach_code *codes; /* hash */
};

/* A code stays where it is for the life of the cache. NULL: never described. */
const struct tach_code *tach_code_cache__find(const struct tach_code_cache *cache, __u32 target,
					      __u64 addr);

/* Put a copy of @code (key and contents are the caller's, serial is set here) in the place of what
 * was known at its key. Takes its line table, but not if it fails. 0 or -ENOMEM. */
int tach_code_cache__put(struct tach_code_cache *cache, const struct tach_code *code);

/* Free what the cache holds, not the cache. */
void tach_code_cache__clear(struct tach_code_cache *cache);

#endif
