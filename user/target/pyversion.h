/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PYVERSION_H
#define TACH_PYVERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "util/types.h"

/* Versions of Python as numbers and as text. A version is a PY_VERSION_HEX: major, minor and micro one
 * byte each, four bits of release level, four of serial (CPython v3.15 Include/patchlevel.h). All pure. */

#define TACH_PY_SUPPORTED "3.13, 3.14 and 3.15"

enum tach_py_level {
	TACH_PY_ALPHA = 0xa,
	TACH_PY_BETA = 0xb,
	TACH_PY_CANDIDATE = 0xc,
	TACH_PY_FINAL = 0xf,
};

#define TACH_PY_MAJOR(hex) (((hex) >> 24) & 0xff)
#define TACH_PY_MINOR(hex) (((hex) >> 16) & 0xff)
#define TACH_PY_LEVEL(hex) (((hex) >> 4) & 0xf)

/* 0x030f of 3.15.2: what tells layouts apart. */
#define TACH_PY_MAJOR_MINOR(hex) (((hex) >> 16) & 0xffff)

/* "3.15.2", "3.15.0rc2" in @out; returns @out. */
#define TACH_PY_TEXT_SZ 32
const char *tach_pyversion__text(__u32 hex, char out[TACH_PY_TEXT_SZ]);

/* Find major and minor version in the name of a file: "python3.8", "libpython2.7.so.1.0",
 * "/usr/lib/python3.11/...", "x.cpython-38-x86_64-linux-gnu.so". 0 if there is none, else 0xMMmm. */
__u32 tach_pyversion__from_path(const char *path);

#endif
