// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "read/raw_out.h"
#include "read/read.h"

static int write_all(int fd, const unsigned char *data, size_t sz)
{
	while (sz) {
		ssize_t done = write(fd, data, sz);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		sz -= done;
	}
	return 0;
}

int tach_raw_out__flush(struct tach_raw_out *out)
{
	int err;

	if (out->fd < 0)
		return 0;
	err = write_all(out->fd, out->buf, out->used);
	out->used = 0;
	if (err)
		out->fd = -1;
	return err;
}

static int append(struct tach_raw_out *out, const unsigned char *data, size_t sz)
{
	int err;

	while (sz) {
		size_t room = sizeof(out->buf) - out->used;
		size_t part = sz < room ? sz : room;

		memcpy(out->buf + out->used, data, part);
		out->used += part;
		data += part;
		sz -= part;
		if (out->used < sizeof(out->buf))
			continue;
		err = tach_raw_out__flush(out);
		if (err)
			return err;
	}
	return 0;
}

int tach_raw_out__put(struct tach_raw_out *out, const void *data, size_t sz)
{
	static const unsigned char zeros[TACH_RAW_ALIGN];
	const struct tach_rec_hdr *hdr = data;
	int err;

	if (out->fd < 0 || sz < sizeof(*hdr) || hdr->len < sizeof(*hdr) || hdr->len > sz)
		return 0;
	err = append(out, data, hdr->len);
	return err ?: append(out, zeros, -hdr->len % TACH_RAW_ALIGN);
}
