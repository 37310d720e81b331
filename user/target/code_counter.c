// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>

#include "target/code_counter.h"

/* PyInterpreterState.func_state: uint32_t next_version, then func_version_cache[4096] of
 * {PyFunctionObject *func; PyObject *code}, in which version v stands at v % 4096
 * (CPython v3.13.0 Include/internal/pycore_function.h, Objects/funcobject.c). The offsets are those of
 * v3.13.15 Include/internal/pycore_interp.h, 64-bit, with GIL: of a release build, of one with Py_DEBUG.
 * Free-threaded builds count, too, but leave the cache empty: nothing would tell that it is the counter. */
#define VERSION_3_13 0x030d
#define CACHE_CNT    4096
static const __u32 next_version_offs[] = {17000, 17016};

struct cache_item {
	__u64 func, code;
};

struct func_state {
	__u32 next_version;
	__u32 pad;
	struct cache_item cache[CACHE_CNT];
};

/* An interpreter has hundreds of functions before it runs a program. By chance an entry fits once in 4096. */
#define LOOK_AT_MAX 64
#define FIT_MIN	    16

/* Whether the entries are those of that cache. Some are not of the code object's own version: a function
 * may draw one for itself. */
static bool is_cache(const struct tach_memory *mem, const struct func_state *state,
		     const struct tach_layout *layout)
{
	unsigned seen = 0, fit = 0;
	__u32 version;

	for (unsigned i = 0; i < CACHE_CNT && seen < LOOK_AT_MAX; i++) {
		__u64 code = state->cache[i].code;

		if (!code)
			continue;
		seen++;
		/* Nobody owns what the entries point to: some may be gone. */
		if (tach_memory__read(mem, code + layout->co_version, &version, sizeof(version)))
			continue;
		if (version % CACHE_CNT == i &&
		    (!state->next_version || version < state->next_version))
			fit++;
	}
	return fit >= FIT_MIN && fit * 4 >= seen * 3;
}

void tach_code_counter__find(const struct tach_memory *mem, __u64 interp,
			     struct tach_layout *layout)
{
	struct func_state *state;

	if (layout->version != VERSION_3_13 || layout->flags & TACH_LAYOUT_FREE_THREADED ||
	    !layout->co_version)
		return;
	state = malloc(sizeof(*state));
	if (!state)
		return;
	for (size_t i = 0; i < sizeof(next_version_offs) / sizeof(next_version_offs[0]); i++) {
		__u32 off = next_version_offs[i];

		if (tach_memory__read(mem, interp + off, state, sizeof(*state)) ||
		    !is_cache(mem, state, layout))
			continue;
		layout->is_code_generation = off;
		layout->flags |= TACH_LAYOUT_COUNTS_MADE;
		break;
	}
	free(state);
}
