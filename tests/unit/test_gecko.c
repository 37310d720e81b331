// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The writers that show samples one by one, with and without memory and room on the disk. The formats as such are
 * judged by tests/integration/test_gecko.py and test_speedscope.py and by their real readers in tests/interop. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void make(struct tach_build *build)
{
	build_start(build);
	assert_int_equal(tach_profile__keep_events(build->profile, -1, &(struct tach_summary){0}),
			 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
