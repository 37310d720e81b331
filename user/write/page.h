/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_PAGE_H
#define TACH_PAGE_H

#include "write/json.h"
#include "write/locs.h"
#include "write/writer.h"

/* What the HTML pages have in common. A page is one of those that user/page makes, with JSON in its middle. */
enum tach_page {
	TACH_PAGE_FLAMEGRAPH,
	TACH_PAGE__CNT,
};

/* Write what stands before the JSON, make *@json ready for it, and open its outermost object; close both. */
void tach_page__begin(enum tach_page page, struct tach_sink *sink, struct tach_json *json);
void tach_page__end(enum tach_page page, struct tach_json *json);

/* Members "about", "processes", "threads" and "times": what was recorded. */
void tach_page__about(struct tach_json *json, const struct tach_profile *profile);

/* Members "strings" (all of the frame table) and "locs", with indices into them. */
void tach_page__names(struct tach_json *json, const struct tach_frametab *tab,
		      const struct tach_locs *locs);

/* Member "source": the lines around those of @locs, read with the rights of the invoking user from @lines (NULL:
 * there are none), and which files are not there. 0 or -ENOMEM. */
int tach_page__source(struct tach_json *json, const struct tach_frametab *tab,
		      const struct tach_locs *locs, struct tach_lines *lines);

#endif
