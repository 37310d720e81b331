/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PPROF_H
#define TACH_PPROF_H

#include "aggregate/profile.h"
#include "util/idmap.h"
#include "write/gzip.h"
#include "write/proto.h"

/* A Profile message, written field by field. Fields may come in any order, so no more than one of them is in
 * memory. Their numbers, here and where they are filled in:
 * https://github.com/google/pprof/blob/main/proto/profile.proto */

#define TACH_PPROF_NO_STRING 0
#define TACH_PPROF_MAPPING   1 /* id of the one that there is */

enum tach_pprof_field {
	TACH_PPROF_SAMPLE_TYPE = 1,
	TACH_PPROF_SAMPLE = 2,
	TACH_PPROF_MAPPING_TABLE = 3,
	TACH_PPROF_LOCATION = 4,
	TACH_PPROF_FUNCTION = 5,
	TACH_PPROF_STRING_TABLE = 6,
	TACH_PPROF_TIME_NANOS = 9,
	TACH_PPROF_DURATION_NANOS = 10,
	TACH_PPROF_PERIOD_TYPE = 11,
	TACH_PPROF_PERIOD = 12,
	TACH_PPROF_COMMENT = 13,
	TACH_PPROF_DEFAULT_SAMPLE_TYPE = 14,
};

/* Index into the string table of our own words, "" first. The word for time is the mode's. */
enum tach_pprof_word {
	TACH_PPROF_TIME = 1,
	TACH_PPROF_SAMPLES,
	TACH_PPROF_COUNT,
	TACH_PPROF_NANOSECONDS,
	TACH_PPROF_THREAD,
	TACH_PPROF_TID,
	TACH_PPROF_PID,
	TACH_PPROF_INTERP,
	TACH_PPROF_STATE,
	TACH_PPROF_ON_CPU,
	TACH_PPROF_OFF_CPU,
	TACH_PPROF_WAITING,
	TACH_PPROF_GIL,
	TACH_PPROF_HELD,
	TACH_PPROF_WORD_CNT,
};

/* Indices into the string table. */
struct tach_pprof_who {
	__u32 name, tid, interp;
};

struct tach_pprof {
	const struct tach_profile *profile;
	struct tach_sink *sink;
	struct tach_gzip *gzip;
	struct tach_proto msg;
	__u32 string_cnt;
	__u32 names;		       /* index of the first string of the frame table */
	__u32 *pids;		       /* [process] index of the string */
	struct tach_pprof_who *who;    /* [thread] */
	struct tach_idmap name_of;     /* (file, func) -> number */
	struct tach_idmap function_of; /* (name, first line) -> id */
};

/* Whole fields in pp->msg leave the memory. 0 or a negative errno. */
int tach_pprof__flush(struct tach_pprof *pp);

/* Add to the string table. Returns the index. */
__u32 tach_pprof__string(struct tach_pprof *pp, const char *text);

/* Write the tables of strings, the first of which are enum tach_pprof_word, of functions and locations: each
 * frame is one, with the next number as id; also comments. Fills in pids and who. 0 or a negative errno. */
int tach_pprof__tables(struct tach_pprof *pp);

#endif
