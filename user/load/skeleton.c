// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "load/loader.h"
#include "tachyon618.skel.h"

/* What the generated tachyon_bpf__open() does, with the choice of the object: both have the same programs and
 * maps, so one struct serves both. */
struct tachyon_bpf *tach_skeleton__open(bool of_618)
{
	struct tachyon_bpf *skel = calloc(1, sizeof(*skel));
	int err;

	if (!skel) {
		errno = ENOMEM;
		return NULL;
	}
	err = tachyon_bpf__create_skeleton(skel);
	if (!err && of_618)
		skel->skeleton->data = (void *)tachyon618_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (err) {
		tachyon_bpf__destroy(skel);
		errno = -err;
		return NULL;
	}
	return skel;
}
