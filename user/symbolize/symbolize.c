// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/code_cache.h"
#include "symbolize/linetable.h"
#include "symbolize/part.h"
#include "symbolize/pystr.h"
#include "symbolize/symbolize.h"

#define UNREADABLE   "<unknown: unreadable name>"
#define NOT_CAPTURED "<unknown: code object not captured>"
#define TRUNCATED    "<truncated>"

/* Index: enum tach_marker. */
static const char *const marker_names[TACH_MARKER__CNT] = {
	[TACH_MARKER_GC] = "<GC>",
	[TACH_MARKER_NATIVE] = "<native>",
};

/* An instruction of a code object that was sampled, and the frame it became. Each is decoded once:
 * a stack is one look-up per frame. */
struct spot_key {
	__u64 word; /* as in tach_rec_stack */
	__u32 target;
	__u32 pad; /* 0: the key is compared as bytes */
};

struct spot {
	UT_hash_handle hh;
	struct spot_key key;
	const struct tach_code *code;
	__u64 serial; /* of the code when it was decoded: another means decode again */
	tach_frame_id frame;
	bool bad_line;
};

struct tach_symbolizer {
	struct tach_frametab *tab;	  /* not owned */
	const struct tach_remote *remote; /* not owned, may be NULL */
	struct tach_code_cache cache;
	struct spot *spots;			 /* hash */
	tach_frame_id not_captured;		 /* TACH_NO_ID until needed */
	tach_frame_id truncated;		 /* " */
	tach_frame_id markers[TACH_MARKER__CNT]; /* " */
	struct tach_symbolizer_stats stats;
};

/* In place of uthash's own, which takes as long as the rest of a look-up. A multiplication carries what
 * differs, the middle and the low bits of a word, to the top. */
static unsigned hash_spot(const struct spot_key *key)
{
	__u64 mixed = key->word ^ (__u64)key->target << 32;

	mixed ^= mixed >> 32;
	return mixed * 0x9e3779b97f4a7c15ull >> 32;
}

static tach_str_id intern(struct tach_symbolizer *sym, const char *text)
{
	return tach_frametab__str(sym->tab, text, strlen(text));
}

/* Id of a marker's frame, made when it is first needed; TACH_NO_ID without memory. */
static tach_frame_id marker(struct tach_symbolizer *sym, const char *name, tach_frame_id *id)
{
	if (*id == TACH_NO_ID)
		*id = tach_frametab__marker(sym->tab, name);
	return *id;
}

struct tach_symbolizer *tach_symbolizer__new(struct tach_frametab *tab,
					     const struct tach_remote *remote)
{
	struct tach_symbolizer *sym = calloc(1, sizeof(*sym));

	if (!sym)
		return NULL;
	sym->tab = tab;
	sym->remote = remote;
	sym->not_captured = TACH_NO_ID;
	sym->truncated = TACH_NO_ID;
	for (int i = 0; i < TACH_MARKER__CNT; i++)
		sym->markers[i] = TACH_NO_ID;
	return sym;
}

void tach_symbolizer__free(struct tach_symbolizer *sym)
{
	struct spot *spot, *next;

	if (!sym)
		return;
	HASH_ITER (hh, sym->spots, spot, next) {
		HASH_DEL(sym->spots, spot);
		free(spot);
	}
	tach_code_cache__clear(&sym->cache);
	free(sym);
}

static bool readable(const struct tach_part *part, __u32 kind)
{
	return part->whole && (kind == 1 || kind == 2 || kind == 4);
}

/* Id of a name, also if it is not readable; TACH_NO_ID without memory. */
static tach_str_id name_id(struct tach_symbolizer *sym, const struct tach_part *part, __u32 kind)
{
	tach_str_id id = TACH_NO_ID;
	char *text;

	if (!readable(part, kind))
		return intern(sym, UNREADABLE);
	text = malloc(TACH_PYSTR_MAX(part->sz) + 1);
	if (text)
		id = tach_frametab__str(sym->tab, text,
					tach_pystr__to_utf8(part->data, part->sz, kind, text));
	free(text);
	return id;
}

/* CPython's static _Py_InitCleanup, which lies below each __init__() that specialised code called:
 * tracebacks hide it too. Both its names are "__init__", and its first line is 0, which the compiler
 * gives to no code object. Source: CPython v3.13.0 - v3.15 Python/specialize.c. */
static bool is_shim(const struct tach_symbolizer *sym, const struct tach_code *code)
{
	return code->firstlineno == 0 && code->file == code->func &&
	       !strcmp(tach_frametab__text(sym->tab, code->file, NULL), "__init__");
}

static void keep_linetable(struct tach_code *code, const struct tach_part *part)
{
	code->linetable = malloc(part->sz + 1);
	if (!code->linetable)
		return;
	memcpy(code->linetable, part->data, part->sz);
	code->linetable_sz = part->sz;
}

/* Fill @code, whose key is set. 0 or -ENOMEM. */
static int describe(struct tach_symbolizer *sym, const struct tach_rec_code *rec,
		    const struct tach_part *file, const struct tach_part *func,
		    const struct tach_part *linetable, struct tach_code *code)
{
	code->file = name_id(sym, file, rec->filename.kind);
	code->func = name_id(sym, func, rec->qualname.kind);
	keep_linetable(code, linetable);
	if (code->file == TACH_NO_ID || code->func == TACH_NO_ID || !code->linetable)
		return -ENOMEM;
	code->firstlineno = rec->firstlineno;
	code->unknown = !readable(file, rec->filename.kind) || !readable(func, rec->qualname.kind);
	code->hidden = is_shim(sym, code);
	return 0;
}

int tach_symbolizer__add_code(struct tach_symbolizer *sym, const struct tach_rec_code *rec)
{
	const unsigned char *qualname = rec->data + rec->filename.sz;
	const unsigned char *table = qualname + rec->qualname.sz;
	struct tach_code code = {.key.addr = rec->code_addr, .key.target = rec->target};
	struct tach_part file, func, linetable;
	int err;

	sym->stats.codes++;
	tach_part__get(&file, &rec->filename, rec->data, rec->miss & TACH_CODE_MISS_FILENAME,
		       rec->target, sym->remote);
	tach_part__get(&func, &rec->qualname, qualname, rec->miss & TACH_CODE_MISS_QUALNAME,
		       rec->target, sym->remote);
	tach_part__get(&linetable, &rec->linetable, table, rec->miss & TACH_CODE_MISS_LINETABLE,
		       rec->target, sym->remote);
	sym->stats.fallbacks += file.fetched + func.fetched + linetable.fetched;
	err = describe(sym, rec, &file, &func, &linetable, &code);
	if (!err)
		err = tach_code_cache__put(&sym->cache, &code);
	if (err)
		free(code.linetable);
	tach_part__clear(&linetable);
	tach_part__clear(&func);
	tach_part__clear(&file);
	return err;
}

/* Decode the position of a spot. 0 or -ENOMEM. */
static int locate(struct tach_symbolizer *sym, struct spot *spot)
{
	const struct tach_code *code = spot->code;
	__u32 lasti = TACH_FRAME_LASTI(spot->key.word);
	struct tach_position pos = {
		.line = TACH_LINE_BAD,
		.end_line = TACH_LINE_BAD,
		.col = TACH_COL_NONE,
		.end_col = TACH_COL_NONE,
	};
	struct tach_frame frame = {
		.file = code->file,
		.func = code->func,
		.first_line = code->firstlineno > 0 ? code->firstlineno : 0,
	};
	tach_frame_id id;

	if (lasti != TACH_FRAME_LASTI_NONE)
		tach_linetable__find(code->linetable, code->linetable_sz, code->firstlineno, lasti,
				     &pos);
	frame.line = pos.line;
	frame.end_line = pos.end_line;
	frame.col = pos.col;
	frame.end_col = pos.end_col;
	id = tach_frametab__frame(sym->tab, &frame);
	if (id == TACH_NO_ID)
		return -ENOMEM;
	spot->frame = id;
	spot->bad_line = pos.line == TACH_LINE_BAD;
	spot->serial = code->serial;
	return 0;
}

static struct spot *add_spot(struct tach_symbolizer *sym, const struct spot_key *key, unsigned hash,
			     const struct tach_code *code)
{
	struct spot *spot = calloc(1, sizeof(*spot));

	if (!spot)
		return NULL;
	spot->key = *key;
	spot->code = code;
	HASH_ADD_BYHASHVALUE(hh, sym->spots, key, sizeof(spot->key), hash, spot);
	if (!spot->hh.tbl) {
		free(spot);
		return NULL;
	}
	return spot;
}

/* The frame of a word without a code object: 1 and *@id, or -ENOMEM. */
static int resolve_marker(struct tach_symbolizer *sym, __u64 word, tach_frame_id *id)
{
	__u32 number = TACH_FRAME_MARKER(word);

	if (number < TACH_MARKER__CNT && marker_names[number]) {
		*id = marker(sym, marker_names[number], &sym->markers[number]);
	} else {
		sym->stats.unknown++;
		*id = marker(sym, NOT_CAPTURED, &sym->not_captured);
	}
	return *id == TACH_NO_ID ? -ENOMEM : 1;
}

/* Frame of one word of a stack: 1 and *@id, 0 if it is hidden, or -ENOMEM. */
static int resolve_word(struct tach_symbolizer *sym, __u32 target, __u64 word, tach_frame_id *id)
{
	struct spot_key key = {.word = word, .target = target};
	unsigned hash = hash_spot(&key);
	const struct tach_code *code;
	struct spot *spot;

	if (!TACH_FRAME_CODE(word))
		return resolve_marker(sym, word, id);
	HASH_FIND_BYHASHVALUE(hh, sym->spots, &key, sizeof(key), hash, spot);
	if (!spot) {
		code = tach_code_cache__find(&sym->cache, target, TACH_FRAME_CODE(word));
		if (!code) {
			sym->stats.unknown++;
			*id = marker(sym, NOT_CAPTURED, &sym->not_captured);
			return *id == TACH_NO_ID ? -ENOMEM : 1;
		}
		spot = add_spot(sym, &key, hash, code);
		if (!spot)
			return -ENOMEM;
	}
	code = spot->code;
	if (code->hidden)
		return 0;
	if (spot->serial != code->serial && locate(sym, spot))
		return -ENOMEM;
	sym->stats.unknown += code->unknown;
	sym->stats.bad_lines += spot->bad_line;
	*id = spot->frame;
	return 1;
}

ssize_t tach_symbolizer__resolve(struct tach_symbolizer *sym, const struct tach_rec_stack *rec,
				 tach_frame_id *out)
{
	__u32 i, cut = tach_stack__cut(rec);
	ssize_t cnt = 0;
	int got;

	for (i = 0; i <= rec->frame_cnt; i++) {
		if (i == cut) {
			out[cnt] = marker(sym, TRUNCATED, &sym->truncated);
			if (out[cnt++] == TACH_NO_ID)
				return -ENOMEM;
		}
		if (i == rec->frame_cnt)
			break;
		got = resolve_word(sym, rec->target, tach_stack__word(rec, i), &out[cnt]);
		if (got < 0)
			return got;
		cnt += got;
	}
	return cnt;
}

const struct tach_symbolizer_stats *tach_symbolizer__stats(const struct tach_symbolizer *sym)
{
	return &sym->stats;
}
