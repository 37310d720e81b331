/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PYSTR_H
#define TACH_PYSTR_H

#include <stddef.h>

/* Convert the characters of a Python string to UTF-8; lone surrogates pass through as their three
 * bytes (Python's "surrogatepass").
 * @src, @sz: raw PEP 393 characters and their size (bytes). @kind: bytes per code point (1, 2, 4).
 * @dst: room for TACH_PYSTR_MAX(sz) bytes. Returns the number of bytes written; a cut last character
 * is dropped, a code point above 0x10ffff becomes U+FFFD. Pure.
 * Source: PEP 393; CPython v3.13.0 Include/cpython/unicodeobject.h.
 */
#define TACH_PYSTR_MAX(sz) ((sz) * 2)
size_t tach_pystr__to_utf8(const unsigned char *src, size_t sz, unsigned kind, char *dst);

#endif
