/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TAPE_H
#define TACH_TAPE_H

#include "aggregate/profile.h"
#include "util/input.h"

/* The tape of a recording: its samples, in the order in which they came, and in front of the first one that
 * needs them the strings, frames, stacks, processes and threads that they name. A file that only grows:
 * memory stays the same however long it gets, and what was written can be read whatever happens then.
 *
 * It begins with TACH_TAPE_MAGIC. A sample is its tag and five varints; every other record is a tag, the
 * number of bytes that follow, and those. Numbers are varints (util/varint.h), those in <> zigzag; texts take
 * the rest of their record. Tables are numbered by order, from 0.
 *
 *	'E' thread, node, <ns since the last sample>, state, weight
 *	'S' text of a string
 *	'F' file, function (strings), <first line>, <line>, <end line - line>, <column>, <end column - column>
 *	'N' parent, frame: a node of the call tree, of which 0, the root, is not written
 *	'P' <pid>, bytes of the name, name, command line
 *	'T' number, process, interpreter, tid, main thread, name; again, if more is learnt of it
 *	'L' a struct tach_thread_time
 *	'C' a struct tach_wait; at the end both addresses, 16 bytes each, or the name of a Unix socket
 *	'I' a struct tach_summary: as the first record what is known then, as the last record all of it
 *
 * A reader passes over other tags. What a number means is what profile.h says of it. */
#define TACH_TAPE_MAGIC	   "\x7fTACHTAPE1\n"
#define TACH_TAPE_MAGIC_SZ (sizeof(TACH_TAPE_MAGIC) - 1)

/* A tape may be part of another file, compressed or not: that ends, but for what is of no interest here, with
 * the place at which the tape begins, 8 bytes in host byte order, and this, behind its last byte. */
#define TACH_TAPE_MARK	  "TACHTAPE"
#define TACH_TAPE_MARK_SZ (sizeof(TACH_TAPE_MARK) - 1)

#define TACH_TAPE_TEXT_MAX (1u << 24) /* bytes; longer ones are cut */

struct tach_tape;

/* @fd, which it owns: an empty file, open for reading and writing; negative: one without a name in $TMPDIR, or
 * else /var/tmp. @profile, which outlives it, has the tables. NULL with errno; @fd is closed then. */
struct tach_tape *tach_tape__new(int fd, const struct tach_profile *profile);
void tach_tape__free(struct tach_tape *tape); /* NULL is fine */

/* The first error, as a negative errno, is kept: nothing is written after it. */
int tach_tape__add(struct tach_tape *tape, const struct tach_event *event);
int tach_tape__add_wait(struct tach_tape *tape, const struct tach_wait *wait);
int tach_tape__add_time(struct tach_tape *tape, const struct tach_thread_time *time);
int tach_tape__add_summary(struct tach_tape *tape, const struct tach_summary *summary,
			   bool complete);
int tach_tape__update_who(struct tach_tape *tape, __u32 who);
int tach_tape__flush(struct tach_tape *tape);

/* Of what was flushed. The descriptor stays the tape's. */
int tach_tape__fd(const struct tach_tape *tape);
__u64 tach_tape__size(const struct tach_tape *tape);

/* As tach_profile__walk(); flush first. */
int tach_tape__walk(const struct tach_tape *tape,
		    int (*on_event)(void *ctx, const struct tach_event *event), void *ctx);

int tach_tape__walk_waits(const struct tach_tape *tape,
			  int (*on_wait)(void *ctx, const struct tach_wait *wait), void *ctx);

/* --- reading --- */

struct tach_tape_item {
	char tag;
	union {
		struct tach_event event;
		struct tach_frame frame;
		struct tach_node node;
		struct tach_thread_time time;
		struct tach_wait wait;
		int pid; /* of a process */
		struct {
			struct tach_who who;
			__u32 idx;
		} thread;
		struct {
			struct tach_summary summary; /* without a mode */
			bool complete;
		} info;
	} is;
	const char *text, *name; /* valid until the next one is read; NUL-terminated */
	size_t text_sz;
};

struct tach_tape_reader {
	struct tach_input *input;
	__u64 ts_ns;	/* of the last event */
	__u64 table_sz; /* bytes of all other records so far */
	bool cut;	/* it ended in the middle of a record */
	unsigned char *body;
	size_t body_cap;
};

/* @input stands behind the magic; not owned. */
void tach_tape__read(struct tach_tape_reader *reader, struct tach_input *input);
/* 1 and *@item; 0 at the end; -EBADMSG: it is no tape; -ENOMEM, or the input's error. Of the numbers in it only
 * the size is checked, not whether there is such a thing. Items without a meaning here are passed over. */
int tach_tape__next(struct tach_tape_reader *reader, struct tach_tape_item *item);
void tach_tape__close(struct tach_tape_reader *reader);

#endif
