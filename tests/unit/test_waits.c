// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Waits for sockets: what a profile is given comes out again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "profile_build.h"

static const struct tach_wait given[] = {
	{
		.begin_ns = 1ull << 60,
		.end_ns = (1ull << 60) + 7,
		.call = {.kind = TACH_CALL__CNT - 1,
			 .fd = -5,
			 .family = 65535,
			 .type = 5,
			 .local_port = 65535,
			 .peer_port = 1,
			 .ends = {.local = "\x7f\0\0\1 local", .peer = "16 bytes of peer"}},
	},
	{
		.end_ns = 1,
		.call = {.kind = TACH_CALL_RECV,
			 .family = AF_UNIX,
			 .path = "\0abstract",
			 .path_sz = 9},
	},
	{.call = {.kind = TACH_CALL_ACCEPT, .family = AF_UNIX}},
};
#define CNT (sizeof(given) / sizeof(given[0]))

struct heard {
	struct tach_wait waits[CNT];
	__u32 cnt;
	__u32 events;
};

static int hear_wait(void *ctx, const struct tach_wait *wait)
{
	struct heard *heard = ctx;

	heard->waits[heard->cnt] = *wait;
	return ++heard->cnt == CNT ? -ECANCELED : 0;
}

static int hear_event(void *ctx, const struct tach_event *event)
{
	struct heard *heard = ctx;

	(void)event;
	heard->events++;
	return 0;
}

static void start(struct tach_build *build)
{
	build_start(build);
	assert_int_equal(tach_profile__keep_events(build->profile, -1, &(struct tach_summary){0}),
			 0);
	assert_int_equal(build_sample(build, 1, "a", 1), 0);
}

static void test_round_trip(void **state)
{
	struct tach_build build;
	struct heard heard = {0};

	(void)state;
	start(&build);
	for (size_t i = 0; i < CNT; i++)
		assert_int_equal(tach_profile__add_wait(build.profile, &given[i]), 0);
	assert_int_equal(tach_profile__flush_events(build.profile), 0);
	build_freeze(&build);
	assert_int_equal(tach_profile__add_wait(build.profile, &given[0]), -EINVAL);
	assert_int_equal(tach_profile__walk_waits(build.profile, hear_wait, &heard), -ECANCELED);
	assert_int_equal(heard.cnt, CNT);
	for (size_t i = 0; i < CNT; i++)
		assert_memory_equal(&heard.waits[i], &given[i], sizeof(given[i]));
	assert_int_equal(tach_profile__walk(build.profile, hear_event, &heard), 0);
	assert_int_equal(heard.events, 1);
	build_end(&build);
}

static void test_of_no_interest(void **state)
{
	struct tach_build build;

	(void)state;
	build_start(&build);
	assert_int_equal(tach_profile__add_wait(build.profile, &given[0]), 0);
	build_end(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_of_no_interest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
