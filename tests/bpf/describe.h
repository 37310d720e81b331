/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_DESCRIBE_H
#define TACH_DESCRIBE_H

#include "tests/bpf/rig.h"

/* The record of the one code object of a new stack. */
static inline const struct tach_rec_code *describe(struct rig *rig, const struct fake_code *spec)
{
	__u64 code = fake_alloc(&rig->fake, TACH_CODE_SZ), stack = fake_alloc(&rig->fake, 512);

	fake_code_at(&rig->fake, code, spec);
	chain_init(&rig->chain, &rig->fake, stack);
	chain_push(&rig->chain, stack + CHAIN_STRIDE, code, 1, FAKE_BY_THREAD);
	assert_status(rig_intern(rig), SAMPLED);
	assert_string_equal(rig_drain(rig), "CS");
	assert_true(rig_code(rig, 0)->code_addr == code);
	return rig_code(rig, 0);
}

/* Bytes none of which is like its neighbours. */
static inline const unsigned char *noise(size_t sz)
{
	static unsigned char bytes[1 << 17];

	assert_true(sz <= sizeof(bytes));
	for (size_t i = 0; i < sz; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251);
	return bytes;
}

#endif
