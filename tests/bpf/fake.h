/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FAKE_H
#define TACH_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/bpf/layouts.h"
#include "bpf/tach_wire.h"

/* An interpreter's objects in the memory of the test, where a layout says that they are. Bytes that no
 * field owns are poison. Objects are named by their address, as the kernel side does. The includer has
 * included cmocka.h. */

#define FAKE_PAGE   4096ull
#define FAKE_POISON 0xdb
#define FAKE_TID    4711 /* of the thread that is there from the start */

/* Like the interpreter's: room enough for every layout above. */
#define FAKE_RUNTIME_SZ 1024
#define FAKE_INTERP_SZ	8192

enum fake_owner { /* CPython Include/internal/pycore_frame.h, enum _frameowner */
		  FAKE_BY_THREAD = 0,
		  FAKE_BY_GENERATOR = 1,
		  FAKE_BY_FRAME_OBJECT = 2,
		  FAKE_ENTRY = 4, /* an entry frame in every layout above */
};

struct fake {
	struct tach_layout layout;
	__u64 heap, heap_sz, heap_used;
	__u64 interp; /* the first one */
	__u64 interp_cnt;
	__u64 thread; /* its thread FAKE_TID */
	struct {
		void *addr;
		size_t sz;
	} maps[128];
	unsigned map_cnt;
};

static inline void *fake_ptr(__u64 addr)
{
	return (void *)(uintptr_t)addr;
}

static inline void fake_put64(__u64 addr, __u64 value)
{
	memcpy(fake_ptr(addr), &value, sizeof(value));
}

static inline void fake_put32(__u64 addr, __u32 value)
{
	memcpy(fake_ptr(addr), &value, sizeof(value));
}

static inline __u64 fake_get64(__u64 addr)
{
	__u64 value;

	memcpy(&value, fake_ptr(addr), sizeof(value));
	return value;
}

/* @cnt pages, all in memory, with an unmapped page in front and one behind. */
static inline __u64 fake_pages(struct fake *fake, unsigned cnt)
{
	size_t sz = (cnt + 2) * FAKE_PAGE;
	unsigned char *mem = mmap(NULL, sz, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	assert_true(fake->map_cnt < sizeof(fake->maps) / sizeof(fake->maps[0]));
	fake->maps[fake->map_cnt].addr = mem;
	fake->maps[fake->map_cnt++].sz = sz;
	mem += FAKE_PAGE;
	assert_return_code(mprotect(mem, cnt * FAKE_PAGE, PROT_READ | PROT_WRITE), 0);
	memset(mem, FAKE_POISON, cnt * FAKE_PAGE);
	return (uintptr_t)mem;
}

/* Take the page of @addr away from every reader, or give it back as it was. */
static inline void fake_hide(__u64 addr, bool hide)
{
	int prot = hide ? PROT_NONE : PROT_READ | PROT_WRITE;

	assert_return_code(mprotect(fake_ptr(addr & ~(FAKE_PAGE - 1)), FAKE_PAGE, prot), 0);
}

/* Memory for objects whose place does not matter. */
static inline __u64 fake_alloc(struct fake *fake, size_t sz)
{
	__u64 addr = fake->heap + fake->heap_used;

	fake->heap_used += (sz + 15) & ~15ull;
	assert_true(fake->heap_used <= fake->heap_sz);
	return addr;
}

/* Room for @sz bytes at the end of a page, rounded down to 8, with nothing mapped behind. */
static inline __u64 fake_page_end(struct fake *fake, size_t sz)
{
	return fake_pages(fake, 1) + ((FAKE_PAGE - sz) & ~7ull);
}

/* --- interpreters and threads: linked in at the head, as CPython does --- */

/* A garbage collection goes on in @interp, begun by the frame at @frame; 0: none does. */
static inline void fake_set_gc(struct fake *fake, __u64 interp, __u64 frame)
{
	__u64 gc = interp + fake->layout.is_gc;

	if (!fake->layout.is_gc)
		return;
	fake_put32(gc + fake->layout.gc_collecting, !!frame);
	if (fake->layout.gc_frame)
		fake_put64(gc + fake->layout.gc_frame, frame);
}

static inline __u64 fake_interp(struct fake *fake)
{
	__u64 interp = fake_alloc(fake, FAKE_INTERP_SZ);
	__u64 head = fake->layout.runtime_addr + fake->layout.rt_interpreters_head;

	fake_put64(interp + fake->layout.is_next, fake_get64(head));
	fake_put64(interp + fake->layout.is_threads_head, 0);
	fake_put64(interp + fake->layout.is_id, fake->interp_cnt++);
	if (fake->layout.is_code_generation)
		fake_put64(interp + fake->layout.is_code_generation, 0);
	fake_set_gc(fake, interp, 0);
	fake_put64(head, interp);
	return interp;
}

/* The generation of @interp: rises whenever a code object is freed. */
static inline void fake_set_generation(struct fake *fake, __u64 interp, __u64 generation)
{
	fake_put64(interp + fake->layout.is_code_generation, generation);
}

static inline void fake_thread_at(struct fake *fake, __u64 ts, __u64 interp, __u32 tid,
				  __u32 status)
{
	const struct tach_layout *layout = &fake->layout;

	fake_put64(ts + layout->ts_next, fake_get64(interp + layout->is_threads_head));
	fake_put64(ts + layout->ts_interp, interp);
	fake_put64(ts + layout->ts_current_frame, 0);
	fake_put64(ts + layout->ts_native_tid, tid);
	fake_put32(ts + layout->ts_holds_gil, 0);
	if (layout->ts_gil_requested)
		fake_put32(ts + layout->ts_gil_requested, 0);
	fake_put32(ts + layout->ts_status, status);
	fake_put64(interp + layout->is_threads_head, ts);
}

#define FAKE_BOUND (TACH_TS_INITIALIZED | TACH_TS_BOUND | TACH_TS_BOUND_GILSTATE)

static inline __u64 fake_thread(struct fake *fake, __u64 interp, __u32 tid, __u32 status)
{
	__u64 ts = fake_alloc(fake, TACH_TSTATE_SZ);

	fake_thread_at(fake, ts, interp, tid, status);
	return ts;
}

/* --- strings and code objects --- */

static inline void fake_bytes_at(struct fake *fake, __u64 obj, const void *data, __u64 sz)
{
	fake_put64(obj + fake->layout.by_size, sz);
	memcpy(fake_ptr(obj + fake->layout.by_data), data, sz);
}

static inline __u64 fake_bytes(struct fake *fake, const void *data, __u64 sz)
{
	__u64 obj = fake_alloc(fake, fake->layout.by_data + sz);

	fake_bytes_at(fake, obj, data, sz);
	return obj;
}

/* Where the characters are. */
static inline __u32 fake_str_start(const struct fake *fake, bool ascii)
{
	return ascii ? fake->layout.un_ascii_sz : fake->layout.un_compact_sz;
}

/* @kind: bytes per code point; @cnt code points. */
static inline void fake_str_at(struct fake *fake, __u64 obj, unsigned kind, bool ascii,
			       const void *data, __u64 cnt)
{
	const struct tach_layout *layout = &fake->layout;
	__u32 around =
		1u | 1u << (layout->un_kind_shift + 5); /* bits that are none of our business */

	fake_put64(obj + layout->un_length, cnt);
	fake_put32(obj + layout->un_state,
		   (kind | 1u << 3 | (unsigned)ascii << 4) << layout->un_kind_shift | around);
	memcpy(fake_ptr(obj + fake_str_start(fake, ascii)), data, cnt * kind);
}

static inline __u64 fake_str(struct fake *fake, unsigned kind, bool ascii, const void *data,
			     __u64 cnt)
{
	__u64 obj = fake_alloc(fake, fake_str_start(fake, ascii) + cnt * kind);

	fake_str_at(fake, obj, kind, ascii, data, cnt);
	return obj;
}

static inline __u64 fake_ascii(struct fake *fake, const char *text)
{
	return fake_str(fake, 1, true, text, strlen(text));
}

struct fake_code {
	__u64 filename, qualname, linetable; /* objects */
	__u32 firstlineno, version;
};

static inline void fake_code_at(struct fake *fake, __u64 code, const struct fake_code *spec)
{
	const struct tach_layout *layout = &fake->layout;

	fake_put64(code + layout->co_filename, spec->filename);
	fake_put64(code + layout->co_qualname, spec->qualname);
	fake_put64(code + layout->co_linetable, spec->linetable);
	fake_put32(code + layout->co_firstlineno, spec->firstlineno);
	if (layout->co_version)
		fake_put32(code + layout->co_version, spec->version);
}

/* A code object like any other. */
static inline struct fake_code fake_code_spec(struct fake *fake, const char *qualname)
{
	static __u32 version;

	return (struct fake_code){
		.filename = fake_ascii(fake, "/srv/app/module.py"),
		.qualname = fake_ascii(fake, qualname),
		.linetable = fake_bytes(fake, "\x80\x01\x02\x03", 4),
		.firstlineno = 7,
		.version = ++version,
	};
}

static inline __u64 fake_code(struct fake *fake, const char *qualname)
{
	struct fake_code spec = fake_code_spec(fake, qualname);
	__u64 code = fake_alloc(fake, TACH_CODE_SZ);

	fake_code_at(fake, code, &spec);
	return code;
}

/* --- the whole --- */

static inline void fake_init(struct fake *fake, const struct tach_layout *layout)
{
	memset(fake, 0, sizeof(*fake));
	fake->layout = *layout;
	fake->heap_sz = 1024 * FAKE_PAGE;
	fake->heap = fake_pages(fake, fake->heap_sz / FAKE_PAGE);
	fake->layout.runtime_addr = fake_alloc(fake, FAKE_RUNTIME_SZ);
	fake_put64(fake->layout.runtime_addr + layout->rt_interpreters_head, 0);
	fake->interp = fake_interp(fake);
	fake->thread = fake_thread(fake, fake->interp, FAKE_TID, FAKE_BOUND);
}

static inline void fake_free(struct fake *fake)
{
	while (fake->map_cnt) {
		fake->map_cnt--;
		munmap(fake->maps[fake->map_cnt].addr, fake->maps[fake->map_cnt].sz);
	}
}

#endif
