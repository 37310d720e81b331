// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "util/still.h"

void tach_still__begin(struct tach_still *still)
{
	still->look++;
}

/* NULL if it cannot be read. */
static const struct tach_still_page *
find_page(struct tach_still *still, const struct tach_remote *remote, __u32 target, __u64 addr)
{
	struct tach_still_page *page = &still->pages[addr / TACH_STILL_PAGE_SZ % TACH_STILL_PAGES];

	if (page->look == still->look && page->addr == addr)
		return page;
	page->look = 0;
	if (remote->read(remote->ctx, target, addr, page->bytes, sizeof(page->bytes)))
		return NULL;
	page->addr = addr;
	page->look = still->look;
	return page;
}

int tach_still__read(struct tach_still *still, const struct tach_remote *remote, __u32 target,
		     __u64 addr, void *dst, size_t sz)
{
	unsigned char *out = dst;

	/* What is larger is not read twice. */
	if (!still->look || sz > TACH_STILL_PAGE_SZ)
		return remote->read(remote->ctx, target, addr, dst, sz);
	while (sz) {
		__u64 off = addr % TACH_STILL_PAGE_SZ;
		size_t part = TACH_STILL_PAGE_SZ - off < sz ? TACH_STILL_PAGE_SZ - off : sz;
		const struct tach_still_page *page = find_page(still, remote, target, addr - off);

		/* The error is that of what was asked for. */
		if (!page)
			return remote->read(remote->ctx, target, addr, out, sz);
		memcpy(out, page->bytes + off, part);
		out += part;
		addr += part;
		sz -= part;
	}
	return 0;
}
