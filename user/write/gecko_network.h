/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GECKO_NETWORK_H
#define TACH_GECKO_NETWORK_H

#include "aggregate/profile.h"
#include "write/json.h"

#define TACH_URL_SZ (16 + 3 * TACH_PATH_SZ) /* each byte of a name may take three */

/* "recv" for example. */
const char *tach_gecko__call_name(const struct tach_call *call);

/* Who is at the other end, as an URL; the own end where there is no other one ("tcp://0.0.0.0:80", of accept), and where
 * nothing is known the kind of thing it is ("unix:"). A Unix socket by its name: "unix:/run/a", abstract "unix:@a". */
void tach_gecko__url(const struct tach_call *call, char url[TACH_URL_SZ]);

/* The payload of a marker of type Network; the profiler wants two of them, of which the first one only says when it
 * began. @id: of the wait, in its thread. Times in us from the start of the recording. */
void tach_gecko__write_network(struct tach_json *json, const struct tach_call *call, __u64 id,
			       bool first, __u64 begin_us, __u64 end_us);

#endif
