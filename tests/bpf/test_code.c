// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a code object's record says. */
#include "tests/bpf/describe.h"

static const unsigned char *qualname_of(const struct tach_rec_code *rec)
{
	return rec->data + rec->filename.sz;
}

static const unsigned char *linetable_of(const struct tach_rec_code *rec)
{
	return qualname_of(rec) + rec->qualname.sz;
}

static void check_part(const struct tach_rec_str *str, const unsigned char *data, __u64 addr,
		       __u32 full_sz, __u32 max_sz)
{
	__u32 sz = full_sz < max_sz ? full_sz : max_sz;

	assert_true(str->data_addr == addr);
	assert_int_equal(str->full_sz, full_sz);
	assert_int_equal(str->sz, sz);
	assert_int_equal(str->pad, 0);
	if (sz)
		assert_memory_equal(data, fake_ptr(addr), sz);
}

static void test_fields(void **state)
{
	static const __s32 lines[] = {1, 0, 70000, -1, 0x7fffffff};
	struct rig *rig = *state;
	struct fake_code spec = fake_code_spec(&rig->fake, "Class.method.<locals>.inner");

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct tach_rec_code *rec;

		spec.firstlineno = lines[i];
		rig->skel->bss->probe_in.target = i;
		rec = describe(rig, &spec);
		assert_int_equal(rec->firstlineno, lines[i]);
		assert_int_equal(rec->target, i);
		assert_int_equal(rec->miss, 0);
		assert_int_equal(rec->pad, 0);
		assert_true(rec->fingerprint != 0);
		check_part(&rec->filename, rec->data,
			   spec.filename + fake_str_start(&rig->fake, true), 18, 18);
		check_part(&rec->qualname, qualname_of(rec),
			   spec.qualname + fake_str_start(&rig->fake, true), 27, 27);
		check_part(&rec->linetable, linetable_of(rec),
			   spec.linetable + rig->fake.layout.by_data, 4, 4);
		assert_int_equal(rec->filename.kind, 1);
		assert_int_equal(rec->linetable.kind, 1);
		assert_memory_equal(rec->data,
				    "/srv/app/module.py"
				    "Class.method.<locals>.inner"
				    "\x80\x01\x02\x03",
				    49);
		assert_int_equal(rec->hdr.len, sizeof(*rec) + 49);
	}
}

static void test_kinds(void **state)
{
	static const __u16 two[] = {0x65e5, 'x', 0x7ff};
	static const __u32 four[] = {0x1f40d, 'x', 0x10ffff};
	static const struct {
		const void *data;
		unsigned kind, cnt;
		bool ascii;
	} cases[] = {
		{"plain", 1, 5, true}, {"caf\xe9\xff", 1, 5, false},
		{two, 2, 3, false},    {four, 4, 3, false},
		{"", 1, 0, true},      {"", 2, 0, false},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_code spec = fake_code_spec(&rig->fake, "plain");
		unsigned kind = cases[i / 2].kind, cnt = cases[i / 2].cnt;
		bool ascii = cases[i / 2].ascii;
		__u64 str = fake_str(&rig->fake, kind, ascii, cases[i / 2].data, cnt);
		const struct tach_rec_code *rec;

		if (i % 2)
			spec.filename = str;
		else
			spec.qualname = str;
		rec = describe(rig, &spec);
		assert_int_equal(rec->miss, 0);
		if (i % 2)
			check_part(&rec->filename, rec->data,
				   str + fake_str_start(&rig->fake, ascii), kind * cnt, ~0u);
		else
			check_part(&rec->qualname, qualname_of(rec),
				   str + fake_str_start(&rig->fake, ascii), kind * cnt, ~0u);
		assert_int_equal((i % 2 ? &rec->filename : &rec->qualname)->kind, kind);
	}
}

static void test_long_parts(void **state)
{
	static const struct {
		unsigned filename, qualname, linetable; /* lengths; qualname in 2-byte characters */
	} cases[] = {
		{TACH_NAME_MAX_SZ, 10, 10},
		{TACH_NAME_MAX_SZ + 1, 10, 10},
		{10, TACH_NAME_MAX_SZ / 2, 10},
		{10, TACH_NAME_MAX_SZ / 2 + 1, 10},
		{10, 10, TACH_LINETABLE_MAX_SZ},
		{10, 10, TACH_LINETABLE_MAX_SZ + 1},
		{20000, 10, 10},
		{0, 0, 100000},
		{TACH_NAME_MAX_SZ, TACH_NAME_MAX_SZ / 2 + 1, TACH_LINETABLE_MAX_SZ},
		{50000, 50000, 100000},
	};
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned char *data = noise(1 << 17);
		struct fake_code spec = {
			.filename = fake_str(&rig->fake, 1, true, data, cases[i].filename),
			.qualname = fake_str(&rig->fake, 2, false, data, cases[i].qualname),
			.linetable = fake_bytes(&rig->fake, data, cases[i].linetable),
		};
		const struct tach_rec_code *rec = describe(rig, &spec);

		assert_int_equal(rec->miss, 0);
		check_part(&rec->filename, rec->data,
			   spec.filename + fake_str_start(&rig->fake, true), cases[i].filename,
			   TACH_NAME_MAX_SZ);
		check_part(&rec->qualname, qualname_of(rec),
			   spec.qualname + fake_str_start(&rig->fake, false), cases[i].qualname * 2,
			   TACH_NAME_MAX_SZ);
		check_part(&rec->linetable, linetable_of(rec),
			   spec.linetable + rig->fake.layout.by_data, cases[i].linetable,
			   TACH_LINETABLE_MAX_SZ);
		/* Cut is not missed: user space gets the rest, and that is that. */
		assert_status(rig_intern(rig), SAMPLED);
		assert_string_equal(rig_drain(rig), "");
	}
}

/* A code object whose names are no strings, in a chain that was caught half-made. */
static void test_rubbish(void **state)
{
	static const __u64 lengths[] = {1ull << 40, ~0ull, 0x8000000000000000ull, 0x100000000ull};
	static const __u64 addrs[] = {0, 8, 0xdbdbdbdbdbdbdbdbull, 0xffff888000001000ull, ~0ull};
	struct rig *rig = *state;
	struct fake_code spec;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		spec = fake_code_spec(&rig->fake, "name");
		fake_put64(spec.qualname + rig->fake.layout.un_length, lengths[i]);
		fake_put64(spec.linetable + rig->fake.layout.by_size, lengths[i]);
		describe(rig, &spec);
		assert_int_equal(rig_code(rig, 0)->qualname.full_sz, ~0u);
		assert_int_equal(rig_code(rig, 0)->linetable.full_sz, ~0u);
	}
	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		spec = (struct fake_code){addrs[i], addrs[i], addrs[i], 1, i + 1};
		describe(rig, &spec);
		assert_int_equal(rig_code(rig, 0)->miss, TACH_CODE_MISS_FILENAME |
								 TACH_CODE_MISS_QUALNAME |
								 TACH_CODE_MISS_LINETABLE);
		assert_int_equal(rig_code(rig, 0)->hdr.len, sizeof(struct tach_rec_code));
	}
	for (unsigned kind = 0; kind < 8; kind++) {
		spec = fake_code_spec(&rig->fake, "name");
		spec.qualname = fake_str(&rig->fake, kind, false, noise(64), 8);
		describe(rig, &spec);
		assert_int_equal(rig_code(rig, 0)->qualname.kind, kind);
		assert_int_equal(rig_code(rig, 0)->qualname.sz, kind * 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_fields),
		RIG_TEST(test_kinds),
		RIG_TEST(test_long_parts),
		RIG_TEST(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
