/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_CAPS_H
#define TACH_CAPS_H

#include <stdbool.h>

/* Give up every capability that a running session has no use for. @own_files: outputs are written as the
 * user we are, so the right to write anywhere is part of what that user expects. 0 or a negative errno;
 * keeping more than needed is no reason to stop. */
int tach_caps__drop(bool own_files);

#endif
