/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GECKO_H
#define TACH_GECKO_H

#include "aggregate/by_thread.h"
#include "write/json.h"

/* The parts of the gecko format. Everything that is a name is an index into one list of strings: those of the profile,
 * by their ids, then the names of markers; so that list comes last. */
struct tach_gecko {
	const struct tach_profile *profile;
	struct tach_json json;
	struct tach_by_thread by_thread;
	bool *in_gc;		      /* [node] there is a <GC> on this stack */
	struct tach_frametab *labels; /* strings of markers, as far as they are written */
};

/* Indices of the categories in the file; the reference has the same ones. */
enum tach_gecko_category {
	TACH_GECKO_OTHER,
	TACH_GECKO_PYTHON,
	TACH_GECKO_NATIVE,
	TACH_GECKO_GC,
	TACH_GECKO_GIL,
	TACH_GECKO_CPU,
	TACH_GECKO_CODE_TYPE,
	TACH_GECKO_OPCODES,
	TACH_GECKO_EXCEPTION,
	TACH_GECKO_NETWORK,
};

/* Of a frame. */
enum tach_gecko_category tach_gecko__category(const struct tach_frametab *tab,
					      const struct tach_frame *frame);

/* "shared": strings, sources, functions, frames, stacks. 0 or -ENOMEM. */
int tach_gecko__write_tables(struct tach_gecko *gecko);

/* An element of "threads". 0 or -ENOMEM. */
int tach_gecko__write_thread(struct tach_gecko *gecko, __u32 who);

/* Its "markers". 0 or -ENOMEM. */
int tach_gecko__write_markers(struct tach_gecko *gecko, __u32 who);
/* Their names, as elements of the list of strings. */
void tach_gecko__write_marker_names(struct tach_gecko *gecko);
/* "markerSchema" */
void tach_gecko__write_schemas(struct tach_gecko *gecko);

/* Time as it stands in the file: us from the start of the recording. */
static inline __u64 tach_gecko__us(const struct tach_gecko *gecko, __u64 ts_ns)
{
	__u64 start_ns = tach_profile__summary(gecko->profile)->start_ns;

	return ts_ns > start_ns ? (ts_ns - start_ns) / 1000 : 0;
}

#endif
