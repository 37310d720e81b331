// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The reference's binary format, version 1, with the tape of the recording in a place that its reader passes
 * over: between the tables and the statistics. docs/formats.md describes the whole. Source: CPython v3.15
 * Modules/_remote_debugging/binary_io.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/tape.h"
#include "util/number.h"
#include "util/varint.h"
#include "write/binary_records.h"
#include "write/formats.h"

#define MAGIC	  0x54414348u
#define VERSION	  1
#define HEADER_SZ 64
#define STATS_SZ  56
#define FOOTER_SZ 32
#define NO_OPCODE 255

/* Whose format it is: readers that know only an older version say so. */
static const unsigned char python_version[] = {3, 15, 0, 0};

/* Where the parts are: found by a first pass, in which nothing is written. */
struct layout {
	__u64 strs, frames, tape, end;
};

struct binary {
	const struct tach_profile *profile;
	const struct tach_write_opts *opts;
	struct tach_sink *sink; /* NULL: the first pass */
	bool zstd;
	struct layout at;
	__u64 pos;
	__u64 record_sz; /* bytes of the records before compression */
	__u32 threads;
	struct tach_binary_stats stats;
	int err;
};

static void put(struct binary *bin, const void *data, size_t sz)
{
	bin->pos += sz;
	if (bin->sink)
		tach_sink__write(bin->sink, data, sz);
}

static void put_u32(struct binary *bin, __u32 value)
{
	put(bin, &value, sizeof(value));
}

static void put_u64(struct binary *bin, __u64 value)
{
	put(bin, &value, sizeof(value));
}

static void put_double(struct binary *bin, double value)
{
	put(bin, &value, sizeof(value));
}

static void put_varint(struct binary *bin, __u64 value)
{
	unsigned char buf[TACH_VARINT_MAX];

	put(bin, buf, tach_varint__put(buf, value));
}

/* As enum of Lib/profiling/sampling/constants.py; 0: none of them. */
static __u32 mode_of(const char *name)
{
	static const char *const modes[] = {"wall", "cpu", "gil", "all", "exception"};

	for (__u32 i = 0; name && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(name, modes[i]))
			return i + 1;
	return 0;
}

static __u32 config_of(const struct tach_summary *summary)
{
	__u32 config = mode_of(summary->mode);

	if (!(summary->features & TACH_FEATURE__UNKNOWN))
		config |= 1u << 3 | summary->features << 4;
	return config;
}

static void put_header(struct binary *bin)
{
	const struct tach_summary *summary = tach_profile__summary(bin->profile);

	put_u32(bin, MAGIC);
	put_u32(bin, VERSION);
	put(bin, python_version, sizeof(python_version));
	put_u64(bin, summary->start_ns / 1000);
	put_u64(bin, summary->period_ns / 1000);
	put_u64(bin, bin->stats.samples);
	put_u32(bin, bin->threads);
	put_u64(bin, bin->at.strs);
	put_u64(bin, bin->at.frames);
	put_u32(bin, bin->zstd);
	put_u32(bin, config_of(summary));
}

static void end_bytes(struct binary *bin, struct tach_bytes_out *out)
{
	__s64 sz = tach_bytes_out__end(out);

	if (sz < 0)
		bin->err = bin->err ?: (int)sz;
	else
		bin->pos += (__u64)sz;
}

static void put_records(struct binary *bin)
{
	__u32 cut_frame = tach_frametab__frame_cnt(tach_profile__frames(bin->profile));
	struct tach_bytes_out *out = tach_bytes_out__new(bin->sink, bin->zstd);
	struct tach_binary_records *records = NULL;

	if (out)
		records = tach_binary_records__new(bin->profile, cut_frame, out);
	bin->err = records ? tach_binary_records__write(records) : -ENOMEM;
	if (records) {
		bin->threads = tach_binary_records__threads(records);
		bin->stats = *tach_binary_records__stats(records);
		bin->record_sz = tach_bytes_out__taken(out);
	}
	tach_binary_records__free(records);
	if (out)
		end_bytes(bin, out);
}

static void put_str(struct binary *bin, const char *text, size_t sz)
{
	put_varint(bin, sz);
	put(bin, text, sz);
}

/* The tables of the profile, and behind them what the marker at the cut needs. */
static void put_strs(struct binary *bin)
{
	const struct tach_frametab *tab = tach_profile__frames(bin->profile);

	bin->at.strs = bin->pos;
	for (__u32 i = 0; i < tach_frametab__str_cnt(tab); i++) {
		size_t sz;
		const char *text = tach_frametab__text(tab, i, &sz);

		put_str(bin, text, sz);
	}
	put_str(bin, "~", strlen("~"));
	put_str(bin, "<truncated>", strlen("<truncated>"));
}

static void put_pair(struct binary *bin, __s32 begin, __s32 end)
{
	bool known = begin != -1 && end != -1;

	put_varint(bin, (__u32)tach_zigzag(begin));
	put_varint(bin, known ? (__u32)tach_zigzag((__s32)((__u32)end - (__u32)begin)) : 0);
}

static void put_frame(struct binary *bin, const struct tach_frame *frame)
{
	const unsigned char opcode = NO_OPCODE;

	put_varint(bin, frame->file);
	put_varint(bin, frame->func);
	put_pair(bin, frame->line, frame->end_line);
	put_pair(bin, frame->col, frame->end_col);
	put(bin, &opcode, sizeof(opcode));
}

static void put_frames(struct binary *bin)
{
	const struct tach_frametab *tab = tach_profile__frames(bin->profile);
	const struct tach_frame cut = {
		.file = tach_frametab__str_cnt(tab),
		.func = tach_frametab__str_cnt(tab) + 1,
		.line = -1,
		.end_line = -1,
		.col = -1,
		.end_col = -1,
	};

	bin->at.frames = bin->pos;
	for (__u32 i = 0; i < tach_frametab__frame_cnt(tab); i++)
		put_frame(bin, tach_frametab__get(tab, i));
	put_frame(bin, &cut);
}

static void copy_tape(const struct tach_tape *tape, struct binary *bin, struct tach_bytes_out *out)
{
	struct tach_input input;

	bin->err = tach_input__open(&input, tach_tape__fd(tape), 0, tach_tape__size(tape), false);
	while (!bin->err && tach_input__fill(&input))
		tach_bytes_out__put(out, input.at, (size_t)(input.end - input.at));
	bin->err = bin->err ?: input.err;
	tach_input__close(&input);
}

/* The tape, and behind it where it begins, so that it is found from the end. */
static void put_tape(struct binary *bin)
{
	struct tach_bytes_out *out = tach_bytes_out__new(bin->sink, bin->zstd);

	bin->at.tape = bin->pos;
	if (!out) {
		bin->err = -ENOMEM;
		return;
	}
	copy_tape(tach_profile__tape(bin->profile), bin, out);
	end_bytes(bin, out);
	put_u64(bin, bin->at.tape);
	put(bin, TACH_TAPE_MARK, TACH_TAPE_MARK_SZ);
}

static void put_stats(struct binary *bin)
{
	const struct tach_summary *summary = tach_profile__summary(bin->profile);
	__u64 attempts = summary->attempts;
	double rate = summary->duration_s > 0 ? attempts / summary->duration_s : 0;

	put_double(bin, summary->duration_s);
	put_double(bin, rate);
	put_double(bin, attempts ? 100.0 * summary->failed / attempts : 0);
	put_double(bin, 0);
	put_u32(bin, 1); /* of the last two, the first one is known */
	put_u32(bin, 0);
	put(bin, "TACHSTAT", 8);
	put_u32(bin, 1);
	put_u32(bin, STATS_SZ);
}

static void put_footer(struct binary *bin)
{
	const struct tach_frametab *tab = tach_profile__frames(bin->profile);

	put_u32(bin, tach_frametab__str_cnt(tab) + 2);
	put_u32(bin, tach_frametab__frame_cnt(tab) + 1);
	put_u64(bin, bin->at.end);
	put_u64(bin, 0);
	put_u64(bin, 0);
	bin->at.end = bin->pos;
}

static int pass(struct binary *bin, struct tach_sink *sink)
{
	bin->sink = sink;
	bin->pos = 0;
	put_header(bin);
	put_records(bin);
	if (bin->err)
		return bin->err;
	put_strs(bin);
	put_frames(bin);
	put_tape(bin);
	put_stats(bin);
	put_footer(bin);
	return bin->err;
}

static double percent(__u64 part, __u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_size(__u64 sz, FILE *out)
{
	if (sz >= 1 << 20)
		fprintf(out, "    Bytes (pre-zstd): %.1f MB\n", sz / 1048576.0);
	else if (sz >= 1 << 10)
		fprintf(out, "    Bytes (pre-zstd): %.1f KB\n", sz / 1024.0);
	else
		fprintf(out, "    Bytes (pre-zstd): %llu B\n", sz);
}

/* As the reference, Lib/profiling/sampling/sample.py. */
static void print_stats(const struct binary *bin, FILE *out)
{
	const struct tach_binary_stats *stats = &bin->stats;
	__u64 all = stats->repeats + stats->full + stats->suffix + stats->pop_push;
	char n[3][TACH_GROUPED_MAX];

	fprintf(out, "  Binary Encoding:\n    Records:          %s\n",
		tach_number__grouped(all, n[0]));
	fprintf(out, "      RLE repeat:     %s (%.1f%%) [%s samples]\n",
		tach_number__grouped(stats->repeats, n[0]), percent(stats->repeats, all),
		tach_number__grouped(stats->repeated, n[1]));
	fprintf(out, "      Full stack:     %s (%.1f%%)\n", tach_number__grouped(stats->full, n[0]),
		percent(stats->full, all));
	fprintf(out, "      Suffix match:   %s (%.1f%%)\n",
		tach_number__grouped(stats->suffix, n[0]), percent(stats->suffix, all));
	fprintf(out, "      Pop-push:       %s (%.1f%%)\n",
		tach_number__grouped(stats->pop_push, n[0]), percent(stats->pop_push, all));
	all = stats->frames_written + stats->frames_saved;
	fprintf(out, "  Frame Efficiency:\n    Frames written:   %s\n",
		tach_number__grouped(stats->frames_written, n[0]));
	fprintf(out, "    Frames saved:     %s (%.1f%%)\n",
		tach_number__grouped(stats->frames_saved, n[0]), percent(stats->frames_saved, all));
	print_size(bin->record_sz, out);
}

int tach_binary__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		       struct tach_sink *sink)
{
	struct binary bin = {
		.profile = profile,
		.opts = opts,
		.zstd = opts->zstd,
	};
	int err = pass(&bin, NULL);

	if (!err)
		err = pass(&bin, sink);
	if (!err && opts->words)
		print_stats(&bin, opts->words);
	return err;
}
