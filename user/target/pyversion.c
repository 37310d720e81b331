// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/pyversion.h"

const char *tach_pyversion__text(__u32 hex, char out[TACH_PY_TEXT_SZ])
{
	static const char *const levels[16] = {
		[TACH_PY_ALPHA] = "a",
		[TACH_PY_BETA] = "b",
		[TACH_PY_CANDIDATE] = "rc",
	};
	const char *level = levels[TACH_PY_LEVEL(hex)];
	int len;

	len = snprintf(out, TACH_PY_TEXT_SZ, "%u.%u.%u", TACH_PY_MAJOR(hex), TACH_PY_MINOR(hex),
		       (hex >> 8) & 0xff);
	if (level)
		snprintf(out + len, TACH_PY_TEXT_SZ - len, "%s%u", level, hex & 0xf);
	return out;
}

/* "3.8..." or, after "cpython-", "38...": one digit for the major version, up to two for the minor. */
static __u32 parse_version(const char *text, char separator)
{
	__u32 major, minor = 0;
	int digits;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	major = text[0] - '0';
	text++;
	if (separator && *text++ != separator)
		return 0;
	for (digits = 0; digits < 2 && isdigit((unsigned char)text[digits]); digits++)
		minor = minor * 10 + (text[digits] - '0');
	if (!digits || isdigit((unsigned char)text[digits]))
		return 0;
	return major << 8 | minor;
}

__u32 tach_pyversion__from_path(const char *path)
{
	__u32 version = 0;

	while (!version && (path = strstr(path, "python"))) {
		path += strlen("python");
		version = *path == '-' ? parse_version(path + 1, '\0') : parse_version(path, '.');
	}
	return version;
}
