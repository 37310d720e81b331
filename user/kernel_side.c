// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "kernel_side.h"
#include "util/log.h"

#define TARGET 0 /* a session has one */

int tach_kernel_side__open(const struct tach_load_opts *load_opts, bool force,
			   struct tach_subject *subject, struct tach_loader **out)
{
	const struct tach_target *target = tach_subject__target(subject);
	struct tach_why why;
	int err = tach_loader__open(load_opts, force, out, &why);

	if (!err)
		err = tach_loader__watch(*out, TARGET, tach_target__pidfd(target),
					 tach_target__depth(target), &why);
	return err ? tach_error(err, "%s", why.text) : 0;
}

int tach_kernel_side__attach(struct tach_loader *loader)
{
	struct tach_why why;
	int err = tach_loader__attach(loader, &why);

	return err ? tach_error(err, "%s", why.text) : 0;
}

static __u32 image(void *ctx)
{
	return tach_loader__image(ctx, TARGET);
}

static int set_layout(void *ctx, __u32 number, const struct tach_layout *layout)
{
	return tach_loader__set_layout(ctx, TARGET, number, layout);
}

struct tach_layout_sink tach_kernel_side__sink(struct tach_loader *loader)
{
	return (struct tach_layout_sink){.image = image, .set_layout = set_layout, .ctx = loader};
}
