// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The writers that show samples one by one, with and without memory and room on the disk. The formats as such are
 * judged by tests/integration/test_gecko.py and test_speedscope.py and by their real readers in tests/interop. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/aggregate/by_thread.c"
#include "user/util/idmap.c"
#include "user/write/gecko.c"
#include "user/write/gecko_tables.c"
#include "user/write/locs.c"
#include "user/write/speedscope.c"
#include "profile_build.h"

typedef int (*write_fn)(const struct tach_profile *profile, const struct tach_write_opts *opts,
			struct tach_sink *sink);

static const write_fn writes[] = {tach_gecko__write, tach_speedscope__write};
static const struct tach_write_opts plain = {.limit = 15};

static void make_empty(struct tach_build *build)
{
	build_start(build);
	assert_int_equal(tach_profile__keep_events(build->profile, -1, &(struct tach_summary){0}),
			 0);
}

static void make(struct tach_build *build)
{
	make_empty(build);
	assert_int_equal(tach_profile__add_process(build->profile, 7, "name", "name -x"), 0);
	build_sample(build, 12, "cba", 3);
	build_sample(build, 2, "ba", 3);
	build_sample(build, 12, "Ba", 1);
	build_add(build, 99, 2, 2);
	assert_int_equal(tach_profile__flush_events(build->profile), 0);
	build_freeze(build);
}

static int write_to(write_fn write, const struct tach_build *build, char *buf, size_t sz)
{
	int fd = memfd_create("out", 0), err;
	struct tach_sink *sink;
	struct tach_why why;
	ssize_t len;

	assert_true(fd >= 0);
	sink = tach_sink__fd(fd, "memory", &why);
	assert_non_null(sink);
	err = write(build->profile, &plain, sink);
	if (err)
		tach_sink__abort(sink);
	else
		assert_int_equal(tach_sink__close(sink, &why), 0);
	len = pread(fd, buf, sz - 1, 0);
	assert_true(len >= 0);
	buf[len] = '\0';
	close(fd);
	return err;
}

/* Whichever allocation fails: an error, or all is there. */
static void check_no_memory(write_fn write, const struct tach_build *build)
{
	static char expected[16384], buf[16384];
	int failures = 0, err = 0;

	assert_int_equal(write_to(write, build, expected, sizeof(expected)), 0);
	assert_true(strlen(expected) > 500);
	for (int n = 0; n < 100; n++) {
		fail_alloc_left = n;
		err = write_to(write, build, buf, sizeof(buf));
		fail_alloc_left = -1;
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		failures++;
	}
	assert_true(failures > 4);
	assert_int_equal(err, 0);
	assert_string_equal(buf, expected);
}

static void test_no_memory(void **state)
{
	struct tach_build build;

	(void)state;
	make(&build);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		check_no_memory(writes[i], &build);
	build_end(&build);
}

/* Room on the disk that is not there is an error before anything is stored to it. */
static void test_no_room(void **state)
{
	const struct rlimit none = {.rlim_cur = 16, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	struct tach_build build;
	static char buf[16384];

	(void)state;
	make(&build);
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		assert_int_equal(write_to(writes[i], &build, buf, sizeof(buf)), -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(write_to(writes[i], &build, buf, sizeof(buf)), 0);
	}
	build_end(&build);
}

/* Pages of files that are in the memory of this process. */
static long file_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %*d %ld", &pages), 1);
	fclose(file);
	return pages;
}

/* Of many events only some are in memory, and all come. */
static void test_many(void **state)
{
	const __u64 cnt = 200000;
	struct tach_by_thread by_thread;
	struct tach_thread_items events;
	const struct tach_event *event;
	struct tach_build build;
	long before, all;
	__u64 stack;

	(void)state;
	make_empty(&build);
	stack = build_stack(&build, "a");
	for (__u64 i = 0; i < 2 * cnt; i++)
		assert_int_equal(build_add(&build, stack, (__u32)(i % 2) + 1, 1), 0);
	build_freeze(&build);
	before = file_pages();
	assert_int_equal(tach_by_thread__init(&by_thread, build.profile), 0);
	for (__u32 who = 0; who < 2; who++) {
		__u64 next = who + 1;

		for (events = tach_by_thread__of(&by_thread, who);
		     (event = tach_by_thread__next(&events)); next += 2)
			if (event->who != who || event->ts_ns != next)
				fail();
		assert_int_equal(next, 2 * cnt + who + 1);
	}
	all = (long)(by_thread.events.cnt * sizeof(*event) / (size_t)getpagesize());
	assert_true(file_pages() - before < all / 3);
	tach_by_thread__clear(&by_thread);
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
