/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_INTERN_BPF_H
#define TACH_INTERN_BPF_H

/* Frames in the scratch -> id of a stack that user space knows.
 *
 * A stack is defined once; afterwards its id is enough. Before it is defined, each of its code objects
 * that user space does not know is captured: the frames hold them alive during the tick, a moment later
 * they may be gone. Nothing becomes known before its record is in the ring. */

/* New code objects captured in one tick at most, about 1 us each; one more for each 4 KiB that one has. What
 * is known stays known, so the next tick goes on from there. */
#define TACH_MAX_CAPTURES     64
#define TACH_CAPTURE_SZ_SHIFT 12

/* Bytes of a line table copied: less than what there is room for if the ring is small. */
const volatile __u32 tach_linetable_sz = TACH_LINETABLE_MAX_SZ;

#define CODE_FIELD(type, off) TACH_FIELD(type, s->code_buf, off, 255)

static __always_inline __u64 tach_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
	return hash ^ (hash >> 29);
}

/* From co_firstlineno on; co_version is among them (user/target/ checks the distance). */
#define TACH_CODE_ID_SZ 32

/* Identity of the code object at @code. Its address alone does not do: a third of the code objects that a
 * churning program makes get the address of a dead one. co_version is drawn from a counter for each new
 * code object (CPython v3.13.0 Objects/codeobject.c, init_code()), so with the first line it is enough,
 * and both are in one cache line. It stays 0 once the counter has overflowed: then the pointers count, and
 * in free-threaded builds.
 * Overwrites s->code_buf. 0, or negative if the code object is not in memory. */
static __always_inline long tach_code_fingerprint(struct tach_scratch *s,
						  const struct tach_layout *layout, __u64 code,
						  __u64 *out)
{
	__u64 hash;

	if (tach_read(s->code_buf, TACH_CODE_ID_SZ, code + layout->co_firstlineno))
		return -1;
	hash = *(__u32 *)s->code_buf;
	if (layout->co_version)
		hash |= (__u64)TACH_FIELD(__u32, s->code_buf,
					  layout->co_version - layout->co_firstlineno,
					  TACH_CODE_ID_SZ - 4)
			<< 32;
	*out = hash;
	if (hash >> 32 && !(layout->flags & TACH_LAYOUT_FREE_THREADED))
		return 0;
	if (tach_read(s->code_buf, TACH_CODE_SZ, code))
		return -1;
	hash = tach_mix(hash, CODE_FIELD(__u64, layout->co_filename));
	hash = tach_mix(hash, CODE_FIELD(__u64, layout->co_qualname));
	*out = tach_mix(hash, CODE_FIELD(__u64, layout->co_linetable));
	return 0;
}

struct intern_ctx {
	struct tach_scratch *s;
	const struct tach_layout *layout;
};

/* Add frame @i's code object to s->fingerprint. */
static long tach_fingerprint_step(__u32 i, struct intern_ctx *ctx)
{
	struct tach_scratch *s = ctx->s;
	__u64 code, fingerprint;

	if (i >= TACH_MAX_FRAMES)
		return 1;
	code = TACH_FRAME_CODE(s->frames[i]);
	if (!code || code == s->prev_code) /* a marker, recursion */
		return 0;
	s->prev_code = code;
	if (tach_code_fingerprint(s, ctx->layout, code, &fingerprint)) {
		s->status = TACH_ST_CODE_FAULT;
		return 1;
	}
	s->fingerprint = tach_mix(s->fingerprint, fingerprint);
	return 0;
}

/* Of all code objects of the stack, into s->fingerprint. Returns TACH_ST_SAMPLED or CODE_FAULT. */
__noinline int tach_stack_fingerprint(struct tach_scratch *s, const struct tach_layout *layout)
{
	struct intern_ctx ctx;

	if (!s || !layout)
		return TACH_ST_NO_SCRATCH;
	ctx.s = s;
	ctx.layout = layout;
	s->fingerprint = 0;
	s->prev_code = 0;
	s->status = TACH_ST_SAMPLED;
	bpf_loop(s->frame_cnt, tach_fingerprint_step, &ctx, 0);
	return s->status;
}

/* Fill @str from the header of the Python string at @addr. If that is not in memory: the address of the
 * header, no size, and marked as missing. */
static __always_inline void tach_str_header(struct tach_capture *cap,
					    const struct tach_layout *layout, __u64 addr,
					    struct tach_rec_str *str, __u32 miss_bit)
{
	__u32 state, kind, ascii, sz = layout->un_ascii_sz;
	__u64 full;

	str->data_addr = addr;
	str->sz = 0;
	str->full_sz = 0;
	str->kind = 1;
	str->pad = 0;
	TACH_CLAMP(sz, TACH_STR_SZ);
	if (tach_read(cap->str_buf, sz, addr)) {
		cap->rec.miss |= miss_bit;
		return;
	}
	state = TACH_FIELD(__u32, cap->str_buf, layout->un_state, TACH_STR_SZ - 1) >>
		(layout->un_kind_shift & 31);
	kind = state & TACH_STR_KIND_MASK;
	ascii = (state >> 4) & 1;
	full = TACH_FIELD(__u64, cap->str_buf, layout->un_length, TACH_STR_SZ - 1) * kind;
	str->kind = kind;
	str->data_addr = addr + (ascii ? layout->un_ascii_sz : layout->un_compact_sz);
	str->full_sz = full > 0xffffffff ? 0xffffffff : full;
}

/* Append @wanted bytes of @str to cap->data, at most @max: a macro because that bound must be a constant for
 * the verifier. A part that is not in memory is marked, user space fetches it. */
#define TACH_COPY_STR(cap, str, wanted, max, bit)                                                  \
	do {                                                                                       \
		__u32 _sz = (wanted);                                                              \
		__u64 _pos = (cap)->pos;                                                           \
                                                                                                   \
		TACH_CLAMP(_sz, max);                                                              \
		TACH_CLAMP(_pos, 2 * TACH_NAME_MAX_SZ);                                            \
		if (tach_read((cap)->data + _pos, _sz, (str)->data_addr)) {                        \
			(cap)->rec.miss |= (bit);                                                  \
		} else {                                                                           \
			(str)->sz = _sz;                                                           \
			(cap)->pos = _pos + _sz;                                                   \
		}                                                                                  \
	} while (0)

/* Send the code object at @code. Returns TACH_ST_SAMPLED, CODE_FAULT or RING_FULL; s->missed counts code
 * objects of which a part was not in memory. */
__noinline int tach_capture_code(struct tach_scratch *s, const struct tach_layout *layout,
				 __u64 code, __u64 fingerprint)
{
	struct tach_capture *cap;
	__u64 linetable, len = 0;
	__u32 table_sz;

	if (!s || !layout)
		return TACH_ST_NO_SCRATCH;
	cap = &s->capture;
	if (tach_read(s->code_buf, TACH_CODE_SZ, code))
		return TACH_ST_CODE_FAULT;
	cap->rec.miss = 0;
	cap->rec.pad = 0;
	cap->pos = 0;
	tach_str_header(cap, layout, CODE_FIELD(__u64, layout->co_filename), &cap->rec.filename,
			TACH_CODE_MISS_FILENAME);
	tach_str_header(cap, layout, CODE_FIELD(__u64, layout->co_qualname), &cap->rec.qualname,
			TACH_CODE_MISS_QUALNAME);
	linetable = CODE_FIELD(__u64, layout->co_linetable);
	cap->rec.linetable.data_addr = linetable;
	if (tach_read_u64(&len, linetable + layout->by_size))
		cap->rec.miss |= TACH_CODE_MISS_LINETABLE;
	else
		cap->rec.linetable.data_addr += layout->by_data;
	cap->rec.linetable.full_sz = len > 0xffffffff ? 0xffffffff : len;
	cap->rec.linetable.sz = 0;
	cap->rec.linetable.kind = 1;
	cap->rec.linetable.pad = 0;

	cap->rec.hdr.type = TACH_REC_CODE;
	cap->rec.code_addr = code;
	cap->rec.fingerprint = fingerprint;
	cap->rec.target = s->target;
	cap->rec.firstlineno = CODE_FIELD(__s32, layout->co_firstlineno);
	TACH_COPY_STR(cap, &cap->rec.filename, cap->rec.filename.full_sz, TACH_NAME_MAX_SZ,
		      TACH_CODE_MISS_FILENAME);
	TACH_COPY_STR(cap, &cap->rec.qualname, cap->rec.qualname.full_sz, TACH_NAME_MAX_SZ,
		      TACH_CODE_MISS_QUALNAME);
	table_sz = cap->rec.linetable.full_sz;
	if (table_sz > tach_linetable_sz)
		table_sz = tach_linetable_sz;
	TACH_COPY_STR(cap, &cap->rec.linetable, table_sz, TACH_LINETABLE_MAX_SZ,
		      TACH_CODE_MISS_LINETABLE);

	len = sizeof(cap->rec) + cap->pos;
	TACH_CLAMP(len, sizeof(cap->rec) + sizeof(cap->data));
	cap->rec.hdr.len = len;
	if (tach_emit(&cap->rec, len))
		return TACH_ST_RING_FULL;
	TACH_COUNT(CODES);
	if (cap->rec.miss)
		s->missed++;
	return TACH_ST_SAMPLED;
}

/* Capture frame @i's code object if user space does not know it as it is now. */
static long tach_capture_step(__u32 i, struct intern_ctx *ctx)
{
	struct tach_scratch *s = ctx->s;
	struct tach_code_key key;
	__u64 fingerprint, *known;
	__u32 missed = s->missed;
	int status;

	if (i >= TACH_MAX_FRAMES)
		return 1;
	key.addr = TACH_FRAME_CODE(s->frames[i]);
	if (!key.addr || key.addr == s->prev_code)
		return 0;
	s->prev_code = key.addr;
	key.interp_id = s->interp_id;
	key.target = s->target;
	key.image = s->image;
	if (tach_code_fingerprint(s, ctx->layout, key.addr, &fingerprint)) {
		s->status = TACH_ST_CODE_FAULT;
		return 1;
	}
	s->fingerprint = tach_mix(s->fingerprint, fingerprint);
	known = bpf_map_lookup_elem(&tach_codes, &key);
	if (known && *known == fingerprint)
		return 0;
	if (s->captured >= TACH_MAX_CAPTURES) {
		s->status = TACH_ST_CODE_QUOTA;
		return 1;
	}
	status = tach_capture_code(s, ctx->layout, key.addr, fingerprint);
	if (status != TACH_ST_SAMPLED) {
		s->status = status;
		return 1;
	}
	s->captured += 1 + (s->capture.pos >> TACH_CAPTURE_SZ_SHIFT);
	/* One with parts missing is sent again; nor does user space still know what was there before. */
	if (s->missed == missed)
		bpf_map_update_elem(&tach_codes, &key, &fingerprint, BPF_ANY);
	else if (known)
		bpf_map_delete_elem(&tach_codes, &key);
	return 0;
}

__u64 tach_next_stack_id = 1;

/* Define the stack in the scratch under a new id, *@ent. Returns TACH_ST_SAMPLED, or what ends the tick. */
static __always_inline int tach_define_stack(struct tach_scratch *s,
					     const struct tach_layout *layout,
					     struct tach_stack_ent *ent)
{
	struct intern_ctx ctx = {.s = s, .layout = layout};
	__u64 len;

	s->fingerprint = 0;
	s->prev_code = 0;
	s->captured = 0;
	s->missed = 0;
	s->status = TACH_ST_SAMPLED;
	bpf_loop(s->frame_cnt, tach_capture_step, &ctx, 0);
	if (s->status != TACH_ST_SAMPLED)
		return s->status;

	ent->fingerprint = s->fingerprint;
	ent->id = __sync_fetch_and_add(&tach_next_stack_id, 1);
	s->stack.hdr.type = TACH_REC_STACK;
	s->stack.stack_id = ent->id;
	s->stack.interp_id = s->interp_id;
	s->stack.target = s->target;
	s->stack.flags = s->flags;
	s->stack.frame_cnt = s->frame_cnt;
	s->stack.left_out = s->left_out;
	len = sizeof(s->stack) + (__u64)s->frame_cnt * sizeof(s->frames[0]);
	TACH_CLAMP(len, sizeof(s->stack) + sizeof(s->frames));
	s->stack.hdr.len = len;
	if (tach_emit(&s->stack, len))
		return TACH_ST_RING_FULL;
	TACH_COUNT(STACKS);
	if (s->flags & TACH_STACK_TRUNCATED)
		TACH_COUNT(TRUNCATED);
	return TACH_ST_SAMPLED;
}

/* Read the counter that tells whether code addresses may have been used again. 1: *@out is good, 0: there
 * is none, or no more; negative: it is not in memory. */
static __always_inline int tach_generation(const struct tach_layout *layout, __u64 interp,
					   __u64 *out)
{
	if (!layout->is_code_generation)
		return 0;
	if (tach_read_u64(out, interp + layout->is_code_generation))
		return -1;
	if (!(layout->flags & TACH_LAYOUT_COUNTS_MADE))
		return 1;
	*out = (__u32)*out;
	return *out != 0;
}

/* The id of the stack in the scratch, s->stack.stack_id; defines it if need be.
 *
 * A known stack is trusted while the interpreter's counter stands where it was when the stack was last
 * compared; otherwise its code objects are compared again. */
__noinline int tach_intern(struct tach_scratch *s, const struct tach_layout *layout)
{
	struct tach_stack_ent ent = {}, *known;
	__u64 key, interp;
	int status, counted;

	if (!s || !layout)
		return TACH_ST_NO_SCRATCH;
	interp = TSTATE_FIELD(__u64, layout->ts_interp);
	key = tach_mix(s->hash, s->flags); /* cut at the limit is not whole at the limit */
	/* The counters are the interpreter's, and a new one may get an old address. */
	if (tach_read_u64(&s->interp_id, interp + layout->is_id))
		return TACH_ST_TSTATE_FAULT;
	key = tach_mix(key, s->interp_id);
	counted = tach_generation(layout, interp, &ent.generation);
	if (counted < 0)
		return TACH_ST_TSTATE_FAULT;
	known = bpf_map_lookup_elem(&tach_stacks, &key);
	if (known) {
		ent.id = known->id;
		if (counted && known->generation == ent.generation)
			goto done;
		status = tach_stack_fingerprint(s, layout);
		if (status != TACH_ST_SAMPLED)
			return status;
		if (known->fingerprint == s->fingerprint) {
			ent.fingerprint = s->fingerprint;
			if (counted)
				bpf_map_update_elem(&tach_stacks, &key, &ent, BPF_ANY);
			TACH_COUNT(REVALIDATED);
			goto done;
		}
		TACH_COUNT(STALE);
	}
	status = tach_define_stack(s, layout, &ent);
	if (status != TACH_ST_SAMPLED)
		return status;
	/* Reading what was missing brings it into memory, so the next definition will be complete. */
	if (!s->missed)
		bpf_map_update_elem(&tach_stacks, &key, &ent, BPF_ANY);
done:
	s->stack.stack_id = ent.id;
	return TACH_ST_SAMPLED;
}

#endif
