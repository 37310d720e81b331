// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "session.h"

static void test_positions(void **state)
{
	struct code_rec code = code_at(ADDR, "/a/b.py", "f.<locals>.g", 10);
	struct session *ses = *state;
	const struct tach_frame *frame;

	learn(ses, &code);
	frame = frame_of(ses, WORD(ADDR, 0));
	check_names(ses, frame, "/a/b.py", "f.<locals>.g");
	check_pos(frame, 11, 4, 9);
	assert_ptr_equal(frame, frame_of(ses, WORD(ADDR, 1)));
	check_pos(frame_of(ses, WORD(ADDR, 2)), TACH_LINE_NONE, TACH_COL_NONE, TACH_COL_NONE);
	check_pos(frame_of(ses, WORD(ADDR, 3)), 12, 0, 7);
	assert_int_equal(stats_of(ses)->codes, 1);
	assert_int_equal(stats_of(ses)->unknown, 0);
	assert_int_equal(stats_of(ses)->bad_lines, 0);
	assert_int_equal(ses->mem.reads, 0);
}

static void test_line_that_cannot_be_known(void **state)
{
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct session *ses = *state;

	learn(ses, &code);
	check_pos(frame_of(ses, WORD(ADDR, 4)), TACH_LINE_BAD, TACH_COL_NONE, TACH_COL_NONE);
	check_pos(frame_of(ses, WORD(ADDR, TACH_FRAME_LASTI_NONE)), TACH_LINE_BAD, TACH_COL_NONE,
		  TACH_COL_NONE);
	check_names(ses, frame_of(ses, WORD(ADDR, 4)), "a.py", "f");
	assert_int_equal(stats_of(ses)->bad_lines, 3);
	assert_int_equal(stats_of(ses)->unknown, 0);
}

static void test_order_of_a_stack(void **state)
{
	struct code_rec leaf = code_at(ADDR, "a.py", "leaf", 10);
	struct code_rec root = code_at(ADDR + 64, "a.py", "root", 20);
	const __u64 words[] = {WORD(ADDR, 0), WORD(ADDR + 64, 3), WORD(ADDR + 64, 0)};
	struct session *ses = *state;
	tach_frame_id ids[4];

	learn(ses, &leaf);
	learn(ses, &root);
	assert_int_equal(resolve(ses, TARGET, 0, words, 3, ids), 3);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "a.py", "leaf");
	check_names(ses, tach_frametab__get(ses->tab, ids[1]), "a.py", "root");
	check_pos(tach_frametab__get(ses->tab, ids[1]), 22, 0, 7);
	check_pos(tach_frametab__get(ses->tab, ids[2]), 21, 4, 9);
}

/* The same address is another object in another process, and after a new description. */
static void test_reused_addresses(void **state)
{
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct code_rec other = code_at(ADDR, "b.py", "g", 100);
	struct session *ses = *state;
	tach_frame_id before, after, elsewhere;
	const __u64 word = WORD(ADDR, 0);

	learn(ses, &code);
	rec_of(&other)->target = TARGET + 1;
	learn(ses, &other);
	assert_int_equal(resolve(ses, TARGET, 0, &word, 1, &before), 1);
	assert_int_equal(resolve(ses, TARGET + 1, 0, &word, 1, &elsewhere), 1);
	check_names(ses, tach_frametab__get(ses->tab, before), "a.py", "f");
	check_names(ses, tach_frametab__get(ses->tab, elsewhere), "b.py", "g");

	other = code_at(ADDR, "c.py", "h", 1000);
	learn(ses, &other);
	assert_int_equal(resolve(ses, TARGET, 0, &word, 1, &after), 1);
	check_names(ses, tach_frametab__get(ses->tab, after), "c.py", "h");
	check_pos(tach_frametab__get(ses->tab, after), 1001, 4, 9);
	check_names(ses, tach_frametab__get(ses->tab, before), "a.py", "f");
	assert_int_equal(resolve(ses, TARGET + 1, 0, &word, 1, &after), 1);
	assert_int_equal(after, elsewhere);

	learn(ses, &code);
	assert_int_equal(resolve(ses, TARGET, 0, &word, 1, &after), 1);
	assert_int_equal(after, before);
}

static void test_code_never_described(void **state)
{
	const __u64 words[] = {WORD(ADDR, 0), WORD(ADDR + 8, 5)};
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct session *ses = *state;
	tach_frame_id ids[3];

	assert_int_equal(resolve(ses, TARGET, 0, words, 2, ids), 2);
	assert_int_equal(ids[0], ids[1]);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "~",
		    "<unknown: code object not captured>");
	check_pos(tach_frametab__get(ses->tab, ids[0]), TACH_LINE_NONE, TACH_COL_NONE,
		  TACH_COL_NONE);
	assert_int_equal(stats_of(ses)->unknown, 2);

	learn(ses, &code);
	check_names(ses, frame_of(ses, words[0]), "a.py", "f");
}

/* Words without a code object. */
static void test_markers(void **state)
{
	const __u64 words[] = {TACH_MARKER_GC, WORD(ADDR, 0), TACH_MARKER_NATIVE, TACH_MARKER_GC,
			       TACH_MARKER__CNT};
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct session *ses = *state;
	tach_frame_id ids[6];

	learn(ses, &code);
	assert_int_equal(resolve(ses, TARGET, 0, words, 5, ids), 5);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "~", "<GC>");
	check_pos(tach_frametab__get(ses->tab, ids[0]), TACH_LINE_NONE, TACH_COL_NONE,
		  TACH_COL_NONE);
	check_names(ses, tach_frametab__get(ses->tab, ids[1]), "a.py", "f");
	check_names(ses, tach_frametab__get(ses->tab, ids[2]), "~", "<native>");
	assert_int_equal(ids[3], ids[0]);
	assert_int_equal(stats_of(ses)->unknown, 1);
	check_names(ses, tach_frametab__get(ses->tab, ids[4]), "~",
		    "<unknown: code object not captured>");
}

static void test_truncated_stack(void **state)
{
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	const __u64 word = WORD(ADDR, 0);
	struct session *ses = *state;
	tach_frame_id ids[2];

	learn(ses, &code);
	assert_int_equal(resolve(ses, TARGET, TACH_STACK_TRUNCATED, &word, 1, ids), 2);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "a.py", "f");
	check_names(ses, tach_frametab__get(ses->tab, ids[1]), "~", "<truncated>");
	check_pos(tach_frametab__get(ses->tab, ids[1]), 0, TACH_COL_NONE, TACH_COL_NONE);
	assert_int_equal(stats_of(ses)->unknown, 0);
}

/* The youngest, what is missing, and the oldest, which are a ring. */
static void test_frames_left_out(void **state)
{
	const size_t sz = sizeof(struct tach_rec_stack) + TACH_MAX_FRAMES * sizeof(__u64);
	tach_frame_id *ids = calloc(TACH_MAX_FRAMES + 1, sizeof(*ids));
	struct code_rec young = code_at(ADDR, "a.py", "young", 10);
	struct code_rec old = code_at(ADDR + 64, "a.py", "old", 10);
	struct code_rec oldest = code_at(ADDR + 128, "a.py", "oldest", 10);
	struct tach_rec_stack *rec = calloc(1, sz);
	struct session *ses = *state;

	assert_non_null(ids);
	assert_non_null(rec);
	learn(ses, &young);
	learn(ses, &old);
	learn(ses, &oldest);
	rec->target = TARGET;
	rec->flags = TACH_STACK_TRUNCATED;
	rec->frame_cnt = TACH_MAX_FRAMES;
	rec->left_out = 3 * TACH_ROOT_FRAMES + 5;
	for (__u32 i = 0; i < TACH_MAX_FRAMES; i++)
		rec->frames[i] = WORD(i < TACH_LEAF_FRAMES ? ADDR : ADDR + 64, 0);
	rec->frames[TACH_LEAF_FRAMES + 4] = WORD(ADDR + 128, 0);
	assert_int_equal(tach_symbolizer__resolve(ses->sym, rec, ids), TACH_MAX_FRAMES + 1);
	for (__u32 i = 0; i <= TACH_MAX_FRAMES; i++)
		check_names(ses, tach_frametab__get(ses->tab, ids[i]),
			    i == TACH_LEAF_FRAMES ? "~" : "a.py",
			    i < TACH_LEAF_FRAMES    ? "young"
			    : i == TACH_LEAF_FRAMES ? "<truncated>"
			    : i < TACH_MAX_FRAMES   ? "old"
						    : "oldest");
	free(rec);
	free(ids);
}

static void test_shim_is_hidden(void **state)
{
	struct code_rec shim = code_at(ADDR, "__init__", "__init__", 0);
	struct code_rec code = code_at(ADDR + 64, "__init__.py", "A.__init__", 10);
	struct code_rec user = code_at(ADDR + 128, "__init__", "__init__", 1);
	const __u64 words[] = {WORD(ADDR + 64, 0), WORD(ADDR, 1), WORD(ADDR + 128, 0)};
	struct session *ses = *state;
	tach_frame_id ids[4];

	learn(ses, &shim);
	learn(ses, &code);
	learn(ses, &user);
	assert_int_equal(resolve(ses, TARGET, 0, words, 3, ids), 2);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "__init__.py", "A.__init__");
	check_names(ses, tach_frametab__get(ses->tab, ids[1]), "__init__", "__init__");
	assert_int_equal(resolve(ses, TARGET, 0, &words[1], 1, ids), 0);
	assert_int_equal(resolve(ses, TARGET, TACH_STACK_TRUNCATED, &words[1], 1, ids), 1);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "~", "<truncated>");
}

static void test_wide_names(void **state)
{
	static const uint16_t file[] = {0x65e5, '.', 'p', 'y'};
	static const uint32_t func[] = {0x1f40d, 0xdc80, 0, 'x'};
	struct code_rec code = code_at(ADDR, "", "", 10);
	struct tach_rec_code *rec = rec_of(&code);
	struct session *ses = *state;
	const struct tach_frame *frame;
	size_t sz;

	code.used = 0;
	add_part(&code, &rec->filename, file, sizeof(file), 2);
	add_part(&code, &rec->qualname, func, sizeof(func), 4);
	add_part(&code, &rec->linetable, table, sizeof(table), 1);
	learn(ses, &code);
	frame = frame_of(ses, WORD(ADDR, 3));
	check_text(ses, frame->file, "\xe6\x97\xa5.py");
	assert_memory_equal(tach_frametab__text(ses->tab, frame->func, &sz),
			    "\xf0\x9f\x90\x8d\xed\xb2\x80\0x", 9);
	assert_int_equal(sz, 9);
	check_pos(frame, 12, 0, 7);
}

static void test_empty_names(void **state)
{
	struct code_rec code = code_at(ADDR, "", "", 10);
	struct session *ses = *state;

	learn(ses, &code);
	check_names(ses, frame_of(ses, WORD(ADDR, 0)), "", "");
	assert_int_equal(frame_of(ses, WORD(ADDR, 0))->first_line, 10);
	assert_int_equal(stats_of(ses)->unknown, 0);
}

/* Each allocation fails once: the answer is -ENOMEM, and tried again all is right. */
static void test_without_memory(void **state)
{
	const __u64 words[] = {WORD(ADDR, 0), WORD(ADDR + 64, 0), WORD(ADDR + 8, 0)};
	struct code_rec code = code_at(ADDR, "a.py", "f", 10);
	struct code_rec shim = code_at(ADDR + 64, "__init__", "__init__", 0);
	struct session *ses = *state;
	tach_frame_id ids[4];
	int fails = 0, left;
	ssize_t cnt;
	int err;

	fail_alloc_left = 0;
	assert_null(tach_symbolizer__new(ses->tab, NULL));
	fail_alloc_left = -1;
	for (left = 0, err = -1; err; left++, fails += !!err) {
		fail_alloc_left = left;
		err = tach_symbolizer__add_code(ses->sym, &code.rec);
		fail_alloc_left = -1;
		assert_true(!err || err == -ENOMEM);
	}
	learn(ses, &shim);
	for (left = 0, cnt = -1; cnt < 0; left++, fails += cnt < 0) {
		fail_alloc_left = left;
		cnt = resolve(ses, TARGET, TACH_STACK_TRUNCATED, words, 3, ids);
		fail_alloc_left = -1;
		assert_true(cnt == 3 || cnt == -ENOMEM);
	}
	assert_true(fails >= 10);
	check_names(ses, tach_frametab__get(ses->tab, ids[0]), "a.py", "f");
	check_names(ses, tach_frametab__get(ses->tab, ids[1]), "~",
		    "<unknown: code object not captured>");
	check_names(ses, tach_frametab__get(ses->tab, ids[2]), "~", "<truncated>");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_positions),
		TEST(test_line_that_cannot_be_known),
		TEST(test_order_of_a_stack),
		TEST(test_reused_addresses),
		TEST(test_code_never_described),
		TEST(test_markers),
		TEST(test_truncated_stack),
		TEST(test_frames_left_out),
		TEST(test_shim_is_hidden),
		TEST(test_wide_names),
		TEST(test_empty_names),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
