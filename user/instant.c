// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "instant.h"
#include "stop/stop.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/still.h"

struct tach_instant {
	struct tach_subject *subject;
	struct tach_instant_opts opts;
	tach_peek_emit emit;
	void *ctx;
	struct tach_stop *stop;
	struct tach_peek *peek;
	int memory_fd; /* of program number image; -1: it has none any more */
	__u32 image;
	bool gone; /* a read has shown that */
	struct tach_still still;
	struct tach_layout layout;
	bool has_layout; /* of image */
	bool known;	 /* its threads have been listed */
	bool listed;	 /* at this instant */

	__u64 ns, took_ns;
	struct tach_instant_thread *threads; /* [cnt] */
	size_t cap;
	__u32 cnt;
};

static struct tach_target *target_of(const struct tach_instant *instant)
{
	return tach_subject__target(instant->subject);
}

/* --- the program that runs --- */

/* A session has one target. */
static int read_memory(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	struct tach_instant *instant = ctx;
	int err;

	(void)target;
	err = instant->gone ? -ESRCH : tach_target__read_memory(instant->memory_fd, addr, dst, sz);
	if (err == -ESRCH)
		instant->gone = true;
	return err;
}

static int read_still(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	const struct tach_remote remote = {.read = read_memory, .ctx = ctx};
	struct tach_instant *instant = ctx;

	return tach_still__read(&instant->still, &remote, target, addr, dst, sz);
}

static bool is_gone(struct tach_instant *instant)
{
	char byte;

	return read_memory(instant, 0, 0, &byte, sizeof(byte)) == -ESRCH;
}

static __u32 image(void *ctx)
{
	struct tach_instant *instant = ctx;
	bool first = instant->memory_fd < 0 && !instant->image;
	int fd;

	if (instant->memory_fd >= 0 && !is_gone(instant))
		return instant->image;
	fd = tach_target__open_memory(target_of(instant));
	if (instant->memory_fd >= 0)
		close(instant->memory_fd);
	instant->memory_fd = fd;
	instant->has_layout = false;
	instant->gone = fd < 0;
	if (fd >= 0 && !first)
		instant->image++;
	return instant->image;
}

static int set_layout(void *ctx, __u32 number, const struct tach_layout *layout)
{
	struct tach_instant *instant = ctx;

	if (number != instant->image || is_gone(instant)) /* the next take will tell */
		return 0;
	instant->layout = *layout;
	instant->has_layout = true;
	instant->known = false;
	return 0;
}

struct tach_layout_sink tach_instant__sink(struct tach_instant *instant)
{
	return (struct tach_layout_sink){.image = image, .set_layout = set_layout, .ctx = instant};
}

/* Another program runs, if any: tell it. */
static int renew(struct tach_instant *instant)
{
	struct tach_rec_exec rec = {
		.hdr = {.type = TACH_REC_EXEC, .len = sizeof(rec)},
		.ts_ns = instant->ns,
	};
	__u32 old = instant->image;

	rec.image = image(instant);
	return rec.image == old ? 0 : instant->emit(instant->ctx, &rec, sizeof(rec));
}

/* --- its threads --- */

/* 0 or -ENOMEM; what else goes wrong, the threads' statuses will say. */
static int list(struct tach_instant *instant)
{
	instant->known = instant->listed = true;
	return tach_peek__begin(instant->peek, 0, instant->image, &instant->layout) == -ENOMEM
		       ? -ENOMEM
		       : 0;
}

static bool is_told(int status)
{
	return status < 0 || status == TACH_ST_SAMPLED || status == TACH_ST_NO_FRAMES ||
	       status == TACH_ST_OTHER_STATE;
}

/* Where the threads' states are is known from earlier instants, until something is not as it was. */
static int read_stack(struct tach_instant *instant, struct tach_instant_thread *thread)
{
	__u32 state = 0, filter = instant->opts.filter & ~TACH_STATE_ON_CPU;
	int status = tach_peek__stack(instant->peek, thread->tid, thread->futex, filter,
				      &thread->stack_id, &state);

	if (!is_told(status) && !instant->listed) {
		if (list(instant))
			return -ENOMEM;
		status = tach_peek__stack(instant->peek, thread->tid, thread->futex, filter,
					  &thread->stack_id, &state);
	}
	thread->state |= state;
	return instant->gone ? TACH_ST_NO_LAYOUT : status;
}

static int read_thread(struct tach_instant *instant, const struct tach_stop_thread *stopped,
		       struct tach_instant_thread *out)
{
	*out = (struct tach_instant_thread){
		.tid = stopped->tid,
		.host_tid = stopped->host_tid,
		.futex = stopped->futex,
	};
	if (stopped->host_tid == (__u32)tach_target__pid(target_of(instant)))
		out->state |= TACH_STATE_MAIN_THREAD;
	else if (!instant->opts.all_threads)
		return TACH_ST_OTHER_THREAD;
	if (stopped->was_on_cpu)
		out->state |= TACH_STATE_ON_CPU;
	else if (instant->opts.filter & TACH_STATE_ON_CPU)
		return TACH_ST_OTHER_STATE;
	return read_stack(instant, out);
}

/* 0, or emit's negative errno. */
static int read_threads(struct tach_instant *instant)
{
	__u32 cnt = tach_stop__cnt(instant->stop);
	struct tach_instant_thread *threads;

	threads = tach_grow(instant->threads, &instant->cap, cnt, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	instant->threads = threads;
	instant->listed = false;
	tach_still__begin(&instant->still);
	if (!instant->known && list(instant))
		return -ENOMEM;
	for (__u32 i = 0; i < cnt; i++) {
		const struct tach_stop_thread *stopped = tach_stop__thread(instant->stop, i);

		threads[i].status = read_thread(instant, stopped, &threads[i]);
		if (threads[i].status < 0)
			return threads[i].status;
	}
	instant->cnt = cnt;
	return 0;
}

int tach_instant__try(struct tach_instant *instant, struct tach_why *why)
{
	int err = tach_stop__all(instant->stop, why);

	if (!err)
		tach_stop__release(instant->stop);
	return err;
}

int tach_instant__take(struct tach_instant *instant, struct tach_why *why)
{
	__u64 begin_ns = tach_now_ns();
	int err = instant->has_layout ? tach_stop__all(instant->stop, why) : -ENOENT;

	instant->cnt = 0;
	instant->ns = tach_now_ns();
	if (err && err != -ENOENT)
		return err;
	if (!err) {
		err = read_threads(instant);
		tach_stop__release(instant->stop);
		instant->took_ns = tach_now_ns() - begin_ns;
	}
	if (err == -ENOENT || instant->gone)
		err = renew(instant) ?: err;
	return err ? tach_why__set(why, err, "cannot read the threads: %s", strerror(-err)) : 0;
}

__u64 tach_instant__ns(const struct tach_instant *instant)
{
	return instant->ns;
}

__u64 tach_instant__took_ns(const struct tach_instant *instant)
{
	return instant->took_ns;
}

__u32 tach_instant__cnt(const struct tach_instant *instant)
{
	return instant->cnt;
}

const struct tach_instant_thread *tach_instant__thread(const struct tach_instant *instant,
						       __u32 idx)
{
	return &instant->threads[idx];
}

int tach_instant__place(const struct tach_instant *instant, __u32 tid, struct tach_peek_thread *out)
{
	return tach_peek__thread(instant->peek, tid, out);
}

bool tach_instant__settle(struct tach_instant *instant)
{
	return tach_stop__settle(instant->stop);
}

/* --- life --- */

int tach_instant__open(struct tach_subject *subject, const struct tach_instant_opts *opts,
		       tach_peek_emit emit, void *ctx, struct tach_instant **out)
{
	struct tach_instant *instant = calloc(1, sizeof(*instant));
	const struct tach_remote remote = {.read = read_still, .ctx = instant};
	struct tach_target *target = tach_subject__target(subject);
	struct tach_stop_opts stop_opts = {
		.pid = tach_target__pid(target),
		.number = tach_target__number(target),
		.depth = tach_target__depth(target),
		.own_child = tach_subject__is_launched(subject),
		.look_at_cpu = opts->look_at_cpu,
		.look_at_futex = opts->look_at_futex,
	};
	struct tach_why why;

	if (!instant)
		return tach_error(-ENOMEM, "out of memory");
	instant->subject = subject;
	instant->opts = *opts;
	instant->emit = emit;
	instant->ctx = ctx;
	instant->memory_fd = -1;
	instant->peek = tach_peek__new(&remote, emit, ctx);
	if (!instant->peek) {
		tach_instant__free(instant);
		return tach_error(-ENOMEM, "out of memory");
	}
	stop_opts.task_fd = tach_target__open_tasks(target);
	instant->stop = tach_stop__new(&stop_opts, &why);
	if (!instant->stop) {
		tach_instant__free(instant);
		return tach_error(-ESRCH, "%s", why.text);
	}
	*out = instant;
	return 0;
}

void tach_instant__free(struct tach_instant *instant)
{
	if (!instant)
		return;
	tach_stop__free(instant->stop);
	tach_peek__free(instant->peek);
	if (instant->memory_fd >= 0)
		close(instant->memory_fd);
	free(instant->threads);
	free(instant);
}
