// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "symbolize/code_cache.h"

static struct tach_code *find(const struct tach_code_cache *cache, const struct tach_code_key *key)
{
	struct tach_code *code;

	HASH_FIND(hh, cache->codes, key, sizeof(*key), code);
	return code;
}

const struct tach_code *tach_code_cache__find(const struct tach_code_cache *cache, __u32 target,
					      __u64 addr)
{
	return find(cache, &(struct tach_code_key){.addr = addr, .target = target});
}

static struct tach_code *add(struct tach_code_cache *cache, const struct tach_code_key *key)
{
	struct tach_code *code = calloc(1, sizeof(*code));

	if (!code)
		return NULL;
	code->key = *key;
	HASH_ADD(hh, cache->codes, key, sizeof(code->key), code);
	if (!code->hh.tbl) {
		free(code);
		return NULL;
	}
	return code;
}

int tach_code_cache__put(struct tach_code_cache *cache, const struct tach_code *code)
{
	struct tach_code *slot = find(cache, &code->key);

	if (!slot)
		slot = add(cache, &code->key);
	if (!slot)
		return -ENOMEM;
	free(slot->linetable);
	slot->serial++;
	slot->file = code->file;
	slot->func = code->func;
	slot->firstlineno = code->firstlineno;
	slot->hidden = code->hidden;
	slot->unknown = code->unknown;
	slot->linetable = code->linetable;
	slot->linetable_sz = code->linetable_sz;
	return 0;
}

void tach_code_cache__clear(struct tach_code_cache *cache)
{
	struct tach_code *code, *next;

	HASH_ITER (hh, cache->codes, code, next) {
		HASH_DEL(cache->codes, code);
		free(code->linetable);
		free(code);
	}
}
