/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_DUMP_TEXT_H
#define TACH_DUMP_TEXT_H

#include <stdbool.h>

#include "symbolize/frametab.h"
#include "util/types.h"
#include "write/lines.h"
#include "write/sink.h"

/* The text of `dump`: that of the reference profiler (CPython v3.15.2 Lib/profiling/sampling/dump.py), one
 * section for each thread, like a traceback. */

struct tach_dump_thread {
	__u32 tid;
	__u64 interp_id;
	__u32 state;		     /* enum tach_sample_state */
	const tach_frame_id *frames; /* [cnt] leaf first */
	__u32 cnt;
};

struct tach_dump_text {
	int pid;
	const struct tach_frametab *tab;
	struct tach_lines *lines;
	bool color;
};

void tach_dump_text__write(const struct tach_dump_text *text,
			   const struct tach_dump_thread *threads, __u32 cnt,
			   struct tach_sink *sink);

#endif
