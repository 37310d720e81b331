/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_BROWSER_H
#define TACH_BROWSER_H

#include "util/log.h"

/* Show the file @path in a browser, which runs on without us: as the invoking user, never as root, which must not
 * look at what a target says. That is the first that can be executed of $BROWSER (programs with ':' between them,
 * "%s" in one stands for the address), then xdg-open. What only the user's own session has in the environment, and
 * sudo leaves out, is completed from /run/user. 0, or a negative errno with @why: none was started. */
int tach_browser__open(const char *path, struct tach_why *why);

#endif
