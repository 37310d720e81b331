/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_SESSION_H
#define TACH_TEST_SESSION_H

/* A symbolizer with code records made by hand and a target's memory made by hand. The modules are
 * included, not linked, so that their allocations can be made to fail. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/symbolize/code_cache.c"
#include "user/symbolize/frametab.c"
#include "user/symbolize/part.c"
#include "user/symbolize/symbolize.c"

#define TARGET		  3
#define ADDR		  0x7f0012345680ull
#define WORD(addr, lasti) ((__u64)(addr) >> 3 << TACH_FRAME_LASTI_BITS | (lasti))

/* Two code units on line 11 (columns 4 - 9), one without location, one on line 12. */
static const unsigned char table[] = {0xd9, 4, 9, 0xf8, 0xd8, 0, 7};

/* --- a code record and a target's memory ------------------------------------------------------- */

struct code_rec {
	size_t used; /* bytes of rec.data */
	union {
		struct tach_rec_code rec;
		unsigned char bytes[sizeof(struct tach_rec_code) + 256];
	};
};

static inline struct tach_rec_code *rec_of(struct code_rec *code)
{
	return &code->rec;
}

static inline void add_part(struct code_rec *code, struct tach_rec_str *str, const void *data,
			    size_t sz, unsigned kind)
{
	memcpy(rec_of(code)->data + code->used, data, sz);
	code->used += sz;
	*str = (struct tach_rec_str){.data_addr = 0x1000, .sz = sz, .full_sz = sz, .kind = kind};
}

static inline struct code_rec code_at(__u64 addr, const char *file, const char *func,
				      int firstlineno)
{
	struct code_rec code = {};
	struct tach_rec_code *rec = rec_of(&code);

	rec->hdr.type = TACH_REC_CODE;
	rec->code_addr = addr;
	rec->target = TARGET;
	rec->firstlineno = firstlineno;
	add_part(&code, &rec->filename, file, strlen(file), 1);
	add_part(&code, &rec->qualname, func, strlen(func), 1);
	add_part(&code, &rec->linetable, table, sizeof(table), 1);
	return code;
}

/* The memory of a target: @sz bytes at @addr. */
struct memory {
	__u32 target;
	__u64 addr;
	const void *data;
	size_t sz;
	int reads;
};

static inline int read_memory(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	struct memory *mem = ctx;

	mem->reads++;
	if (target != mem->target)
		return -ESRCH;
	if (addr < mem->addr || addr + sz > mem->addr + mem->sz)
		return -EFAULT;
	memcpy(dst, (const char *)mem->data + (addr - mem->addr), sz);
	return 0;
}

/* --- a session --------------------------------------------------------------------------------- */

struct session {
	struct tach_frametab *tab;
	struct tach_symbolizer *sym;
	struct memory mem;
	struct tach_remote remote;
};

static inline int setup(void **state)
{
	struct session *ses = calloc(1, sizeof(*ses));

	assert_non_null(ses);
	ses->remote = (struct tach_remote){.read = read_memory, .ctx = &ses->mem};
	ses->tab = tach_frametab__new();
	ses->sym = tach_symbolizer__new(ses->tab, &ses->remote);
	assert_non_null(ses->sym);
	*state = ses;
	return 0;
}

static inline int teardown(void **state)
{
	struct session *ses = *state;

	tach_symbolizer__free(ses->sym);
	tach_frametab__free(ses->tab);
	free(ses);
	return 0;
}

static inline void learn(struct session *ses, const struct code_rec *code)
{
	assert_int_equal(tach_symbolizer__add_code(ses->sym, &code->rec), 0);
}

#define MAX_WORDS 8

static inline ssize_t resolve(struct session *ses, __u32 target, __u32 flags, const __u64 *words,
			      __u32 cnt, tach_frame_id *out)
{
	union {
		struct tach_rec_stack rec;
		__u64 words[sizeof(struct tach_rec_stack) / sizeof(__u64) + MAX_WORDS];
	} stack = {.rec = {.target = target, .flags = flags, .frame_cnt = cnt}};

	memcpy(stack.rec.frames, words, cnt * sizeof(*words));
	return tach_symbolizer__resolve(ses->sym, &stack.rec, out);
}

/* The frame of one word. */
static const struct tach_frame *frame_of(struct session *ses, __u64 word)
{
	tach_frame_id id = TACH_NO_ID;

	assert_int_equal(resolve(ses, TARGET, 0, &word, 1, &id), 1);
	assert_in_range(id, 0, tach_frametab__frame_cnt(ses->tab) - 1);
	return tach_frametab__get(ses->tab, id);
}

static inline void check_text(struct session *ses, tach_str_id id, const char *want)
{
	assert_string_equal(tach_frametab__text(ses->tab, id, NULL), want);
}

static inline void check_names(struct session *ses, const struct tach_frame *frame,
			       const char *file, const char *func)
{
	check_text(ses, frame->file, file);
	check_text(ses, frame->func, func);
}

static inline void check_pos(const struct tach_frame *frame, int line, int col, int end_col)
{
	assert_int_equal(frame->line, line);
	assert_int_equal(frame->end_line, line);
	assert_int_equal(frame->col, col);
	assert_int_equal(frame->end_col, end_col);
}

static const struct tach_symbolizer_stats *stats_of(const struct session *ses)
{
	return tach_symbolizer__stats(ses->sym);
}

#endif
