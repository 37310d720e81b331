/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_WALK_BPF_H
#define TACH_WALK_BPF_H

/* PyThreadState -> frames in the scratch.
 *
 * Frames of a thread lie below each other in its data stack, so one read from the start of the page to
 * the end of a frame serves the older frames of that page too: 17 to 19 ns a frame instead of 90.
 * Generator and entry frames live elsewhere and are read one by one. */

/* A frame so close below the last one of the data stack is taken to be its neighbour. */
#define TACH_NEAR_SZ 1024

#define TACH_FRAME_MASK 127 /* a frame's window is 128 bytes of scratch */

static __always_inline bool tach_in_window(const struct tach_scratch *s, __u64 off, __u32 sz)
{
	return off < s->win_sz && off + sz <= s->win_sz;
}

/* Make the frame at @frame readable and return it, NULL if it cannot be read. @last: the youngest frame
 * of the thread's own data stack so far. */
static __always_inline unsigned char *tach_frame_window(struct tach_scratch *s, __u64 frame,
							__u64 last, __u32 frame_sz)
{
	__u64 off = frame - s->win_addr;

	/* The end of what was read must be kept: bytes behind it are an older tick's. */
	if (tach_in_window(s, off, frame_sz)) {
		off &= TACH_PAGE_SZ - 1;
		return s->win + off;
	}
	if (last - frame < TACH_NEAR_SZ) {
		__u64 page = frame & ~(__u64)(TACH_PAGE_SZ - 1), sz;

		off = frame - page;
		sz = off + frame_sz;
		s->win_sz = 0;
		TACH_CLAMP(sz, TACH_PAGE_SZ + TACH_FRAME_SZ);
		if (!tach_read(s->win, sz, page)) {
			s->win_addr = page;
			s->win_sz = sz;
			off &= TACH_PAGE_SZ - 1;
			return s->win + off;
		}
	}
	TACH_CLAMP(frame_sz, TACH_FRAME_SZ);
	if (tach_read(s->frame_buf, frame_sz, frame))
		return NULL;
	return s->frame_buf;
}

/* Start of the bytecode that the frame runs, 0 if that is not in memory. On free-threaded builds a thread
 * may run a copy of its own: _PyCodeArray {Py_ssize_t size; char *entries[]}; number 0 is the code
 * object's, and so is what the array lacks.
 * Source: CPython v3.14.0 Include/cpython/code.h, Include/internal/pycore_interpframe.h. */
static __always_inline __u64 tach_bytecode(const struct tach_layout *layout, unsigned char *fr,
					   __u64 code)
{
	__u64 main_copy = code + layout->co_code, copies = 0, cnt = 0, copy = 0;
	__u32 idx;

	if (!layout->co_tlbc)
		return main_copy;
	idx = TACH_FIELD(__u32, fr, layout->fr_tlbc_index, TACH_FRAME_MASK & ~3);
	if (!idx)
		return main_copy;
	if (tach_read_u64(&copies, code + layout->co_tlbc))
		return 0;
	if (copies && tach_read_u64(&cnt, copies))
		return 0;
	if (idx < cnt && tach_read_u64(&copy, copies + 8 + 8 * (__u64)idx))
		return 0;
	return copy ? copy : main_copy;
}

/* Offset of the frame's instruction in code units, TACH_FRAME_LASTI_NONE if it cannot be told. */
static __always_inline __u64 tach_lasti(const struct tach_layout *layout, unsigned char *fr,
					__u64 code, __u64 instr_ptr)
{
	__u64 bytecode = tach_bytecode(layout, fr, code);
	__u64 lasti = (instr_ptr - bytecode) >> 1;

	return bytecode && lasti < TACH_FRAME_LASTI_NONE ? lasti : TACH_FRAME_LASTI_NONE;
}

struct walk_ctx {
	struct tach_scratch *s;
	const struct tach_layout *layout;
};

/* Frames in one callback of the loop: more would save little and cost the verifier. */
#define TACH_WALK_BATCH 4

static __always_inline void tach_append_word(struct tach_scratch *s, __u64 word)
{
	__u32 cnt = s->frame_cnt;
	__u64 hash;

	s->frame_cnt = cnt + 1;
	if (cnt >= TACH_MAX_FRAMES) /* the oldest take turns in the last places */
		cnt = TACH_LEAF_FRAMES + (cnt & (TACH_ROOT_FRAMES - 1));
	s->frames[cnt] = word;
	hash = (s->hash ^ word) * 0x9E3779B97F4A7C15ULL;
	s->hash = hash ^ (hash >> 29);
}

/* Append the word of the Python frame at @fr. Returns whether the walk goes on. */
static __always_inline bool tach_append_frame(struct tach_scratch *s,
					      const struct tach_layout *layout, unsigned char *fr)
{
	__u64 instr_ptr = TACH_FIELD(__u64, fr, layout->fr_instr_ptr, TACH_FRAME_MASK & ~7);
	__u64 code = TACH_FIELD(__u64, fr, layout->fr_executable, TACH_FRAME_MASK & ~7);

	code &= ~(__u64)layout->fr_tag_mask;
	if (!code) /* being cleared; CPython v3.13.0 Python/frame.c, _PyFrame_ClearExceptCode() */
		return true;
	if ((code & 7) || (code >> 48)) {
		s->status = TACH_ST_FRAME_INVALID;
		return false;
	}
	tach_append_word(s, code >> 3 << TACH_FRAME_LASTI_BITS |
				    tach_lasti(layout, fr, code, instr_ptr));
	return true;
}

/* Find the frame at which a garbage collection goes on in this thread, s->gc_frame. 3.15 publishes it; older
 * versions only say that some thread of the interpreter collects: taken to be the one that holds the GIL, at
 * its youngest frame. Source: CPython v3.13.0 - v3.15.2 Python/gc.c, gc_collect_main(). */
static __always_inline void tach_find_gc_frame(struct tach_scratch *s,
					       const struct tach_layout *layout)
{
	__u64 gc = TSTATE_FIELD(__u64, layout->ts_interp) + layout->is_gc;
	__u32 collecting = 0;

	s->gc_frame = 0;
	if (!layout->is_gc)
		return;
	if (layout->gc_frame) {
		if (tach_read_u64(&s->gc_frame, gc + layout->gc_frame))
			s->gc_frame = 0;
		return;
	}
	if (!(TSTATE_FIELD(__u32, layout->ts_holds_gil) & layout->ts_holds_gil_mask))
		return;
	if (!tach_read(&collecting, sizeof(collecting), gc + layout->gc_collecting) && collecting)
		s->gc_frame = s->frame;
}

/* Append the marker that stands before the frame at @frame, where @previous follows; as the reference
 * profiler does (CPython v3.15.2 Modules/_remote_debugging/frames.c, process_frame_chain()). */
static __always_inline void tach_append_marker(struct tach_scratch *s,
					       const struct tach_layout *layout, __u64 frame,
					       __u64 previous)
{
	if (frame == s->gc_frame)
		tach_append_word(s, TACH_MARKER_GC);
	else if (s->at_root && (layout->flags & TACH_LAYOUT_NATIVE) && previous &&
		 previous != s->gc_frame && s->frame_cnt)
		tach_append_word(s, TACH_MARKER_NATIVE);
}

/* Some frames from s->frame on. Ends the loop with s->status set. */
static long tach_walk_step(__u32 i, struct walk_ctx *ctx)
{
	const struct tach_layout *layout = ctx->layout;
	struct tach_scratch *s = ctx->s;
	__u64 frame = s->frame, last = s->last, gc_frame = s->gc_frame, previous;
	unsigned char *fr;
	__u8 owner;

	for (int k = 0; k < TACH_WALK_BATCH; k++) {
		if (!frame) {
			s->status = TACH_ST_SAMPLED;
			return 1;
		}
		fr = tach_frame_window(s, frame, last, layout->fr_sz);
		if (!fr) {
			s->status = TACH_ST_FRAME_FAULT;
			return 1;
		}
		owner = TACH_FIELD(__u8, fr, layout->fr_owner, TACH_FRAME_MASK);
		if (!owner) /* FRAME_OWNED_BY_THREAD: on the data stack */
			last = frame;
		previous = TACH_FIELD(__u64, fr, layout->fr_previous, TACH_FRAME_MASK & ~7);
		s->at_root = owner >= layout->first_non_python_owner;
		if (s->at_root || frame == gc_frame)
			tach_append_marker(s, layout, frame, previous);
		frame = previous;
		if (!s->at_root && !tach_append_frame(s, layout, fr))
			return 1;
	}
	s->frame = frame;
	s->last = last;
	return 0;
}

/* Walk from the thread state in s->tstate_buf. Fills s->frames, s->frame_cnt, s->left_out, s->hash, s->flags.
 * Returns TACH_ST_SAMPLED, or the status that ends the tick. */
__noinline int tach_walk(struct tach_scratch *s, const struct tach_layout *layout)
{
	struct walk_ctx ctx;

	if (!s || !layout)
		return TACH_ST_NO_SCRATCH;
	s->frame = TSTATE_FIELD(__u64, layout->ts_current_frame);
	if (!s->frame)
		return TACH_ST_NO_FRAMES;
	s->last = s->frame;
	s->win_sz = 0;
	s->frame_cnt = 0;
	s->left_out = 0;
	s->flags = 0;
	s->at_root = 0;
	s->hash = (__u64)s->target << 32 | s->image;
	s->status = TACH_ST_NO_ROOT;
	tach_find_gc_frame(s, layout);
	ctx.s = s;
	ctx.layout = layout;
	/* Each Python frame may have an entry frame above it. */
	bpf_loop((2 * TACH_MAX_FRAMES + 2 + TACH_WALK_BATCH - 1) / TACH_WALK_BATCH, tach_walk_step,
		 &ctx, 0);
	if (s->frame_cnt > TACH_MAX_FRAMES) {
		s->flags = TACH_STACK_TRUNCATED;
		if (s->status ==
		    TACH_ST_NO_ROOT) { /* too far: what is in the oldest's places is not it */
			s->frame_cnt = TACH_LEAF_FRAMES;
			return TACH_ST_SAMPLED;
		}
		s->left_out = s->frame_cnt - TACH_MAX_FRAMES;
		s->frame_cnt = TACH_MAX_FRAMES;
	}
	if (s->status != TACH_ST_SAMPLED)
		return s->status;
	/* Python sets up a new frame in several stores: a chain that lacks its root was caught in between.*/
	if (!s->at_root && (layout->flags & TACH_LAYOUT_ENTRY_AT_ROOT))
		return TACH_ST_NO_ROOT;
	return s->frame_cnt ? TACH_ST_SAMPLED : TACH_ST_NO_FRAMES;
}

#endif
