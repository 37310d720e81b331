// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Recordings for fuzz_replay: every encoding of a stack, every record of a tape, compressed and not, in both
 * byte orders. */
#include <stdbool.h>
#include <string.h>

#include <linux/types.h>

#include <zstd.h>

#include "tests/fuzz/seeds.h"

#define TAPE_MAGIC "\x7fTACHTAPE1\n"

struct file {
	size_t sz;
	unsigned char data[2048];
};

static void put(struct file *file, const void *data, size_t sz)
{
	memcpy(file->data + file->sz, data, sz);
	file->sz += sz;
}

#define PUT(file, ...)                                                                             \
	put(file, (const unsigned char[]){__VA_ARGS__},                                            \
	    sizeof((const unsigned char[]){__VA_ARGS__}))

static void put_number(struct file *file, __u64 value, size_t sz, bool swap)
{
	for (size_t i = 0; i < sz; i++)
		file->data[file->sz++] = sz > 8 ? 0 : value >> 8 * (swap ? sz - 1 - i : i);
}

static void put_head(struct file *file, __u64 tid, unsigned char encoding, bool swap)
{
	put_number(file, tid, 8, swap);
	put_number(file, 0, 4, swap);
	PUT(file, encoding);
}

static void put_records(struct file *file, bool swap)
{
	put_head(file, 7, 1, swap);
	PUT(file, 10, 3, 2, 1, 0);
	put_head(file, 7, 0, swap);
	PUT(file, 3, 10, 3, 0x90, 1, 3, 10, 1);
	put_head(file, 7, 2, swap);
	PUT(file, 10, 3, 2, 1, 2);
	put_head(file, 8, 1, swap);
	PUT(file, 10, 32, 1, 0);
	put_head(file, 7, 3, swap);
	PUT(file, 10, 3, 2, 2, 1, 2);
}

#define RECORDS 7 /* samples in them */
#define THREADS 2

static void put_tape(struct file *file)
{
	put(file, TAPE_MAGIC, strlen(TAPE_MAGIC));
	PUT(file, 'I', 12, 0, 2, 0xc0, 0x84, 0x3d, 1, 1, 0, 0, 0, 4, 'w');
	PUT(file, 'S', 1, '~', 'S', 3, '<', 'x', '>', 'S', 4, 'a', '.', 'p', 'y');
	PUT(file, 'F', 7, 0, 1, 0, 0, 0, 1, 0, 'F', 7, 2, 1, 2, 2, 0, 8, 10);
	PUT(file, 'N', 2, 0, 0, 'N', 2, 0, 1, 'N', 2, 2, 1);
	PUT(file, 'P', 8, 14, 2, 'p', 'y', 'p', 'y', ' ', 'x', 'T', 7, 0, 0, 0, 7, 1, 't', 'h');
	PUT(file, 'E', 0, 3, 100, 3, 2, 'E', 0, 2, 100, 1, 1, 'E', 0, 1, 1, 0, 4);
	PUT(file, 'T', 7, 0, 0, 0, 7, 1, 'o', 'k', 'L', 10, 0, 7, 1, 9, 8, 1, 0, 0, 0, 0, '?', 1,
	    0);
	PUT(file, 'I', 12, 1, 2, 0xc0, 0x84, 0x3d, 1, 1, 9, 7, 0, 4, 'w');
}

static void put_packed(struct file *file, const struct file *part, bool zstd)
{
	if (zstd)
		file->sz += ZSTD_compress(file->data + file->sz, sizeof(file->data) - file->sz,
					  part->data, part->sz, 5);
	else
		put(file, part->data, part->sz);
}

static void put_tables(struct file *file)
{
	PUT(file, 4, 'a', '.', 'p', 'y', 1, 'f', 1, '~');
}

static void put_frames(struct file *file)
{
	PUT(file, 0, 1, 2, 0, 8, 10, 255, 0, 1, 4, 2, 0, 0, 100, 2, 1, 1, 0, 1, 0, 255);
}

static void put_stats(struct file *file, bool swap)
{
	put_number(file, 0x3ff0000000000000, 8, swap);
	put_number(file, 0x401c000000000000, 8, swap);
	put_number(file, 0, 16, swap);
	put_number(file, 3, 4, swap);
	put_number(file, 0, 4, swap);
	put(file, "TACHSTAT", 8);
	put_number(file, 1, 4, swap);
	put_number(file, 56, 4, swap);
}

static void put_header(struct file *file, __u64 strs, __u64 frames, bool zstd, bool swap)
{
	put_number(file, 0x54414348, 4, swap);
	put_number(file, 1, 4, swap);
	PUT(file, 3, 15, 0, 0);
	put_number(file, 1000, 8, swap);
	put_number(file, 1000, 8, swap);
	put_number(file, RECORDS, 8, swap);
	put_number(file, THREADS, 4, swap);
	put_number(file, strs, 8, swap);
	put_number(file, frames, 8, swap);
	put_number(file, zstd, 4, swap);
	put_number(file, 0x49, 4, swap);
}

static void save_binary(const char *name, bool tape, bool zstd, bool swap)
{
	struct file file = {.sz = 64}, header = {0}, part = {0};
	size_t strs, frames, at;

	put_records(&part, swap);
	put_packed(&file, &part, zstd);
	strs = file.sz;
	put_tables(&file);
	frames = file.sz;
	put_frames(&file);
	if (tape) {
		at = file.sz;
		part.sz = 0;
		put_tape(&part);
		put_packed(&file, &part, zstd);
		put_number(&file, at, 8, swap);
		put(&file, "TACHTAPE", 8);
	}
	put_stats(&file, swap);
	put_number(&file, 3, 4, swap);
	put_number(&file, 3, 4, swap);
	put_number(&file, file.sz + 24, 8, swap);
	put_number(&file, 0, 16, swap);
	put_header(&header, strs, frames, zstd, swap);
	memcpy(file.data, header.data, header.sz);
	seed("fuzz_replay", name, file.data, file.sz);
}

void save_recordings(void)
{
	struct file tape = {0};

	save_binary("plain", false, false, false);
	save_binary("swapped", false, false, true);
	save_binary("zstd", false, true, false);
	save_binary("tape", true, false, false);
	save_binary("tape-swapped", true, false, true);
	save_binary("tape-zstd", true, true, false);
	put_tape(&tape);
	seed("fuzz_replay", "alone", tape.data, tape.sz);
	seed("fuzz_replay", "cut", tape.data, tape.sz - 40);
}
