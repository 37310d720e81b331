/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SERVE_H
#define TACH_SERVE_H

#include "pipeline.h"
#include "subject.h"

/* Answers what the pipeline asks, for the process that is profiled. */

/* Reads its memory. @subject outlives what is returned, which is to outlive the pipeline. */
struct tach_remote tach_serve__remote(struct tach_subject *subject);

/* Set the callbacks of @opts, and its remote to @remote. */
void tach_serve__pipeline(struct tach_subject *subject, const struct tach_remote *remote,
			  struct tach_pipeline_opts *opts);

#endif
