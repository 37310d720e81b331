// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Parts of a code object that are not in memory: the tick cannot wait for them. */
#include "symbolize/part.h"

#include "tests/bpf/describe.h"

enum part { FILENAME, QUALNAME, LINETABLE, PARTS };

static const __u32 miss_bits[PARTS] = {
	TACH_CODE_MISS_FILENAME,
	TACH_CODE_MISS_QUALNAME,
	TACH_CODE_MISS_LINETABLE,
};

static const struct tach_rec_str *part_of(const struct tach_rec_code *rec, unsigned part)
{
	return part == FILENAME	  ? &rec->filename
	       : part == QUALNAME ? &rec->qualname
				  : &rec->linetable;
}

/* A code object of which @part lies across two pages, the second one at @cut bytes from its start.
 * Returns that page's address. */
static __u64 make_cut(struct rig *rig, struct fake_code *spec, unsigned part, __u32 cut)
{
	__u64 page = fake_pages(&rig->fake, 2) + FAKE_PAGE, obj = page - cut;

	*spec = fake_code_spec(&rig->fake, "name");
	if (part == LINETABLE) {
		fake_bytes_at(&rig->fake, obj, noise(300), 300);
		spec->linetable = obj;
		return page;
	}
	fake_str_at(&rig->fake, obj, 1, true, noise(300), 300);
	*(part == FILENAME ? &spec->filename : &spec->qualname) = obj;
	return page;
}

static __u32 head_sz(const struct rig *rig, unsigned part)
{
	return part == LINETABLE ? rig->fake.layout.by_data : fake_str_start(&rig->fake, true);
}

/* The record says what it lacks, and the sample is none the worse; but until nothing is missed, the
 * stack and the code object are not taken as known. */
static void check_missed(struct rig *rig, unsigned part, __u64 hidden, bool head)
{
	const struct tach_rec_code *rec = rig_code(rig, 0);
	__u64 id = rig_out(rig)->stack_id;

	assert_int_equal(rec->miss, miss_bits[part]);
	assert_int_equal(part_of(rec, part)->sz, 0);
	assert_int_equal(part_of(rec, part)->full_sz, head ? 0 : 300);
	for (unsigned other = 0; other < PARTS; other++) {
		if (other != part)
			assert_int_equal(part_of(rec, other)->sz, part_of(rec, other)->full_sz);
	}
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_out(rig)->stack_id != id);
	assert_int_equal(rig_code(rig, 0)->miss, miss_bits[part]);

	fake_hide(hidden, false);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	rec = rig_code(rig, 0);
	assert_int_equal(rec->miss, 0);
	assert_int_equal(part_of(rec, part)->sz, 300);
	id = rig_out(rig)->stack_id;
	assert_status(rig_intern(rig), SAMPLED);
	assert_true(rig_out(rig)->stack_id == id);
	assert_string_equal(rig_drain(rig), "");
}

static void test_data_not_in_memory(void **state)
{
	struct rig *rig = *state;
	struct fake_code spec;

	for (unsigned part = 0; part < PARTS; part++) {
		__u32 head = head_sz(rig, part);

		/* All of it, and only its end. */
		for (unsigned in_first = 0; in_first < 2; in_first++) {
			__u64 page = make_cut(rig, &spec, part, head + in_first * 299);

			fake_hide(page, true);
			describe(rig, &spec);
			check_missed(rig, part, page, false);
		}
	}
}

static void test_head_not_in_memory(void **state)
{
	struct rig *rig = *state;
	struct fake_code spec;

	for (unsigned part = 0; part < PARTS; part++) {
		__u64 page = make_cut(rig, &spec, part, head_sz(rig, part));

		fake_hide(page - FAKE_PAGE, true);
		describe(rig, &spec);
		check_missed(rig, part, page - FAKE_PAGE, true);
	}
}

/* Of a stack, only what was missed is sent again. */
static void test_the_rest_is_known(void **state)
{
	struct rig *rig = *state;
	__u64 codes[3], at = fake_pages(&rig->fake, 1), page;
	struct fake_code spec;

	page = make_cut(rig, &spec, LINETABLE, head_sz(rig, LINETABLE));
	for (unsigned i = 0; i < 3; i++)
		codes[i] = fake_code(&rig->fake, "known");
	fake_code_at(&rig->fake, codes[1], &spec);
	chain_init(&rig->chain, &rig->fake, at);
	for (unsigned i = 0; i < 3; i++)
		chain_push(&rig->chain, at += CHAIN_STRIDE, codes[i], 1, FAKE_BY_THREAD);
	fake_hide(page, true);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CCCS");
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == codes[1]);
}

/* As the memory of another process is read: the pages that are touched come in. */
static int touch(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	(void)ctx;
	(void)target;
	for (__u64 page = addr & ~(FAKE_PAGE - 1); page < addr + sz; page += FAKE_PAGE)
		fake_hide(page, false);
	memcpy(dst, fake_ptr(addr), sz);
	return 0;
}

static void fetch_parts(const struct tach_rec_code *rec)
{
	const struct tach_remote remote = {.read = touch};
	const unsigned char *data = rec->data;

	for (unsigned i = 0; i < PARTS; i++) {
		const struct tach_rec_str *str = part_of(rec, i);
		struct tach_part part;

		tach_part__get(&part, str, data, rec->miss & miss_bits[i], rec->target, &remote);
		tach_part__clear(&part);
		data += str->sz;
	}
}

/* What user space fetches of a record brings the rest into memory, wherever the pages divide it: else
 * the stack would be defined anew at each tick. */
static void check_fetching_helps(struct rig *rig, unsigned part)
{
	for (__u32 cut = 8; cut <= head_sz(rig, part) + 8; cut += 8) {
		for (unsigned hidden = 1; hidden < 4; hidden++) {
			struct fake_code spec;
			__u64 page = make_cut(rig, &spec, part, cut);

			fake_hide(page - FAKE_PAGE, hidden & 1);
			fake_hide(page, hidden & 2);
			describe(rig, &spec);
			for (unsigned round = 0; round < 3 && rig->record_cnt; round++) {
				fetch_parts(rig_code(rig, 0));
				assert_status(rig_intern(rig), SAMPLED);
				rig_drain(rig);
			}
			if (rig->record_cnt)
				fail_msg("cut at %u, pages missing: %u", cut, hidden);
		}
	}
}

static void test_fetching_a_name_helps(void **state)
{
	check_fetching_helps(*state, FILENAME);
	check_fetching_helps(*state, QUALNAME);
}

static void test_fetching_a_line_table_helps(void **state)
{
	check_fetching_helps(*state, LINETABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_data_not_in_memory),	    RIG_TEST(test_head_not_in_memory),
		RIG_TEST(test_the_rest_is_known),	    RIG_TEST(test_fetching_a_name_helps),
		RIG_TEST(test_fetching_a_line_table_helps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
