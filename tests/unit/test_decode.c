// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>

#include "records.h"

/* Decode a copy that ends where the record ends. */
static int decode(struct seen *seen, struct tach_read_stats *stats, const void *data, size_t sz)
{
	struct tach_handlers handlers = handlers_of(seen);
	void *copy = malloc(sz + !sz);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, sz);
	err = tach_decode(copy, sz, &handlers, stats);
	free(copy);
	return err;
}

static void check_good(const void *data, size_t sz)
{
	struct tach_read_stats stats = {};
	struct seen seen = {};

	assert_int_equal(decode(&seen, &stats, data, sz), 0);
	assert_int_equal(seen.samples + seen.stacks + seen.codes + seen.execs + seen.threads +
				 seen.calls,
			 1);
	assert_int_equal(stats.records, 1);
	assert_int_equal(stats.bytes, sz);
	assert_int_equal(stats.bad, 0);
}

static void check_bad(const void *data, size_t sz)
{
	struct tach_read_stats stats = {};
	struct seen seen = {};

	assert_int_equal(decode(&seen, &stats, data, sz), -EBADMSG);
	assert_int_equal(seen.samples + seen.stacks + seen.codes + seen.execs + seen.threads +
				 seen.calls,
			 0);
	assert_int_equal(stats.records, 1);
	assert_int_equal(stats.bad, 1);
}

static void test_good(void **state)
{
	(void)state;
	check_good(&sample, sizeof(sample));
	check_good(&stack, sizeof(stack));
	check_good(&code, CODE_SZ);
	check_good(&exec_rec, sizeof(exec_rec));
	check_good(&thread_rec, sizeof(thread_rec));
	check_good(&call_rec, sizeof(call_rec));
}

/* The ring may hand over more than the record uses. */
static void test_slack_behind(void **state)
{
	(void)state;
	check_good(&code, sizeof(code));
}

static void test_every_cut(void **state)
{
	size_t sz;

	(void)state;
	for (sz = 0; sz < sizeof(sample); sz++)
		check_bad(&sample, sz);
	for (sz = 0; sz < sizeof(stack); sz++)
		check_bad(&stack, sz);
	for (sz = 0; sz < CODE_SZ; sz++)
		check_bad(&code, sz);
	for (sz = 0; sz < sizeof(exec_rec); sz++)
		check_bad(&exec_rec, sz);
	for (sz = 0; sz < sizeof(thread_rec); sz++)
		check_bad(&thread_rec, sz);
	for (sz = 0; sz < sizeof(call_rec); sz++)
		check_bad(&call_rec, sz);
}

/* The same with a header that owns up to the cut. */
static void test_every_length(void **state)
{
	struct tach_rec_sample short_sample = sample;
	struct tach_rec_exec short_exec = exec_rec;
	struct stack3 short_stack = stack;
	struct code9 short_code = code;
	__u32 len;

	(void)state;
	for (len = 0; len < sizeof(code); len++) {
		short_sample.hdr.len = len;
		if (len < sizeof(sample))
			check_bad(&short_sample, sizeof(sample));
		short_exec.hdr.len = len;
		if (len < sizeof(exec_rec))
			check_bad(&short_exec, sizeof(exec_rec));
		short_stack.rec.hdr.len = len;
		if (len < sizeof(stack))
			check_bad(&short_stack, sizeof(stack));
		short_code.rec.hdr.len = len;
		if (len != CODE_SZ)
			check_bad(&short_code, sizeof(code));
	}
}

static void test_type(void **state)
{
	struct tach_rec_sample odd = sample;

	(void)state;
	odd.hdr.type = 0;
	check_bad(&odd, sizeof(odd));
	odd.hdr.type = TACH_REC_CALL + 1;
	check_bad(&odd, sizeof(odd));
	odd.hdr.type = 0xffffffff;
	check_bad(&odd, sizeof(odd));
}

/* A call that nobody knows would be an index into the void, and so would a name's end. */
static void test_call(void **state)
{
	struct tach_rec_call odd = call_rec;

	(void)state;
	odd.call.kind = TACH_CALL__CNT;
	check_bad(&odd, sizeof(odd));
	odd.call.kind = 0xffffffff;
	check_bad(&odd, sizeof(odd));
	odd = call_rec;
	odd.call.path_sz = TACH_PATH_SZ;
	check_good(&odd, sizeof(odd));
	odd.call.path_sz = TACH_PATH_SZ + 1;
	check_bad(&odd, sizeof(odd));
}

static void test_frame_cnt(void **state)
{
	static const __u32 wrong[] = {
		0, 2, 4, 0x20000003, 0x80000003, 0xffffffff, TACH_MAX_FRAMES, TACH_MAX_FRAMES + 1};
	struct stack3 odd = stack;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		odd.rec.frame_cnt = wrong[i];
		check_bad(&odd, sizeof(odd));
	}
	odd = stack;
	odd.rec.left_out = 1; /* of a stack that has room */
	check_bad(&odd, sizeof(odd));
	odd.rec.frame_cnt = 0;
	odd.rec.hdr.len = sizeof(odd.rec);
	check_bad(&odd, sizeof(odd));
}

static void test_deepest_stack(void **state)
{
	struct tach_rec_stack *deep;
	size_t sz = sizeof(*deep) + (TACH_MAX_FRAMES + 1) * sizeof(__u64);

	(void)state;
	deep = calloc(1, sz);
	assert_non_null(deep);
	deep->hdr.type = TACH_REC_STACK;
	deep->hdr.len = sz - sizeof(__u64);
	deep->frame_cnt = TACH_MAX_FRAMES;
	check_good(deep, deep->hdr.len);
	deep->left_out = 1;
	check_good(deep, deep->hdr.len);
	deep->hdr.len = sz;
	deep->frame_cnt++;
	check_bad(deep, sz);
	free(deep);
}

static void test_string_sizes(void **state)
{
	struct code9 odd = code;

	(void)state;
	odd.rec.filename.sz = odd.rec.filename.full_sz = 5;
	check_bad(&odd, CODE_SZ);
	odd.rec.qualname.sz = 2;
	check_good(&odd, CODE_SZ);
	odd.rec.linetable.sz = 0xffffffff; /* 32 bits would wrap to 9 */
	odd.rec.linetable.full_sz = 0xffffffff;
	odd.rec.filename.sz = 8;
	odd.rec.filename.full_sz = 8;
	check_bad(&odd, CODE_SZ);
}

static void test_more_than_there_is(void **state)
{
	struct code9 odd = code;

	(void)state;
	odd.rec.qualname.full_sz = 2;
	check_bad(&odd, CODE_SZ);
}

static void test_answer_of_the_handler(void **state)
{
	struct tach_read_stats stats = {};
	struct seen seen = {.answer = -ENOMEM};

	(void)state;
	assert_int_equal(decode(&seen, &stats, &sample, sizeof(sample)), -ENOMEM);
	assert_int_equal(stats.bad, 0);
}

static void test_random_bytes(void **state)
{
	struct tach_read_stats stats = {};
	struct seen seen = {};
	uint64_t seed = 1;
	__u32 words[48];
	int round;
	size_t i;

	(void)state;
	for (round = 0; round < 100000; round++) {
		memset(words, 0, sizeof(words));
		for (i = 0; i < 48; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			words[i] = seed >> 60 > 4 ? seed >> 58 : seed >> 32;
		}
		words[0] = seed >> 50 & 7;
		words[1] = round & 1 ? 112 + (seed >> 44 & 63) : seed >> 44 & 255;
		decode(&seen, &stats, words, seed >> 36 & 127);
		decode(&seen, &stats, words, sizeof(words));
	}
	assert_int_equal(stats.records, 200000);
	assert_true(stats.bad > 0);
	assert_int_equal(stats.bad + seen.samples + seen.stacks + seen.codes + seen.execs +
				 seen.threads,
			 stats.records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_slack_behind),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_frame_cnt),
		cmocka_unit_test(test_deepest_stack),
		cmocka_unit_test(test_string_sizes),
		cmocka_unit_test(test_more_than_there_is),
		cmocka_unit_test(test_answer_of_the_handler),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
