/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_MAPFILE_H
#define TACH_MAPFILE_H

#include <stdbool.h>

#include "target/proc_maps.h"

/* Open the file behind a mapping of the process behind @proc_fd for reading, never through a path of
 * our own mount namespace: the mapped file itself (also if it was deleted or replaced), else the
 * program's, else by its path inside the target's root directory; only if it is a regular file.
 * Returns a descriptor, or a negative errno. */
int tach_mapfile__open(int proc_fd, const struct tach_map *map, bool is_exe);

#endif
