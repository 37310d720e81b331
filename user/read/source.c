// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>

#include "read/source.h"

int tach_source__hand_on(struct tach_source *source, const void *data, size_t sz)
{
	__u64 bad_before = source->stats.bad;
	int err;

	err = tach_decode(data, sz, &source->handlers, &source->stats);
	return source->stats.bad == bad_before ? err : 0;
}

int tach_source__fd(const struct tach_source *source)
{
	return source->ops->fd(source);
}

int tach_source__consume(struct tach_source *source)
{
	return source->ops->consume(source);
}

int tach_source__inject(struct tach_source *source, const void *rec, size_t sz)
{
	return source->ops->inject ? source->ops->inject(source, rec, sz) : -ENOTSUP;
}

const struct tach_read_stats *tach_source__stats(const struct tach_source *source)
{
	return &source->stats;
}

void tach_source__free(struct tach_source *source)
{
	if (source)
		source->ops->free(source);
}
