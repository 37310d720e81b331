// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "load/loader.h"
#include "tachyon618.skel.h"
#include "tachyon700.skel.h"

/* What the generated tachyon_bpf__open() does, with the choice of the object: all have the same programs and
 * maps, so one struct serves them. */
struct tachyon_bpf *tach_skeleton__open(enum tach_task_work work)
{
	struct tachyon_bpf *skel = calloc(1, sizeof(*skel));
	struct bpf_object_skeleton *object;
	int err;

	if (!skel) {
		errno = ENOMEM;
		return NULL;
	}
	err = tachyon_bpf__create_skeleton(skel);
	object = skel->skeleton;
	if (!err && work == TACH_TASK_WORK_IMPL)
		object->data = (void *)tachyon618_bpf__elf_bytes(&object->data_sz);
	if (!err && work == TACH_TASK_WORK_NEW)
		object->data = (void *)tachyon700_bpf__elf_bytes(&object->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(object, NULL);
	if (err) {
		tachyon_bpf__destroy(skel);
		errno = -err;
		return NULL;
	}
	return skel;
}
