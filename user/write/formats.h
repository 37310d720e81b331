/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_FORMATS_H
#define TACH_FORMATS_H

#include "write/writer.h"

/* The functions of struct tach_writer, one per file of this room. docs/formats.md describes them. */

int tach_pstats__write_table(const struct tach_profile *profile, const struct tach_write_opts *opts,
			     struct tach_sink *sink);
int tach_pstats__write_file(const struct tach_profile *profile, const struct tach_write_opts *opts,
			    struct tach_sink *sink);
int tach_collapsed__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			  struct tach_sink *sink);
int tach_flamegraph__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			   struct tach_sink *sink);
int tach_gecko__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink);
int tach_pprof__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink);
int tach_speedscope__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
			   struct tach_sink *sink);
int tach_binary__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		       struct tach_sink *sink);
int tach_jsonl__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink);

#endif
