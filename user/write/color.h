/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_COLOR_H
#define TACH_COLOR_H

#include <stdbool.h>

/* Whether what goes to @fd is to be coloured: as Python decides it, by PYTHON_COLORS, NO_COLOR, FORCE_COLOR,
 * TERM, and whether it is a terminal. */
bool tach_color__wanted(int fd);

/* What comes before the parts of a text table, and behind each; all "" without colours. */
struct tach_palette {
	const char *heading, *term, *file, *line, *func, *end;
};
const struct tach_palette *tach_color__palette(bool colors);

#endif
