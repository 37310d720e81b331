/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_JSON_H
#define TACH_JSON_H

#include <stdbool.h>

#include "util/types.h"
#include "write/sink.h"
#include "write/text.h"

/* JSON as it goes to a sink: commas are set here, brackets are the caller's to balance. Zero-initialize but for
 * the sink and how it is to look. */
struct tach_json {
	struct tach_sink *sink;
	bool comma; /* one is due before the next value */
	bool ascii; /* write texts as Python's json.dumps() does: without a byte above 0x7f */
	bool html; /* inside of an element <script>: no text ends it, begins a comment or ends a line */
};

void tach_json__open(struct tach_json *json, char bracket); /* '{' or '[' */
void tach_json__close(struct tach_json *json, char bracket);

/* The name of what comes next in an object. @key needs no escapes. */
void tach_json__key(struct tach_json *json, const char *key);

void tach_json__int(struct tach_json *json, __s64 value);
void tach_json__bool(struct tach_json *json, bool value);
void tach_json__null(struct tach_json *json);
/* @value / 10^@decimals, exactly. */
void tach_json__fixed(struct tach_json *json, __u64 value, int decimals);
/* Characters that JSON has no place for as \uNNNN, lone surrogates too; a stray byte becomes the surrogate that
 * Python's "surrogateescape" makes of it. */
void tach_json__text(struct tach_json *json, struct tach_text text);
void tach_json__str(struct tach_json *json, const char *str);
/* Text that is JSON already: one value. */
void tach_json__raw(struct tach_json *json, const char *value);

#endif
