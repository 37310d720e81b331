// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a code record misses: read from the target, or shown as unknown. */
#include "session.h"

/* A record whose function name is cut to @kept bytes of @full, or missed if none is kept. */
static struct code_rec cut_name(const char *name, __u32 kept, __u32 full)
{
	struct code_rec code = code_at(ADDR, "", "", 10);
	struct tach_rec_code *rec = rec_of(&code);

	code.used = 0;
	add_part(&code, &rec->filename, "a.py", 4, 1);
	add_part(&code, &rec->qualname, name, kept, 1);
	add_part(&code, &rec->linetable, table, sizeof(table), 1);
	rec->qualname.data_addr = 0x5000;
	rec->qualname.full_sz = full;
	if (!kept)
		rec->miss = TACH_CODE_MISS_QUALNAME;
	return code;
}

static void test_missed_part_is_fetched(void **state)
{
	struct code_rec code = cut_name("", 0, 9);
	struct session *ses = *state;

	ses->mem = (struct memory){TARGET, 0x5000, "long_name", 9, 0};
	learn(ses, &code);
	assert_int_equal(ses->mem.reads, 1);
	ses->mem.sz = 0; /* it was read at once, not when it is needed */
	check_names(ses, frame_of(ses, WORD(ADDR, 3)), "a.py", "long_name");
	check_pos(frame_of(ses, WORD(ADDR, 3)), 12, 0, 7);
	assert_int_equal(stats_of(ses)->fallbacks, 1);
	assert_int_equal(stats_of(ses)->unknown, 0);
}

static void test_cut_part_is_fetched(void **state)
{
	struct code_rec code = cut_name("long", 4, 9);
	struct session *ses = *state;

	ses->mem = (struct memory){TARGET, 0x5000, "long_name", 9, 0};
	learn(ses, &code);
	check_names(ses, frame_of(ses, WORD(ADDR, 0)), "a.py", "long_name");
	assert_int_equal(stats_of(ses)->fallbacks, 1);
}

static void check_unreadable_name(struct session *ses, const struct code_rec *code)
{
	__u64 fallbacks = stats_of(ses)->fallbacks;
	__u64 unknown = stats_of(ses)->unknown;
	const struct tach_frame *frame;

	learn(ses, code);
	frame = frame_of(ses, WORD(ADDR, 0));
	check_names(ses, frame, "a.py", "<unknown: unreadable name>");
	check_pos(frame, 11, 4, 9);
	frame_of(ses, WORD(ADDR, 0));
	assert_int_equal(stats_of(ses)->unknown, unknown + 2);
	assert_int_equal(stats_of(ses)->fallbacks, fallbacks);
}

static void test_unreadable_name(void **state)
{
	struct code_rec code = cut_name("", 0, 9);
	struct session *ses = *state;

	ses->mem = (struct memory){TARGET, 0x5000, "long_nam", 8, 0};
	check_unreadable_name(ses, &code);
	ses->mem = (struct memory){TARGET + 1, 0x5000, "long_name", 9, 0};
	check_unreadable_name(ses, &code);
}

/* The memory was used again between the tick and the fetch. */
static void test_other_bytes_by_now(void **state)
{
	struct code_rec code = cut_name("long", 4, 9);
	struct session *ses = *state;

	ses->mem = (struct memory){TARGET, 0x5000, "lost_name", 9, 0};
	check_unreadable_name(ses, &code);
}

static void test_claims_that_cannot_be(void **state)
{
	struct code_rec code = cut_name("", 0, 0xffffffff);
	struct session *ses = *state;

	check_unreadable_name(ses, &code);
	assert_int_equal(ses->mem.reads, 0);
	code = cut_name("", 0, TACH_PART_MAX_SZ + 1);
	check_unreadable_name(ses, &code);
	assert_int_equal(ses->mem.reads, 0);
	code = cut_name("", 0, 9);
	rec_of(&code)->qualname.data_addr = 0;
	check_unreadable_name(ses, &code);
	assert_int_equal(ses->mem.reads, 0);
	code = cut_name("odd", 3, 3);
	rec_of(&code)->qualname.kind = 3;
	check_unreadable_name(ses, &code);
}

/* A header that was not in memory is touched, so that the kernel can read it the next time. */
static void test_unreadable_header_is_touched(void **state)
{
	struct code_rec code = cut_name("", 0, 0);
	struct session *ses = *state;

	ses->mem = (struct memory){TARGET, 0x5000, "header", 6, 0};
	check_unreadable_name(ses, &code);
	assert_int_equal(ses->mem.reads, 1);
}

static void test_without_remote(void **state)
{
	struct code_rec code = cut_name("", 0, 9);
	struct session *ses = *state;

	tach_symbolizer__free(ses->sym);
	ses->sym = tach_symbolizer__new(ses->tab, NULL);
	check_unreadable_name(ses, &code);
}

static void test_line_table_missed(void **state)
{
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct tach_rec_code *rec = rec_of(&code);
	struct session *ses = *state;

	rec->linetable.sz = 0;
	rec->linetable.data_addr = 0x5000;
	rec->miss = TACH_CODE_MISS_LINETABLE;
	learn(ses, &code);
	check_pos(frame_of(ses, WORD(ADDR, 0)), TACH_LINE_BAD, TACH_COL_NONE, TACH_COL_NONE);
	check_names(ses, frame_of(ses, WORD(ADDR, 0)), "a.py", "f");
	assert_int_equal(stats_of(ses)->bad_lines, 2);
	assert_int_equal(stats_of(ses)->unknown, 0);

	ses->mem = (struct memory){TARGET, 0x5000, table, sizeof(table), 0};
	learn(ses, &code);
	check_pos(frame_of(ses, WORD(ADDR, 0)), 11, 4, 9);
	assert_int_equal(stats_of(ses)->bad_lines, 2);
	assert_int_equal(stats_of(ses)->fallbacks, 1);
}

/* What is there of a cut table serves the instructions it covers. */
static void test_line_table_cut(void **state)
{
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct session *ses = *state;

	rec_of(&code)->linetable.sz = 4;
	learn(ses, &code);
	check_pos(frame_of(ses, WORD(ADDR, 1)), 11, 4, 9);
	check_pos(frame_of(ses, WORD(ADDR, 3)), TACH_LINE_BAD, TACH_COL_NONE, TACH_COL_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_missed_part_is_fetched), TEST(test_cut_part_is_fetched),
		TEST(test_unreadable_name),	   TEST(test_other_bytes_by_now),
		TEST(test_claims_that_cannot_be),  TEST(test_unreadable_header_is_touched),
		TEST(test_without_remote),	   TEST(test_line_table_missed),
		TEST(test_line_table_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
