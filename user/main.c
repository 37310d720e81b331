// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

#include "cli/opts.h"
#include "convert.h"
#include "dump.h"
#include "session.h"
#include "util/log.h"

/* What we open must not become a standard stream that the caller has closed: what is said there would go
 * into it. Read-only, so that saying something still fails. */
static void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct tach_opts opts;
	int exit_code;

	fill_standard_streams();
	if (tach_opts__parse(argc, argv, &opts, &exit_code))
		return exit_code;
	tach_log__set_verbose(opts.verbose);
	switch (opts.command) {
	case TACH_CMD_DUMP:
		return tach_dump__run(&opts);
	case TACH_CMD_REPLAY:
		return tach_convert__run(&opts);
	default:
		return tach_session__run(&opts);
	}
}
