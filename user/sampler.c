// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sampler.h"

int tach_sampler__open(const struct tach_opts *opts, struct tach_subject *subject,
		       struct tach_sampler **out)
{
	return opts->blocking ? tach_stops__open(opts, subject, out)
			      : tach_timers__open(opts, subject, out);
}

__u32 tach_sampler__filter(enum tach_mode mode)
{
	switch (mode) {
	case TACH_MODE_CPU:
		return TACH_STATE_ON_CPU;
	case TACH_MODE_GIL:
		return TACH_STATE_HAS_GIL;
	case TACH_MODE_EXCEPTION:
		return TACH_STATE_HAS_EXCEPTION;
	default:
		return 0;
	}
}
