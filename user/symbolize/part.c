// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "symbolize/part.h"
#include "bpf/tach_layout.h"

/* All of the part from the target, or NULL. */
static unsigned char *fetch(const struct tach_rec_str *str, const unsigned char *known,
			    __u32 target, const struct tach_remote *remote)
{
	unsigned char *copy, header[TACH_STR_SZ];

	if (!remote || !str->data_addr || str->full_sz > TACH_PART_MAX_SZ)
		return NULL;
	if (!str->full_sz) {
		/* Its header was not in memory: once touched it is, so the kernel side gets it next
		 * time, and until then sends this code object again. */
		remote->read(remote->ctx, target, str->data_addr, header, sizeof(header));
		return NULL;
	}
	copy = malloc(str->full_sz);
	if (!copy)
		return NULL;
	if (remote->read(remote->ctx, target, str->data_addr, copy, str->full_sz) ||
	    memcmp(copy, known, str->sz)) {
		free(copy);
		return NULL;
	}
	return copy;
}

void tach_part__get(struct tach_part *part, const struct tach_rec_str *str,
		    const unsigned char *data, bool missed, __u32 target,
		    const struct tach_remote *remote)
{
	*part = (struct tach_part){.data = data, .sz = str->sz};
	if (!missed && str->sz == str->full_sz) {
		part->whole = true;
		return;
	}
	part->copy = fetch(str, data, target, remote);
	if (!part->copy)
		return;
	part->data = part->copy;
	part->sz = str->full_sz;
	part->whole = true;
	part->fetched = true;
}

void tach_part__clear(struct tach_part *part)
{
	free(part->copy);
	part->copy = NULL;
}
