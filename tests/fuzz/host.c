// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "vmlinux.h"
#include "tests/fuzz/broken.h"
#include "tests/fuzz/host.h"

#define MAX_MAPS 32
/* Source: Linux v6.1 kernel/bpf/bpf_iter.c, bpf_loop(): BPF_MAX_LOOPS. */
#define MAX_LOOPS (8u << 20)
/* Source: Linux v6.1 include/uapi/linux/bpf.h, BPF_RINGBUF_HDR_SZ. */
#define RING_HDR_SZ 8

/* An entry of a map. Arrays are hashes too: a key that nobody used has value 0. */
struct entry {
	UT_hash_handle hh;
	void *key;
	void *value;
};

struct map {
	const void *id;
	struct entry *entries; /* hash; the oldest first */
};

struct host host;
static struct map maps[MAX_MAPS];

static void *need(void *mem)
{
	if (!mem)
		broken("no memory");
	return mem;
}

static void *copy_of(const void *data, size_t sz)
{
	return memcpy(need(malloc(sz)), data, sz);
}

static struct map *map_of(const struct host_shape *shape)
{
	for (size_t i = 0; i < MAX_MAPS; i++) {
		if (maps[i].id == shape->map)
			return &maps[i];
		if (!maps[i].id) {
			maps[i].id = shape->map;
			return &maps[i];
		}
	}
	broken("more than %d maps", MAX_MAPS);
}

static void drop(struct map *map, struct entry *entry)
{
	HASH_DEL(map->entries, entry);
	free(entry->key);
	free(entry->value);
	free(entry);
}

static void drop_all(struct map *map)
{
	struct entry *entry, *next;

	HASH_ITER (hh, map->entries, entry, next)
		drop(map, entry);
}

static struct entry *find(const struct map *map, const void *key, size_t key_sz)
{
	struct entry *entry;

	HASH_FIND(hh, map->entries, key, key_sz, entry);
	return entry;
}

static void *add(struct map *map, const void *key, size_t key_sz, void *value)
{
	struct entry *entry = need(calloc(1, sizeof(*entry)));

	entry->key = copy_of(key, key_sz);
	entry->value = value;
	HASH_ADD_KEYPTR(hh, map->entries, entry->key, key_sz, entry);
	return entry->value;
}

void host_reset(void)
{
	for (size_t i = 0; i < MAX_MAPS; i++)
		drop_all(&maps[i]);
	memset(maps, 0, sizeof(maps));
	memset(&host, 0, sizeof(host));
}

void host_forget(const struct host_shape *shape)
{
	drop_all(map_of(shape));
}

static bool is_array(const struct host_shape *shape)
{
	return shape->type == BPF_MAP_TYPE_ARRAY || shape->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* Arrays of one element are given one per CPU: per-CPU ones by the kernel, the scratches at load. */
static void *array_value(const struct host_shape *shape, const void *key)
{
	struct map *map = map_of(shape);
	struct entry *entry;
	__u32 idx;

	memcpy(&idx, key, sizeof(idx));
	if (shape->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		idx = idx < shape->max ? idx * host.cpu_cnt + host.cpu : ~0u;
	else if (idx >= (shape->max > 1 ? shape->max : host.cpu_cnt))
		idx = ~0u;
	if (idx == ~0u)
		return NULL;
	entry = find(map, &idx, sizeof(idx));
	if (entry)
		return entry->value;
	return add(map, &idx, sizeof(idx), need(calloc(1, shape->value_sz)));
}

void *host_lookup(const struct host_shape *shape, const void *key)
{
	struct entry *entry;

	if (is_array(shape))
		return array_value(shape, key);
	entry = find(map_of(shape), key, shape->key_sz);
	return entry ? entry->value : NULL;
}

long host_update(const struct host_shape *shape, const void *key, const void *value)
{
	struct map *map = map_of(shape);
	struct entry *entry;
	void *array;

	if (is_array(shape)) {
		array = array_value(shape, key);
		return array ? !memcpy(array, value, shape->value_sz) : -1;
	}
	entry = find(map, key, shape->key_sz);
	if (entry) {
		drop(map, entry);
	} else if (shape->type == BPF_MAP_TYPE_LRU_HASH) {
		while (map->entries && HASH_COUNT(map->entries) >= host.lru_max)
			drop(map, map->entries);
	} else if (HASH_COUNT(map->entries) >= shape->max) {
		return -1;
	}
	add(map, key, shape->key_sz, copy_of(value, shape->value_sz));
	return 0;
}

long host_delete(const struct host_shape *shape, const void *key)
{
	struct map *map = map_of(shape);
	struct entry *entry = find(map, key, shape->key_sz);

	if (!entry)
		return -1;
	drop(map, entry);
	return 0;
}

void *host_storage(const struct host_shape *shape, const struct task_struct *task,
		   const void *value, __u64 flags)
{
	struct map *map = map_of(shape);
	__u64 key = (__u64)task;
	struct entry *entry = find(map, &key, sizeof(key));

	if (host.storage_blind)
		return NULL;
	if (entry || !(flags & BPF_LOCAL_STORAGE_GET_F_CREATE))
		return entry ? entry->value : NULL;
	return add(map, &key, sizeof(key), copy_of(value, shape->value_sz));
}

long host_read_user(void *dst, __u32 sz, const void *addr)
{
	host.reads++;
	if (!host.read_user(dst, sz, (__u64)addr))
		return 0;
	memset(dst, 0,
	       sz); /* Source: Linux v6.1 kernel/trace/bpf_trace.c, bpf_probe_read_user(). */
	return -14;
}

long host_read_str(char *dst, __u32 sz, const char *src)
{
	return snprintf(dst, sz, "%s", src) + 1;
}

long host_output(const void *rec, __u64 sz, __u64 flags)
{
	__u64 needs = (sz + RING_HDR_SZ + 7) & ~7ull;
	void *copy;

	if (flags != BPF_RB_NO_WAKEUP && flags != BPF_RB_FORCE_WAKEUP)
		broken("a record with flags %llx", flags);
	if (needs > host.ring_sz - host.ring_used) {
		host.refused++;
		return -11;
	}
	host.ring_used += needs;
	copy = copy_of(rec, sz);
	host.take(copy, sz);
	free(copy);
	return 0;
}

bool host_may_step(__u32 nr)
{
	if (nr > MAX_LOOPS)
		return false;
	host.steps++;
	return true;
}
