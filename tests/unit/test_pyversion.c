// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "target/pyversion.h"

static void test_text(void **state)
{
	static const struct {
		__u32 hex;
		const char *text;
	} cases[] = {
		{0x030f02f0, "3.15.2"},	     {0x030d12f0, "3.13.18"},
		{0x030e00c2, "3.14.0rc2"},   {0x030f00a7, "3.15.0a7"},
		{0x030f00bf, "3.15.0b15"},   {0x021200f0, "2.18.0"},
		{0xffffffff, "255.255.255"}, {0, "0.0.0"},
	};
	char text[TACH_PY_TEXT_SZ];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(tach_pyversion__text(cases[i].hex, text), cases[i].text);
}

static void test_from_path(void **state)
{
	static const struct {
		const char *path;
		__u32 version;
	} cases[] = {
		{"/usr/bin/python3.8", 0x0308},
		{"/usr/bin/python3.11d", 0x030b},
		{"libpython2.7.so.1.0", 0x0207},
		{"/usr/lib/libpython3.10.so.1.0", 0x030a},
		{"/usr/lib/python3.9/lib-dynload/x.so", 0x0309},
		{"/opt/x.cpython-38-x86_64-linux-gnu.so", 0x0308},
		{"/opt/x.cpython-311-x86_64-linux-gnu.so", 0x030b},
		{"/opt/python-stuff/python3.7", 0x0307},
		{"/srv/python/app/python/python3.6", 0x0306},
		{"", 0},
		{"/usr/bin/python", 0},
		{"/usr/bin/python3", 0},
		{"/usr/bin/python3.", 0},
		{"/usr/bin/python3.x", 0},
		{"/usr/bin/python-", 0},
		{"/usr/bin/python3.1234", 0},
		{"/usr/bin/pythonx3.8", 0},
		{"/usr/bin/perl5.36", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tach_pyversion__from_path(cases[i].path), cases[i].version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_from_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
