// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The binary format, byte by byte, and back. Beside the reference's own reader and writer:
 * tests/interop/test_binary.py. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/write/binary_records.c"
#undef ROOT
#include "user/replay/tape.c"
#include "profile_build.h"
#include "replay/replay.h"
#include "write/formats.h"

#define START_NS 5000000000ull

static const struct tach_summary known = {.start_ns = START_NS, .period_ns = 1000000};

static void start(struct tach_build *build)
{
	build_start(build);
	assert_int_equal(tach_profile__keep_events(build->profile, -1, &known), 0);
	assert_int_equal(tach_profile__add_process(build->profile, 7, "py", "py x"), 0);
}

static int put_event(struct tach_build *build, __u64 us, __u32 tid, const char *letters,
		     __u32 state, __u32 weight)
{
	bool added;
	struct tach_event event = {
		.ts_ns = START_NS + us * 1000,
		.who = tach_profile__who_of(build->profile, 0, 0, tid, &added),
		.state = state,
		.weight = weight,
		.node = tach_profile__leaf(build->profile, build_stack(build, letters)),
	};

	return tach_profile__add(build->profile, &event);
}

static void finish(struct tach_build *build, double duration_s)
{
	const struct tach_summary summary = {
		.pid = 7,
		.start_ns = START_NS,
		.period_ns = 1000000,
		.duration_s = duration_s,
		.attempts = 200,
		.failed = 1,
		.mode = "wall",
		.features = TACH_FEATURE_GC,
	};

	tach_profile__freeze(build->profile, &summary);
	assert_int_equal(tach_profile__flush_events(build->profile), 0);
}

/* --- records --- */

static size_t encode(struct tach_build *build, unsigned char *buf, size_t sz,
		     struct tach_binary_stats *stats)
{
	int fd = memfd_create("out", 0);
	struct tach_why why;
	struct tach_sink *sink = tach_sink__fd(fd, "memory", &why);
	struct tach_bytes_out *out = tach_bytes_out__new(sink, false);
	struct tach_binary_records *records = tach_binary_records__new(build->profile, 99, out);
	ssize_t len;

	assert_int_equal(tach_binary_records__write(records), 0);
	*stats = *tach_binary_records__stats(records);
	tach_binary_records__free(records);
	assert_true(tach_bytes_out__end(out) >= 0);
	assert_int_equal(tach_sink__close(sink, &why), 0);
	len = pread(fd, buf, sz, 0);
	close(fd);
	return (size_t)len;
}

/* Thread, interpreter, encoding. */
#define RECORD(tid, encoding) tid "\0\0\0\0\0\0\0\0\0\0\0" encoding

/* Frames are numbered as they came: 0 is the marker of lost stacks. */
static void test_encodings(void **state)
{
	static const char expected[] =
		/* full: c b a */
		RECORD("\14", "\1") "\12\3\3\1\2\3"
		/* the same, twice: one period apart */
		RECORD("\14", "\0") "\2\132\41\xe8\7\41"
		/* suffix: d on top of three */
		RECORD("\14", "\2") "\x64\0\3\1\4"
		/* pop two, push e */
		RECORD("\14", "\3") "\x64\10\2\1\5"
		/* full, as less than half of it is shared: a, and three that are new */
		RECORD("\14", "\1") "\x64\20\4\6\7\10\3"
		/* nothing shared, of another thread */
		RECORD("\15", "\1") "\xe8\7\4\1\10";
	struct tach_binary_stats stats;
	unsigned char buf[4096];
	struct tach_build build;
	size_t sz;

	(void)state;
	start(&build);
	put_event(&build, 10, 12, "cba", TACH_STATE_HAS_GIL | TACH_STATE_ON_CPU, 1);
	put_event(&build, 1100, 12, "cba", TACH_STATE_HAS_GIL | TACH_STATE_MAIN_THREAD, 2);
	put_event(&build, 1200, 12, "dcba", 0, 1);
	put_event(&build, 1300, 12, "eba", TACH_STATE_GIL_REQUESTED | TACH_STATE_REUSED, 1);
	put_event(&build, 1400, 12, "hgfa", TACH_STATE_HAS_EXCEPTION, 1);
	put_event(&build, 1000, 13, "f", TACH_STATE_CPU_UNKNOWN, 1);
	finish(&build, 1);
	sz = encode(&build, buf, sizeof(buf), &stats);
	assert_int_equal(sz, sizeof(expected) - 1);
	assert_memory_equal(buf, expected, sz);
	assert_int_equal(stats.samples, 7);
	assert_int_equal(stats.repeats, 1);
	assert_int_equal(stats.repeated, 2);
	assert_int_equal(stats.full, 3);
	assert_int_equal(stats.suffix, 1);
	assert_int_equal(stats.pop_push, 1);
	assert_int_equal(stats.frames_written, 3 + 1 + 1 + 4 + 1);
	assert_int_equal(stats.frames_saved, 2 * 3 + 3 + 2);
	build_end(&build);
}

/* Time does not go back, not even where a block is said to have begun before the recording. */
static void test_long_block(void **state)
{
	struct tach_binary_stats stats;
	static unsigned char buf[1 << 20];
	struct tach_build build;

	(void)state;
	start(&build);
	put_event(&build, 5000, 12, "a", 0, 20);
	put_event(&build, 6000000, 12, "a", 0, 9000);
	finish(&build, 6);
	encode(&build, buf, sizeof(buf), &stats);
	assert_int_equal(stats.samples, 9020);
	assert_int_equal(stats.full, 1);
	assert_int_equal(stats.repeated, 9019);
	assert_true(stats.repeats > 1); /* 16 KiB of them at a time */
	/* Up to 5 ms there were 14 or 15 samples more than time: no difference. */
	assert_int_equal(buf[13], 0);
	build_end(&build);
}

static void test_deep(void **state)
{
	tach_frame_id frames[300];
	struct tach_binary_stats stats;
	unsigned char buf[8192];
	struct tach_build build;
	size_t at = 15;
	bool added;

	(void)state;
	start(&build);
	for (int i = 0; i < 300; i++)
		frames[i] = build_frame(&build, "f.py", "f", i + 1);
	tach_profile__define(build.profile, 77, frames, 300);
	tach_profile__define(build.profile, 78, frames, 256);
	for (__u64 id = 77; id < 79; id++)
		tach_profile__add(
			build.profile,
			&(struct tach_event){
				.ts_ns = START_NS,
				.who = tach_profile__who_of(build.profile, 0, 0, (__u32)id, &added),
				.node = tach_profile__leaf(build.profile, id),
				.weight = 1,
			});
	finish(&build, 1);
	encode(&build, buf, sizeof(buf), &stats);
	/* 256: the depth, then frames of one or two bytes */
	assert_int_equal(buf[at] | buf[at + 1] << 8, 0x280);
	at += 2;
	for (int i = 0; i < 256; i++) {
		__u32 value = buf[at] & 0x7f;

		if (buf[at++] & 0x80)
			value |= (__u32)buf[at++] << 7;
		assert_int_equal(value, i < 191 ? i + 1 : i == 191 ? 99 : i + 300 - 256 + 1);
	}
	assert_int_equal(stats.frames_written, 2 * 256);
	build_end(&build);
}

/* --- there and back --- */

static void make_any(struct tach_build *build)
{
	start(build);
	put_event(build, 10, 12, "cba", TACH_STATE_ON_CPU, 3);
	put_event(build, 20, 13, "a", TACH_STATE_REUSED, 1);
	put_event(build, 3000, 12, "xba", 0, 9);
	build_add(build, 4711, 12, 2); /* a stack that was lost */
	tach_profile__describe(build->profile, 1, "worker; \n", false);
	tach_profile__add_thread(build->profile,
				 &(struct tach_thread_time){.who = 1, .tid = 13, .on_ns = 5});
	finish(build, 1.5);
}

static void save(struct tach_build *build, bool zstd, char path[32], int *fd)
{
	const struct tach_write_opts opts = {.zstd = zstd};
	struct tach_why why;
	struct tach_sink *sink;

	*fd = memfd_create("file", 0);
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
	sink = tach_sink__fd(*fd, "memory", &why);
	assert_int_equal(tach_binary__write(build->profile, &opts, sink), 0);
	assert_int_equal(tach_sink__close(sink, &why), 0);
}

struct events {
	struct tach_event items[64];
	int cnt;
};

static int hear(void *ctx, const struct tach_event *event)
{
	struct events *events = ctx;

	events->items[events->cnt++] = *event;
	return 0;
}

static void expect_equal(const struct tach_profile *a, const struct tach_profile *b)
{
	static struct events left, right;

	left.cnt = right.cnt = 0;
	assert_int_equal(tach_profile__total(a), tach_profile__total(b));
	assert_int_equal(tach_profile__lost(a), tach_profile__lost(b));
	assert_int_equal(tach_profile__row_cnt(a), tach_profile__row_cnt(b));
	assert_int_equal(tach_profile__who_cnt(a), tach_profile__who_cnt(b));
	assert_string_equal(tach_profile__who(b, 1)->name, "worker; \n");
	assert_string_equal(tach_profile__process(b, 0)->command, "py x");
	assert_string_equal(tach_profile__process(b, 0)->name, "py");
	assert_int_equal(tach_profile__thread(b, 0)->on_ns, 5);
	assert_int_equal(tach_profile__thread(b, 0)->tid, 13);
	tach_profile__walk(a, hear, &left);
	tach_profile__walk(b, hear, &right);
	assert_int_equal(left.cnt, right.cnt);
	assert_memory_equal(left.items, right.items, left.cnt * sizeof(left.items[0]));
}

static int read_back(const char *path, struct tach_build *build, struct tach_summary *summary,
		     struct tach_why *why)
{
	struct tach_replay *replay;
	int err = tach_replay__open(path, &replay, why);

	build_start(build);
	tach_profile__keep_events(build->profile, -1, &known);
	if (!err) {
		err = tach_replay__read(replay, build->tab, build->profile, NULL, NULL, summary,
					why);
		if (!err) {
			assert_string_equal(summary->mode, "wall");
			tach_profile__freeze(build->profile, summary);
			tach_profile__flush_events(build->profile);
		}
		tach_replay__free(replay);
	}
	return err;
}

static void test_round_trip(void **state)
{
	struct tach_build build, back;
	struct tach_summary summary;
	struct tach_why why;
	char path[32];
	int fd;

	(void)state;
	make_any(&build);
	for (int zstd = 0; zstd < 2; zstd++) {
		save(&build, zstd, path, &fd);
		assert_int_equal(read_back(path, &back, &summary, &why), 0);
		expect_equal(build.profile, back.profile);
		assert_int_equal(summary.pid, 7);
		assert_int_equal(summary.attempts, 200);
		assert_int_equal(summary.failed, 1);
		assert_int_equal(summary.features, TACH_FEATURE_GC);
		assert_true(summary.duration_s == 1.5);
		build_end(&back);
		close(fd);
	}
	build_end(&build);
}

/* Without its tape a file is what the reference could have written. */
static void test_without_tape(void **state)
{
	struct tach_build build, back;
	struct tach_summary summary;
	struct tach_why why;
	char path[32];
	int fd;

	(void)state;
	make_any(&build);
	save(&build, true, path, &fd);
	assert_int_equal(pwrite(fd, "T", 1, lseek(fd, 0, SEEK_END) - 32 - 56 - 8), 1);
	assert_int_equal(pwrite(fd, "X", 1, lseek(fd, 0, SEEK_END) - 32 - 56 - 8), 1);
	assert_int_equal(read_back(path, &back, &summary, &why), 0);
	assert_int_equal(tach_profile__total(back.profile), tach_profile__total(build.profile));
	assert_int_equal(tach_profile__process(back.profile, 0)->pid, 0);
	build_end(&back);
	build_end(&build);
	close(fd);
}

static void test_no_memory(void **state)
{
	struct tach_build build, back;
	struct tach_summary summary;
	struct tach_bytes_out *out;
	struct tach_why why;
	char path[32];
	int fd, n, err;

	(void)state;
	make_any(&build);
	save(&build, true, path, &fd);
	for (n = 0, err = -1; err; n++) {
		struct tach_binary_records *records;

		out = tach_bytes_out__new(NULL, false);
		fail_alloc_left = n;
		records = tach_binary_records__new(build.profile, 1, out);
		err = records ? tach_binary_records__write(records) : -ENOMEM;
		fail_alloc_left = -1;
		assert_true(!err || err == -ENOMEM);
		tach_binary_records__free(records);
		tach_bytes_out__end(out);
	}
	assert_true(n > 5);
	for (n = 0, err = -1; err; n++) {
		struct tach_replay *replay;

		assert_int_equal(tach_replay__open(path, &replay, &why), 0);
		build_start(&back);
		fail_alloc_left = n;
		err = tach_replay__read(replay, back.tab, back.profile, NULL, NULL, &summary, &why);
		fail_alloc_left = -1;
		if (err)
			assert_string_equal(why.text, "out of memory");
		tach_replay__free(replay);
		build_end(&back);
	}
	assert_true(n > 4);
	build_end(&build);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),    cmocka_unit_test(test_long_block),
		cmocka_unit_test(test_deep),	     cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_without_tape), cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
