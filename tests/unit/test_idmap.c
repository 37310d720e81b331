// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "user/util/idmap.c"

static void test_empty(void **state)
{
	struct tach_idmap map = {0};

	(void)state;
	assert_int_equal(tach_idmap__get(&map, 0), TACH_IDMAP_NONE);
	tach_idmap__clear(&map);
	tach_idmap__clear(&map);
}

/* All kinds of keys, 0 and the largest included. */
static void test_many(void **state)
{
	static const __u64 factors[] = {1, 64, 1ull << 32, 0x9e3779b97f4a7c15ull};
	const __u32 cnt = 20000;
	struct tach_idmap map;
	size_t f;
	__u32 i;

	(void)state;
	for (f = 0; f < sizeof(factors) / sizeof(factors[0]); f++) {
		map = (struct tach_idmap){0};
		for (i = 0; i < cnt; i++) {
			assert_int_equal(tach_idmap__get(&map, i * factors[f]), TACH_IDMAP_NONE);
			assert_int_equal(tach_idmap__put(&map, i * factors[f], cnt - i), 0);
		}
		assert_int_equal(tach_idmap__put(&map, UINT64_MAX, 0), 0);
		assert_int_equal(map.cnt, cnt + 1);
		for (i = 0; i < cnt; i++)
			assert_int_equal(tach_idmap__get(&map, i * factors[f]), cnt - i);
		assert_int_equal(tach_idmap__get(&map, UINT64_MAX), 0);
		assert_int_equal(tach_idmap__get(&map, UINT64_MAX - 1), TACH_IDMAP_NONE);
		tach_idmap__clear(&map);
		assert_int_equal(tach_idmap__get(&map, 0), TACH_IDMAP_NONE);
	}
}

/* What is in the map stays when it cannot grow. */
static void test_no_memory(void **state)
{
	struct tach_idmap map = {0};
	__u32 i;

	(void)state;
	fail_alloc_left = 0;
	assert_int_equal(tach_idmap__put(&map, 1, 1), -ENOMEM);
	assert_int_equal(tach_idmap__put(&map, 0, 0), 0);
	for (i = 1; i < 1000; i++) {
		fail_alloc_left = 0;
		if (tach_idmap__put(&map, i, i) == -ENOMEM) {
			assert_int_equal(tach_idmap__get(&map, i), TACH_IDMAP_NONE);
			assert_int_equal(tach_idmap__put(&map, i, i), 0);
		}
		fail_alloc_left = -1;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(tach_idmap__get(&map, i), i);
	tach_idmap__clear(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
