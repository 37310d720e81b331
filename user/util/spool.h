/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SPOOL_H
#define TACH_SPOOL_H

/* A file without a name, for what is too much for memory, in $TMPDIR, or else /var/tmp. Returns a descriptor, or
 * -1 with errno. */
int tach_spool__open(void);

#endif
