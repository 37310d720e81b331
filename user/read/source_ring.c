// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "read/raw_out.h"
#include "read/source.h"

/* In front of each record. Source: Linux v6.1 include/uapi/linux/bpf.h, BPF_RINGBUF_HDR_SZ. */
#define RING_HDR_SZ 8

struct ring_source {
	struct tach_source base;  /* first: see as_ring() */
	struct ring_buffer *ring; /* NULL: there is none */
	struct tach_raw_out raw;
};

static struct ring_source *as_ring(struct tach_source *source)
{
	return (struct ring_source *)source;
}

static int on_record(void *ctx, void *data, size_t sz)
{
	struct ring_source *self = ctx;
	int raw_err = tach_raw_out__put(&self->raw, data, sz);
	int err = tach_source__hand_on(&self->base, data, sz);

	return err ?: raw_err;
}

static int ring_fd(const struct tach_source *source)
{
	const struct ring_source *self = (const struct ring_source *)source;

	return self->ring ? ring_buffer__epoll_fd(self->ring) : -1;
}

static int on_ring_record(void *ctx, void *data, size_t sz)
{
	struct ring_source *self = ctx;

	self->base.stats.ring_used += RING_HDR_SZ + (sz + 7) / 8 * 8;
	return on_record(self, data, sz);
}

static int ring_consume(struct tach_source *source)
{
	struct ring_source *self = as_ring(source);
	struct tach_read_stats *stats = &self->base.stats;
	__u64 used = stats->ring_used;
	int cnt = self->ring ? ring_buffer__consume(self->ring) : 0;
	int raw_err = tach_raw_out__flush(&self->raw);

	if (stats->ring_used - used > stats->ring_most)
		stats->ring_most = stats->ring_used - used;
	return cnt < 0 ? cnt : raw_err ?: cnt;
}

static int ring_inject(struct tach_source *source, const void *rec, size_t sz)
{
	return on_record(as_ring(source), (void *)rec, sz);
}

static void ring_free(struct tach_source *source)
{
	struct ring_source *self = as_ring(source);

	ring_buffer__free(self->ring);
	free(self);
}

static const struct tach_source_ops ring_ops = {
	.fd = ring_fd,
	.consume = ring_consume,
	.inject = ring_inject,
	.free = ring_free,
};

struct tach_source *tach_source__open_ring(int ring_map_fd, int raw_fd,
					   const struct tach_handlers *handlers)
{
	struct ring_source *self = calloc(1, sizeof(*self));
	int err;

	if (!self)
		return NULL;
	self->base.ops = &ring_ops;
	self->base.handlers = *handlers;
	self->raw.fd = raw_fd;
	if (ring_map_fd < 0)
		return &self->base;
	self->ring = ring_buffer__new(ring_map_fd, on_ring_record, self, NULL);
	if (!self->ring) {
		err = errno;
		free(self);
		errno = err;
		return NULL;
	}
	return &self->base;
}
