// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The state that a thread is in. */

#include "tests/bpf/rig.h"

static void put_tstate64(struct rig *rig, __u32 off, __u64 value)
{
	fake_put64(rig->fake.thread + off, value);
}

/* An item of the exception stack, on a page of its own. */
static __u64 put_item(struct rig *rig, __u64 value, __u64 previous)
{
	__u64 item = fake_page_end(&rig->fake, 16);

	fake_put64(item, value);
	fake_put64(item + 8, previous);
	return item;
}

/* What is read of a thread with this current_exception and exc_info. */
static __u32 state_of(struct rig *rig, __u64 current, __u64 item)
{
	put_tstate64(rig, rig->fake.layout.ts_current_exception, current);
	put_tstate64(rig, rig->fake.layout.ts_exc_info, item);
	assert_status(rig_run(rig, TACH_PROBE_STATE), SAMPLED);
	return rig_out(rig)->state;
}

static void test_no_exception(void **state)
{
	struct rig *rig = *state;
	__u64 bottom = put_item(rig, 0, 0);

	assert_int_equal(state_of(rig, 0, bottom), 0);
	assert_int_equal(state_of(rig, 0, put_item(rig, 0, put_item(rig, 0, bottom))), 0);
}

static void test_exception(void **state)
{
	struct rig *rig = *state;
	__u64 bottom = put_item(rig, 0, 0), handled = put_item(rig, 0x1000, bottom);

	assert_int_equal(state_of(rig, 0x1000, bottom), TACH_STATE_HAS_EXCEPTION);
	assert_int_equal(state_of(rig, 0, handled), TACH_STATE_HAS_EXCEPTION);
	assert_int_equal(state_of(rig, 0, put_item(rig, 0, handled)), TACH_STATE_HAS_EXCEPTION);
	assert_int_equal(state_of(rig, 0, put_item(rig, 0x1000, 0)), TACH_STATE_HAS_EXCEPTION);
	assert_int_equal(state_of(rig, 0, bottom), 0); /* nothing is kept */
}

/* One that propagates is seen whatever the chain is. */
static void test_unreadable_items(void **state)
{
	struct rig *rig = *state;
	__u64 hole = fake_pages(&rig->fake, 1);

	fake_hide(hole, true);
	assert_int_equal(state_of(rig, 0x1000, hole), TACH_STATE_HAS_EXCEPTION);
	put_tstate64(rig, rig->fake.layout.ts_current_exception, 0);
	assert_status(rig_run(rig, TACH_PROBE_STATE), TSTATE_FAULT);
	put_tstate64(rig, rig->fake.layout.ts_exc_info, put_item(rig, 0, hole));
	assert_status(rig_run(rig, TACH_PROBE_STATE), TSTATE_FAULT);
}

/* The chain ends somewhere, even if it does not. */
static void test_long_chains(void **state)
{
	struct rig *rig = *state;
	__u64 item = fake_alloc(&rig->fake, 16), top = item;

	fake_put64(item, 0x1000);
	fake_put64(item + 8, 0);
	for (unsigned i = 1; i < TACH_MAX_FRAMES; i++) {
		top = fake_alloc(&rig->fake, 16);
		fake_put64(top, 0);
		fake_put64(top + 8, item);
		item = top;
	}
	assert_int_equal(state_of(rig, 0, top), TACH_STATE_HAS_EXCEPTION);
	fake_put64(top + 8, top);
	assert_int_equal(state_of(rig, 0, top), 0);
}

static void test_gil(void **state)
{
	struct rig *rig = *state;
	const struct tach_layout *layout = &rig->fake.layout;
	__u64 bottom = put_item(rig, 0, 0);

	if (layout->ts_gil_requested) {
		fake_put32(rig->fake.thread + layout->ts_gil_requested, 1);
		assert_int_equal(state_of(rig, 0, bottom), TACH_STATE_GIL_REQUESTED);
	}
	fake_put32(rig->fake.thread + layout->ts_holds_gil,
		   layout->ts_holds_gil == layout->ts_status
			   ? FAKE_BOUND | layout->ts_holds_gil_mask
			   : 1);
	assert_int_equal(state_of(rig, 0, bottom), TACH_STATE_HAS_GIL);
	assert_int_equal(state_of(rig, 0x1000, bottom),
			 TACH_STATE_HAS_GIL | TACH_STATE_HAS_EXCEPTION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_no_exception),
		RIG_TEST(test_exception),
		RIG_TEST(test_unreadable_items),
		RIG_TEST(test_long_chains),
		RIG_TEST(test_gil),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
