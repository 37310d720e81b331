/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_TALLY_WORLD_H
#define TACH_TEST_TALLY_WORLD_H

/* A recording whose counters are made by hand, and what is printed of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile_build.h"
#include "report.h"

#define S 1000000000ull

/* A recording of 10 s at 1 kHz. */
struct world {
	struct tach_build build;
	struct tach_symbolizer_stats symbols;
	struct tach_read_stats read;
	struct tach_tally tally;
	struct tach_gil_wait waits[8];
};

static inline struct world *begin(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	build_start(&w->build);
	w->tally.duration_s = 10;
	w->tally.period_ns = S / 1000;
	w->tally.all_threads = true;
	w->tally.profile = w->build.profile;
	w->tally.line.symbols = &w->symbols;
	w->tally.line.read = &w->read;
	return w;
}

static inline void end(struct world *w)
{
	build_end(&w->build);
	free(w);
}

static inline void count(struct world *w, enum tach_counter idx, __u64 n)
{
	w->tally.counts[TACH_ST__CNT + idx] += n;
}

/* @n ticks on the target that end so. */
static inline void tick(struct world *w, enum tach_status status, __u64 n)
{
	w->tally.counts[status] += n;
	count(w, TACH_CT_TARGET_TICKS, n);
	if (status == TACH_ST_SAMPLED)
		count(w, TACH_CT_ON_SAMPLES, n);
}

static inline struct tach_thread_time thread_of(__u32 tid, double on_s, double runnable_s,
						double gil_s, double blocked_s)
{
	struct tach_thread_time t = {
		.who = TACH_NO_ID,
		.tid = tid + 1000,
		.inner_tid = tid,
		.on_ns = on_s * S,
		.off_ns = (runnable_s + gil_s + blocked_s) * S,
		.runnable_ns = runnable_s * S,
		.gil_wait_ns = gil_s * S,
	};

	t.wall_ns = t.on_ns + t.off_ns;
	return t;
}

static inline void add(struct world *w, struct tach_thread_time t)
{
	w->tally.off_cpu = true;
	assert_int_equal(tach_profile__add_thread(w->build.profile, &t), 0);
}

/* What is said on stdout and on stderr; the caller frees both. */
static inline char *print(struct world *w, char **warnings)
{
	char *text = NULL, path[] = "/tmp/tachyon-report-XXXXXX";
	int old = dup(STDERR_FILENO), fd = mkstemp(path);
	size_t sz;
	FILE *out = open_memstream(&text, &sz);

	assert_non_null(out);
	w->tally.line.samples = w->tally.counts[TACH_ST_SAMPLED];
	build_freeze(&w->build);
	dup2(fd, STDERR_FILENO);
	tach_report__print(&w->tally, out);
	dup2(old, STDERR_FILENO);
	fclose(out);
	sz = lseek(fd, 0, SEEK_END);
	*warnings = calloc(1, sz + 1);
	assert_int_equal(pread(fd, *warnings, sz, 0), sz);
	close(fd);
	close(old);
	unlink(path);
	return text;
}

static inline void expect(struct world *w, const char *text, const char *warnings)
{
	char *said, *printed = print(w, &said);

	assert_string_equal(printed, text);
	assert_string_equal(said, warnings);
	free(printed);
	free(said);
	end(w);
}

/* That the text is part of what is said on stdout or stderr; NULL: neither. */
static inline void expect_part(struct world *w, const char *part, const char *warning)
{
	char *said, *printed = print(w, &said);

	if (part && !strstr(printed, part))
		fail_msg("%s: is missing in: %s", part, printed);
	if (warning && !strstr(said, warning))
		fail_msg("%s: is missing in: %s", warning, said);
	if (!warning)
		assert_string_equal(said, "");
	if (!part)
		assert_null(strstr(printed, "Warning"));
	free(printed);
	free(said);
	end(w);
}

#define OWN "Own CPU time: 0.000 s (0.0% of one CPU), 0.000 s of it in the kernel's BPF programs"

#endif
