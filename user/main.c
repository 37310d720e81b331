// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "cli/opts.h"
#include "session.h"
#include "util/log.h"

int main(int argc, char **argv)
{
	struct tach_opts opts;
	int exit_code;

	if (tach_opts__parse(argc, argv, &opts, &exit_code))
		return exit_code;
	tach_log__set_verbose(opts.verbose);
	return tach_session__run(&opts);
}
