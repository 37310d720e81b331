// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump.h"
#include "snapshot.h"
#include "subject.h"
#include "util/log.h"
#include "write/color.h"
#include "write/dump_text.h"

struct dump {
	const struct tach_opts *opts;
	struct tach_subject *subject;
	struct tach_snapshot *snap;
};

static struct tach_target *target_of(const struct dump *d)
{
	return tach_subject__target(d->subject);
}

/* Those that were read; says which were not. Returns how many. */
static __u32 choose(const struct dump *d, struct tach_dump_thread *out)
{
	bool host_tids = d->opts->tids == TACH_TIDS_HOST;
	__u32 cnt = 0;

	for (__u32 i = 0; i < tach_snapshot__thread_cnt(d->snap); i++) {
		const struct tach_snapshot_thread *thread = tach_snapshot__thread(d->snap, i);
		__u32 tid = host_tids ? thread->host_tid : thread->tid;

		if (!thread->read) {
			tach_warn("thread %u could not be read: it ran, and was not met at a "
				  "moment when its stack is whole",
				  tid);
			continue;
		}
		out[cnt++] = (struct tach_dump_thread){
			.tid = tid,
			.interp_id = thread->interp_id,
			.state = thread->state,
			.frames = thread->frames,
			.cnt = thread->cnt,
		};
	}
	return cnt;
}

static int print(const struct dump *d)
{
	struct tach_dump_thread *threads =
		calloc((size_t)tach_snapshot__thread_cnt(d->snap) + 1, sizeof(*threads));
	struct tach_dump_text text = {
		.pid = tach_target__pid(target_of(d)),
		.tab = tach_snapshot__frames(d->snap),
		.lines = tach_lines__new(tach_target__proc_fd(target_of(d))),
		.color = tach_color__wanted(STDOUT_FILENO),
	};
	struct tach_why why = {"out of memory"};
	struct tach_sink *sink;
	int err = -ENOMEM;
	__u32 cnt;

	if (!threads || !text.lines)
		goto out;
	cnt = choose(d, threads);
	if (!cnt && tach_snapshot__target_ended(d->snap)) {
		err = tach_why__set(
			&why, -ESRCH,
			"No stack dump collected - process %d exited before its stack could be "
			"read.",
			text.pid);
		goto out;
	}
	sink = tach_sink__stdout(&why);
	if (!sink) {
		err = -errno;
		goto out;
	}
	tach_dump_text__write(&text, threads, cnt, sink);
	err = tach_sink__close(sink, &why);
out:
	tach_lines__free(text.lines);
	free(threads);
	return err ? tach_error(err, "%s", why.text) : 0;
}

int tach_dump__run(const struct tach_opts *opts)
{
	struct dump d = {.opts = opts};
	int err;

	signal(SIGPIPE, SIG_IGN);
	err = tach_subject__open(opts, &d.subject);
	if (!err)
		err = tach_snapshot__open(opts, d.subject, &d.snap);
	if (!err)
		err = tach_snapshot__take(d.snap);
	if (!err)
		err = print(&d);
	tach_snapshot__free(d.snap);
	tach_subject__free(d.subject);
	return err ? TACH_EXIT_FAILURE : TACH_EXIT_OK;
}
