// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "util/log.h"

int tach_tally__collect(struct tach_tally *tally, struct tach_loader *loader)
{
	int err = 0;

	tally->bare_cnt = tach_loader__bare_threads(loader, tally->bare, TACH_TALLY_BARE);
	if (tally->filter & TACH_STATE_HAS_GIL)
		err = tally->wait_cnt = tach_loader__gil_waits(loader, &tally->waits);
	if (err >= 0)
		err = tach_loader__counts(loader, tally->counts);
	if (!err)
		err = tach_loader__bpf_time(loader, &tally->bpf);
	if (!err)
		return 0;
	tach_tally__free(tally);
	return tach_error(err, "cannot read the counters: %s", strerror(-err));
}

void tach_tally__free(struct tach_tally *tally)
{
	free(tally->waits);
	tally->waits = NULL;
}
