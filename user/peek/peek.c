// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "peek/host.h"
#include "peek/peek.h"

/* What is there and is not needed here. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "bpf/tach_status.h"
#include "bpf/tach_maps.h"
#include "bpf/maps.bpf.h"
#include "bpf/read.bpf.h"
#include "bpf/emit.bpf.h"
#include "bpf/tstate.bpf.h"
#include "bpf/walk.bpf.h"
#include "bpf/intern.bpf.h"
#pragma GCC diagnostic pop

#include <errno.h>
#include <stdlib.h>

#include <uthash.h>

/* Ids of the kernel side count from 1. */
#define FIRST_STACK_ID (1ull << 63)

#define MAX_KEY_SZ   24
#define MAX_VALUE_SZ 24

struct entry {
	struct {
		const void *map;
		unsigned char key[MAX_KEY_SZ];
	} name;
	unsigned char value[MAX_VALUE_SZ];
	UT_hash_handle hh;
};

struct tstate {
	__u32 tid, order;
	__u64 addr, interp_id;
	UT_hash_handle hh;
};

struct tach_peek {
	struct tach_remote remote;
	tach_peek_emit emit;
	void *ctx;
	int emit_err;
	__u32 target, image;
	struct tach_layout layout;
	struct entry *entries; /* of all maps */
	struct tstate *tstates;
	struct tach_scratch *scratch;
};

/* The kernel's helpers have no context argument. */
static struct tach_peek *reader;

/* --- the kernel's part --- */

long tach_host__read(void *dst, __u32 sz, const void *src)
{
	return reader->remote.read(reader->remote.ctx, reader->target, (__u64)src, dst, sz);
}

long tach_host__output(const void *rec, __u64 sz)
{
	if (!reader->emit_err)
		reader->emit_err = reader->emit(reader->ctx, rec, sz);
	return reader->emit_err;
}

static struct entry *find(const void *map, const void *key, size_t key_sz)
{
	struct entry wanted = {.name.map = map}, *found;

	memcpy(wanted.name.key, key, key_sz);
	HASH_FIND(hh, reader->entries, &wanted.name, sizeof(wanted.name), found);
	return found;
}

void *tach_host__lookup(const void *map, const void *key, size_t key_sz)
{
	struct entry *entry;

	entry = find(map, key, key_sz);
	return entry ? entry->value : NULL;
}

long tach_host__update(const void *map, const void *key, size_t key_sz, const void *value,
		       size_t value_sz)
{
	struct entry *entry = find(map, key, key_sz);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->name.map = map;
		memcpy(entry->name.key, key, key_sz);
		HASH_ADD(hh, reader->entries, name, sizeof(entry->name), entry);
	}
	memcpy(entry->value, value, value_sz);
	return 0;
}

long tach_host__delete(const void *map, const void *key, size_t key_sz)
{
	struct entry *entry = find(map, key, key_sz);

	if (!entry)
		return -ENOENT;
	HASH_DEL(reader->entries, entry);
	free(entry);
	return 0;
}

/* --- ours --- */

struct tach_peek *tach_peek__new(const struct tach_remote *remote, tach_peek_emit emit, void *ctx)
{
	struct tach_peek *peek = calloc(1, sizeof(*peek));

	if (!peek)
		return NULL;
	peek->scratch = calloc(1, sizeof(*peek->scratch));
	if (!peek->scratch) {
		tach_peek__free(peek);
		return NULL;
	}
	peek->remote = *remote;
	peek->emit = emit;
	peek->ctx = ctx;
	if (tach_next_stack_id < FIRST_STACK_ID)
		tach_next_stack_id = FIRST_STACK_ID;
	return peek;
}

static void forget_tstates(struct tach_peek *peek)
{
	struct tstate *tstate, *next;

	HASH_ITER (hh, peek->tstates, tstate, next) {
		HASH_DEL(peek->tstates, tstate);
		free(tstate);
	}
}

void tach_peek__free(struct tach_peek *peek)
{
	struct entry *entry, *next;

	if (!peek)
		return;
	forget_tstates(peek);
	HASH_ITER (hh, peek->entries, entry, next) {
		HASH_DEL(peek->entries, entry);
		free(entry);
	}
	free(peek->scratch);
	free(peek);
}

static int add_tstate(struct tach_peek *peek, __u32 tid, __u64 addr)
{
	struct tstate *tstate = calloc(1, sizeof(*tstate));

	if (!tstate)
		return -ENOMEM;
	tstate->tid = tid;
	tstate->order = HASH_COUNT(peek->tstates);
	tstate->addr = addr;
	tstate->interp_id = peek->scratch->interp_id;
	HASH_ADD(hh, peek->tstates, tid, sizeof(tstate->tid), tstate);
	return 0;
}

/* Threads of one interpreter; of a list that changes meanwhile, a part. */
static int list_threads(struct tach_peek *peek, __u64 addr)
{
	struct tach_scratch *s = peek->scratch;
	int err = 0;

	for (int i = 0; addr && i < TACH_MAX_TSTATES && !err; i++) {
		if (tach_read(s->tstate_buf, TACH_TSTATE_SZ, addr))
			return 0;
		if (tach_tstate_is_bound(s, &peek->layout))
			err = add_tstate(peek, TSTATE_FIELD(__u32, peek->layout.ts_native_tid),
					 addr);
		addr = TSTATE_FIELD(__u64, peek->layout.ts_next);
	}
	return err;
}

int tach_peek__begin(struct tach_peek *peek, __u32 target, __u32 image,
		     const struct tach_layout *layout)
{
	__u64 interp, head;
	int err = 0;

	reader = peek;
	peek->target = target;
	peek->image = image;
	peek->layout = *layout;
	forget_tstates(peek);
	if (tach_read_u64(&interp, layout->runtime_addr + layout->rt_interpreters_head))
		return -EFAULT;
	for (int i = 0; interp && i < TACH_MAX_TSTATES && !err; i++) {
		if (tach_read_u64(&head, interp + layout->is_threads_head) ||
		    tach_read_u64(&peek->scratch->interp_id, interp + layout->is_id))
			return -EFAULT;
		err = list_threads(peek, head);
		if (tach_read_u64(&interp, interp + layout->is_next))
			return -EFAULT;
	}
	return err;
}

int tach_peek__thread(const struct tach_peek *peek, __u32 tid, struct tach_peek_thread *out)
{
	const struct tstate *tstate;

	HASH_FIND(hh, peek->tstates, &tid, sizeof(tid), tstate);
	if (!tstate)
		return -ESRCH;
	*out = (struct tach_peek_thread){.interp_id = tstate->interp_id, .order = tstate->order};
	return 0;
}

/* Of the thread state in the scratch. What a quota leaves for the next look we go on with at once. */
static int take_stack(struct tach_peek *peek, __u64 futex, __u32 filter)
{
	struct tach_scratch *s = peek->scratch;
	const struct tach_layout *layout = &peek->layout;
	int status = tach_read_state(s, layout, true);
	__u64 gil;

	if (status != TACH_ST_SAMPLED)
		return status;
	tach_waits_for_gil(s, layout, futex, &gil);
	if (filter && !(s->state & filter))
		return TACH_ST_OTHER_STATE;
	status = tach_walk(s, layout);
	if (status != TACH_ST_SAMPLED)
		return status;
	do {
		status = tach_intern(s, layout);
	} while (status == TACH_ST_CODE_QUOTA);
	return status;
}

int tach_peek__stack(struct tach_peek *peek, __u32 tid, __u64 futex, __u32 filter, __u64 *stack_id,
		     __u32 *state)
{
	struct tach_scratch *s = peek->scratch;
	struct tstate *tstate;
	int status;

	reader = peek;
	HASH_FIND(hh, peek->tstates, &tid, sizeof(tid), tstate);
	s->target = peek->target;
	s->image = peek->image;
	s->tid = tid;
	if (!peek->tstates)
		return TACH_ST_NOT_STARTED;
	if (!tstate || tach_tstate_is_mine(s, &peek->layout, tstate->addr) != 1)
		return TACH_ST_NO_PYTHON;
	s->tstate = tstate->addr;
	s->state = 0;
	peek->emit_err = 0;
	status = take_stack(peek, futex, filter);
	*stack_id = status == TACH_ST_SAMPLED ? s->stack.stack_id : 0;
	*state = s->state;
	return peek->emit_err ?: status;
}
