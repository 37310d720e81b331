// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "debug_offsets.h"
#include "target/layout.h"

#define ADDR 0x7f0000001000ull

static const __u32 numbers[VERSIONS] = {0x030d, 0x030e, 0x030f};

/* Fields of the layout that stand in the table, and how many bytes of the target they mean. */
static const struct {
	const char *name, *size;
	size_t field;
	unsigned int sz, align, window;
} fields[] = {
#define F(name, size, field, sz, align, window)                                                    \
	{name, size, offsetof(struct tach_layout, field), sz, align, window}
	F("runtime_state.interpreters_head", "runtime_state.size", rt_interpreters_head, 8, 8, 0),
	F("interpreter_state.next", "interpreter_state.size", is_next, 8, 8, 0),
	F("interpreter_state.threads_head", "interpreter_state.size", is_threads_head, 8, 8, 0),
	F("interpreter_state.id", "interpreter_state.size", is_id, 8, 8, 0),
	F("interpreter_state.ceval_gil", "interpreter_state.size", is_gil, 8, 8, 0),
	F("interpreter_state.code_object_generation", "interpreter_state.size", is_code_generation,
	  8, 8, 0),
	F("thread_state.next", "thread_state.size", ts_next, 8, 8, TACH_TSTATE_SZ),
	F("thread_state.interp", "thread_state.size", ts_interp, 8, 8, TACH_TSTATE_SZ),
	F("thread_state.current_frame", "thread_state.size", ts_current_frame, 8, 8,
	  TACH_TSTATE_SZ),
	F("thread_state.native_thread_id", "thread_state.size", ts_native_tid, 8, 8,
	  TACH_TSTATE_SZ),
	F("thread_state.status", "thread_state.size", ts_status, 4, 4, TACH_TSTATE_SZ),
	F("thread_state.gil_requested", "thread_state.size", ts_gil_requested, 4, 4,
	  TACH_TSTATE_SZ),
	F("interpreter_frame.previous", "interpreter_frame.size", fr_previous, 8, 8, TACH_FRAME_SZ),
	F("interpreter_frame.executable", "interpreter_frame.size", fr_executable, 8, 8,
	  TACH_FRAME_SZ),
	F("interpreter_frame.instr_ptr", "interpreter_frame.size", fr_instr_ptr, 8, 8,
	  TACH_FRAME_SZ),
	F("interpreter_frame.owner", "interpreter_frame.size", fr_owner, 1, 1, TACH_FRAME_SZ),
	F("code_object.filename", "code_object.size", co_filename, 8, 8, TACH_CODE_SZ),
	F("code_object.qualname", "code_object.size", co_qualname, 8, 8, TACH_CODE_SZ),
	F("code_object.linetable", "code_object.size", co_linetable, 8, 8, TACH_CODE_SZ),
	F("code_object.firstlineno", "code_object.size", co_firstlineno, 4, 4, TACH_CODE_SZ),
	F("code_object.co_code_adaptive", "code_object.size", co_code, 1, 8, 0),
	F("bytes_object.ob_size", "bytes_object.size", by_size, 8, 8, 0),
	F("bytes_object.ob_sval", "bytes_object.size", by_data, 1, 1, 0),
	F("unicode_object.state", "unicode_object.size", un_state, 4, 4, TACH_STR_SZ),
	F("unicode_object.length", "unicode_object.size", un_length, 8, 8, TACH_STR_SZ),
	F("unicode_object.asciiobject_size", "unicode_object.size", un_ascii_sz, 0, 4, TACH_STR_SZ),
	F("interpreter_state.gc", "interpreter_state.size", is_gc, 8, 8, 0),
	F("gc.collecting", "gc.size", gc_collecting, 4, 4, 0),
	F("gc.frame", "gc.size", gc_frame, 8, 8, 0),
#undef F
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static __u32 field_of(const struct tach_layout *layout, size_t i)
{
	__u32 value;

	memcpy(&value, (const char *)layout + fields[i].field, sizeof(value));
	return value;
}

/* Parse the table of a version with one field changed, from memory of exactly its size. */
static int parse(int version, const char *name, __u64 value, struct tach_layout *out,
		 struct tach_why *why)
{
	unsigned char table[OFFSETS_MAX_SZ], *copy;
	size_t sz = offsets_table(table, version, name, value);
	int err;

	copy = malloc(sz);
	assert_non_null(copy);
	memcpy(copy, table, sz);
	why->text[0] = '\0';
	err = tach_layout__parse(copy, sz, ADDR, out, why);
	free(copy);
	return err;
}

/* Refused, with a line that names the field. */
static void check_refused(int version, const char *name, __u64 value)
{
	struct tach_layout layout;
	struct tach_why why;
	int err = parse(version, name, value, &layout, &why);

	if (err != -EPROTO || !strstr(why.text, name) || strchr(why.text, '\n'))
		fail_msg("%x %s = %llu: %d \"%s\"", numbers[version], name, value, err, why.text);
}

static void test_good(void **state)
{
	static const __u32 holds_gil[VERSIONS] = {32, 36, 36};
	static const __u32 masks[VERSIONS] = {1u << 5, ~0u, ~0u};
	static const __u32 tags[VERSIONS] = {0, 3, 3};
	static const __u32 exceptions[VERSIONS] = {112, 112, 136};

	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		struct tach_layout layout;
		struct tach_why why;

		if (parse(version, NULL, 0, &layout, &why) != 0)
			fail_msg("%x: %s", numbers[version], why.text);
		for (size_t i = 0; i < FIELDS; i++) {
			__u64 want = offsets_value(version, fields[i].name);

			assert_int_equal(field_of(&layout, i), want == NONE ? 0 : want);
		}
		assert_int_equal(layout.runtime_addr, ADDR);
		assert_int_equal(layout.version, numbers[version]);
		assert_int_equal(layout.flags, TACH_LAYOUT_ENTRY_AT_ROOT);
		assert_int_equal(layout.ts_holds_gil, holds_gil[version]);
		assert_int_equal(layout.ts_holds_gil_mask, masks[version]);
		assert_int_equal(layout.gil_holder, 8);
		assert_int_equal(layout.ts_current_exception, exceptions[version]);
		assert_int_equal(layout.ts_exc_info, exceptions[version] + 8);
		assert_int_equal(layout.fr_tag_mask, tags[version]);
		assert_int_equal(layout.first_non_python_owner, 3);
		assert_int_equal(layout.co_version, 92);
		assert_int_equal(layout.un_compact_sz, 56);
		assert_int_equal(layout.un_kind_shift, 2);
	}
}

static void test_misaligned(void **state)
{
	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		for (size_t i = 0; i < FIELDS; i++) {
			__u64 good = offsets_value(version, fields[i].name);

			if (good == NONE)
				continue;
			for (__u64 off = good + 1; off < good + fields[i].align; off++)
				check_refused(version, fields[i].name, off);
		}
	}
}

/* The first offset that does not fit, and numbers that overflow in sloppy arithmetic. */
static void test_out_of_bounds(void **state)
{
	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		for (size_t i = 0; i < FIELDS; i++) {
			__u64 end = offsets_value(version, fields[i].size);
			__u64 first;

			if (offsets_value(version, fields[i].name) == NONE)
				continue;
			if (fields[i].window && fields[i].window < end)
				end = fields[i].window;
			first = (end - fields[i].sz) / fields[i].align * fields[i].align +
				fields[i].align;
			check_refused(version, fields[i].name, first);
			check_refused(version, fields[i].name, 1ull << 32);
			check_refused(version, fields[i].name, ~0ull - 7);
			check_refused(version, fields[i].name, ~0ull);
		}
	}
}

static void test_overlap(void **state)
{
	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		check_refused(version, "thread_state.interp",
			      offsets_value(version, "thread_state.next"));
		check_refused(version, "thread_state.status",
			      offsets_value(version, "thread_state.native_thread_id") + 4);
		check_refused(version, "interpreter_frame.owner",
			      offsets_value(version, "interpreter_frame.instr_ptr") + 7);
		check_refused(version, "code_object.qualname",
			      offsets_value(version, "code_object.filename"));
	}
}

static void test_sizes(void **state)
{
	static const char *const names[] = {
		"runtime_state.size",	  "interpreter_state.size", "thread_state.size",
		"interpreter_frame.size", "code_object.size",	    "bytes_object.size",
		"unicode_object.size",
	};

	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			check_refused(version, names[i], 0);
			check_refused(version, names[i], 1ull << 32);
			check_refused(version, names[i], ~0ull);
		}
	}
}

static void test_landmarks(void **state)
{
	static const char *const names[] = {
		"pyobject.size",       "pyobject.ob_type",     "tuple_object.ob_size",
		"list_object.ob_size", "bytes_object.ob_size", "unicode_object.length",
	};

	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			check_refused(version, names[i], offsets_value(version, names[i]) + 8);
	}
}

/* What a version's table lacks is taken from its neighbours, only while these are in their places. */
static void test_supplement(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	for (int version = V313; version <= V314; version++) {
		check_refused(version, "thread_state.status", 40);
		check_refused(version, "thread_state.native_thread_id", 168);
		check_refused(version, "unicode_object.asciiobject_size", 44);
	}
	/* 3.15 says where they are. */
	assert_int_equal(parse(V315, "thread_state.holds_gil", 44, &layout, &why), 0);
	assert_int_equal(layout.ts_holds_gil, 44);
	check_refused(V315, "thread_state.holds_gil", 38);
	check_refused(V315, "thread_state.holds_gil", TACH_TSTATE_SZ);
	assert_int_equal(parse(V315, "thread_state.current_exception", 144, &layout, &why), 0);
	assert_int_equal(layout.ts_current_exception, 144);
	assert_int_equal(layout.ts_exc_info, 152);
	check_refused(V315, "thread_state.current_exception", 140);
	check_refused(V315, "thread_state.current_exception", TACH_TSTATE_SZ - 8);
	check_refused(V315, "thread_state.current_exception", TACH_TSTATE_SZ);
	assert_int_equal(parse(V315, "unicode_object.compactunicodeobject_size", 60, &layout, &why),
			 0);
	assert_int_equal(layout.un_compact_sz, 60);
	check_refused(V315, "unicode_object.compactunicodeobject_size", 40);
	check_refused(V315, "unicode_object.compactunicodeobject_size", 0);

	for (int version = 0; version < VERSIONS; version++) {
		assert_int_equal(parse(version, "code_object.localsplusnames", 104, &layout, &why),
				 0);
		assert_int_equal(layout.co_version, 0);
	}
}

/* Characters of a string and bytes start behind the header's fields, and who holds a GIL stands in it. */
static void test_relations(void **state)
{
	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		check_refused(version, "unicode_object.asciiobject_size", 24);
		check_refused(version, "bytes_object.ob_sval", 8);
		check_refused(version, "interpreter_state.gil_runtime_state", 7800);
		check_refused(version, "interpreter_state.gil_runtime_state", 7600);
	}
	check_refused(V315, "unicode_object.compactunicodeobject_size", 36);
}

static void check_unsupported(__u64 hex, const char *text)
{
	struct tach_layout layout;
	struct tach_why why;

	assert_int_equal(parse(V315, "version", hex, &layout, &why), -ENOTSUP);
	assert_non_null(strstr(why.text, text));
	assert_non_null(strstr(why.text, "3.13, 3.14 and 3.15"));
}

static void test_versions(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	check_unsupported(0x030c0bf0, "runs Python 3.12.11:");
	check_unsupported(0x031000f0, "runs Python 3.16.0:");
	check_unsupported(0x040f00f0, "runs Python 4.15.0:");
	check_unsupported(0x030f00a7, "runs Python 3.15.0a7,");
	check_unsupported(0x030f00b4, "runs Python 3.15.0b4,");
	assert_int_equal(parse(V315, "version", 0x030f00c1, &layout, &why), 0);
	assert_int_equal(parse(V313, "version", 0x030d00f0, &layout, &why), 0);
	assert_int_equal(parse(V315, "version", 0x1030f02f0, &layout, &why), -EPROTO);

	/* A table of another version under this version's number. */
	assert_int_equal(parse(V315, "version", 0x030e02f0, &layout, &why), -EPROTO);
	assert_int_equal(parse(V315, "version", 0x030d02f0, &layout, &why), -EPROTO);
	assert_int_equal(parse(V314, "version", 0x030d02f0, &layout, &why), -EPROTO);
	assert_int_equal(parse(V313, "version", 0x030e02f0, &layout, &why), -EPROTO);
}

static void test_free_threaded(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		/* The tables here are of builds with GIL, whose objects have smaller heads. */
		assert_int_equal(parse(version, "free_threaded", 1, &layout, &why), -EPROTO);
		assert_non_null(strstr(why.text, "pyobject.size is 16, not 32"));
		check_refused(version, "free_threaded", 2);
	}
}

static void test_short_or_foreign(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		unsigned char table[OFFSETS_MAX_SZ];
		size_t sz = offsets_table(table, version, NULL, 0);

		for (size_t cut = 0; cut < sz; cut++) {
			unsigned char *copy = malloc(cut + 1);

			assert_non_null(copy);
			memcpy(copy, table, cut);
			assert_int_equal(tach_layout__parse(copy, cut, ADDR, &layout, &why),
					 -EPROTO);
			assert_int_equal(tach_layout__has_cookie(copy, cut), cut >= 8);
			free(copy);
		}
		assert_int_equal(tach_layout__parse(table, sz, ADDR + 4, &layout, &why), -EPROTO);
		assert_int_equal(tach_layout__parse(table, sz, ADDR, &layout, NULL), 0);
		table[0] ^= 1;
		assert_false(tach_layout__has_cookie(table, sz));
		assert_int_equal(tach_layout__parse(table, sz, ADDR, &layout, &why), -EPROTO);
	}
}

/* What no one field shows: whatever the numbers are, an accepted layout keeps its promises. */
static void test_random_tables(void **state)
{
	unsigned int seed = 1, accepted = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char table[OFFSETS_MAX_SZ];
		int version = round % VERSIONS;
		size_t sz = offsets_table(table, version, NULL, 0);
		struct tach_layout layout;
		struct tach_why why;

		for (int i = 0; i < 3; i++) {
			__u64 value = rand_r(&seed) % 300 / 4 * 4;

			memcpy(table + 24 + 8 * (rand_r(&seed) % (sz / 8 - 3)), &value, 8);
		}
		if (tach_layout__parse(table, sz, ADDR, &layout, &why) != 0)
			continue;
		accepted++;
		for (size_t i = 0; i < FIELDS; i++) {
			__u32 value = field_of(&layout, i);

			assert_int_equal(value % fields[i].align, 0);
			assert_true(!fields[i].window || value + fields[i].sz <= fields[i].window);
		}
		assert_true(layout.ts_holds_gil + 4 <= TACH_TSTATE_SZ);
		assert_true(layout.ts_exc_info + 8 <= TACH_TSTATE_SZ);
		assert_true(layout.co_version + 4 <= TACH_CODE_SZ);
		assert_true(layout.un_compact_sz > layout.un_ascii_sz);
	}
	assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_misaligned),
		cmocka_unit_test(test_out_of_bounds),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_landmarks),
		cmocka_unit_test(test_supplement),
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_free_threaded),
		cmocka_unit_test(test_short_or_foreign),
		cmocka_unit_test(test_random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
