/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TEST_RAW_FILE_H
#define TACH_TEST_RAW_FILE_H

/* A file of raw records in /tmp, and its replay. */

#include <stdio.h>
#include <unistd.h>

#include "records.h"

struct file {
	char path[64];
	int fd;
};

static inline struct file new_file(void)
{
	struct file file = {.path = "/tmp/tach-test-XXXXXX"};

	file.fd = mkstemp(file.path);
	assert_true(file.fd >= 0);
	return file;
}

static inline void end_file(struct file *file)
{
	close(file->fd);
	unlink(file->path);
}

static inline int replay(const struct file *file, struct seen *seen, struct tach_read_stats *stats)
{
	struct tach_handlers handlers = handlers_of(seen);
	struct tach_source *source = tach_source__open_file(file->path, &handlers);
	int cnt;

	assert_non_null(source);
	assert_int_equal(tach_source__fd(source), -1);
	cnt = tach_source__consume(source);
	*stats = *tach_source__stats(source);
	if (cnt >= 0)
		assert_int_equal(tach_source__consume(source), 0);
	tach_source__free(source);
	return cnt;
}

#endif
