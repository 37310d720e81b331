/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_READ_H
#define TACH_READ_H

#include <stddef.h>

#include "util/types.h"
#include "bpf/tach_wire.h"

/* Ring bytes in, checked records out. A record is handed on only if every length in it agrees with
 * the bytes that are there; others are counted and skipped. Pointers are valid during the call. */
struct tach_handlers {
	int (*on_sample)(void *ctx, const struct tach_rec_sample *rec);
	int (*on_stack)(void *ctx, const struct tach_rec_stack *rec);
	int (*on_code)(void *ctx, const struct tach_rec_code *rec);
	int (*on_exec)(void *ctx, const struct tach_rec_exec *rec);
	int (*on_thread)(void *ctx, const struct tach_rec_thread *rec); /* NULL: of no interest */
	int (*on_call)(void *ctx, const struct tach_rec_call *rec);	/* " */
	void *ctx;
};

struct tach_read_stats {
	__u64 records;
	__u64 bytes;
	__u64 bad;	 /* short, unknown or inconsistent records: skipped */
	__u64 ring_used; /* bytes of the ring, in all, that they have taken there; 0: no ring */
	__u64 ring_most; /* of that: taken out in one go */
};

/* Check one record of @sz bytes, aligned to 8, and hand it to its handler. Pure but for the handler.
 * Returns 0, the handler's negative errno, or -EBADMSG (also counted in stats->bad). */
int tach_decode(const void *data, size_t sz, const struct tach_handlers *handlers,
		struct tach_read_stats *stats);

/* A source of records: the ring of a running session, or a file of raw records (--raw).
 *
 * Such a file has no header: it is records one after the other, in the order and bytes of the ring,
 * each followed by 0 - 7 zero bytes up to a multiple of TACH_RAW_ALIGN. */
struct tach_source;
#define TACH_RAW_ALIGN 8

/* Both return NULL with errno. @handlers is copied.
 * @ring_map_fd < 0: there is no ring, all records come by tach_source__inject().
 * @raw_fd >= 0: also append every record to that file; not owned. If it cannot be written, consume
 * returns the error once and the copy ends there; the records are handed on all the same. */
struct tach_source *tach_source__open_ring(int ring_map_fd, int raw_fd,
					   const struct tach_handlers *handlers);
struct tach_source *tach_source__open_file(const char *path, const struct tach_handlers *handlers);
void tach_source__free(struct tach_source *source); /* NULL is fine */

/* Descriptor that becomes readable when the ring wants to be emptied; -1 without a ring. */
int tach_source__fd(const struct tach_source *source);

/* Hand on everything that is there; bad records are counted and skipped, a record cut by the end of a
 * file too. Returns the number of records, or a negative errno: of a handler, then the next call goes
 * on behind that record. */
int tach_source__consume(struct tach_source *source);

/* Hand on a record that did not come through the ring, as if it had. 0 or a negative errno. */
int tach_source__inject(struct tach_source *source, const void *rec, size_t sz);

const struct tach_read_stats *tach_source__stats(const struct tach_source *source);

#endif
