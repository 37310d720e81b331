/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BINARY_RECORDS_H
#define TACH_BINARY_RECORDS_H

#include "aggregate/profile.h"
#include "write/bytes_out.h"

/* Samples as the reference's binary format has them: for each thread what its stack has become since its last
 * sample. Source: CPython v3.15 Modules/_remote_debugging/binary_io.h and binary_io_writer.c. */
struct tach_binary_records;

/* Deeper stacks keep their youngest and their oldest frames, with a marker between them: the reference's
 * reader refuses more. */
#define TACH_BINARY_DEPTH 256
#define TACH_BINARY_ROOTS 64

struct tach_binary_stats {
	__u64 samples;
	__u64 repeats;	/* records that say "the same again" */
	__u64 repeated; /* samples in them */
	__u64 full, suffix, pop_push;
	__u64 frames_written, frames_saved;
};

/* @profile: frozen, with events. @cut_frame: the marker. NULL without memory. */
struct tach_binary_records *tach_binary_records__new(const struct tach_profile *profile,
						     __u32 cut_frame, struct tach_bytes_out *out);
void tach_binary_records__free(struct tach_binary_records *records); /* NULL is fine */

/* Write all events. 0 or a negative errno. */
int tach_binary_records__write(struct tach_binary_records *records);

const struct tach_binary_stats *
tach_binary_records__stats(const struct tach_binary_records *records);
__u32 tach_binary_records__threads(const struct tach_binary_records *records);

#endif
