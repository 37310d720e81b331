// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Samples that come from stops of the process, at random points of the periods of the wall clock: all threads of one
 * at the same instant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "instant.h"
#include "sampler.h"
#include "util/clock.h"
#include "util/log.h"
#include "write/writer.h"

/* A thread that is in the kernel when the sampling ends is given that long to come out of it. */
#define SETTLE_NAP_US 1000
#define SETTLE_NAPS   1000

struct stops {
	struct tach_sampler base; /* first: see as_stops() */
	const struct tach_opts *opts;
	struct tach_subject *subject;
	struct tach_instant *instant;
	struct tach_pipeline *line;
	int timer_fd;
	__u64 period;  /* number of the one, from start_ns, to be sampled next */
	__u64 next_ns; /* when in it */
	__u64 random;
	__u64 counts[TACH_COUNTS_CNT];
	struct tach_stopped stopped;
	bool armed, warned;
};

static struct stops *as_stops(struct tach_sampler *sampler)
{
	return (struct stops *)sampler;
}

/* --- when --- */

/* splitmix64 (public domain, Sebastiano Vigna). */
static __u64 next_random(struct stops *stops)
{
	__u64 z = stops->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Choose a point in the next period; those that are over are missed. */
static int plan(struct stops *stops)
{
	__u64 period_ns = stops->opts->period_ns;
	__u64 now = (tach_now_ns() - stops->base.start_ns) / period_ns;
	struct itimerspec time = {};

	if (now > stops->period)
		stops->period = now;
	stops->next_ns =
		stops->base.start_ns + stops->period * period_ns + next_random(stops) % period_ns;
	if (stops->armed &&
	    stops->next_ns <= tach_now_ns()) /* it has gone off, and nobody read it */
		return 0;
	stops->armed = true;
	time.it_value.tv_sec = (time_t)(stops->next_ns / 1000000000);
	time.it_value.tv_nsec = (long)(stops->next_ns % 1000000000);
	if (timerfd_settime(stops->timer_fd, TFD_TIMER_ABSTIME, &time, NULL))
		return tach_error(-errno, "cannot set a timer: %s", strerror(errno));
	return 0;
}

/* --- what --- */

static void count(struct stops *stops, int status)
{
	stops->counts[status]++;
	stops->counts[TACH_ST__CNT + TACH_CT_TARGET_TICKS]++;
}

static int inject(void *ctx, const void *rec, size_t sz)
{
	const struct tach_rec_hdr *hdr = rec;
	struct stops *stops = ctx;

	if (hdr->type == TACH_REC_CODE)
		stops->counts[TACH_ST__CNT + TACH_CT_CODES]++;
	if (hdr->type == TACH_REC_STACK) {
		const struct tach_rec_stack *stack = rec;

		stops->counts[TACH_ST__CNT + TACH_CT_STACKS]++;
		if (stack->flags & TACH_STACK_TRUNCATED)
			stops->counts[TACH_ST__CNT + TACH_CT_TRUNCATED]++;
	}
	return tach_pipeline__inject(stops->line, rec, sz);
}

static int add(struct stops *stops, const struct tach_instant_thread *thread)
{
	const struct tach_rec_sample rec = {
		.hdr = {.type = TACH_REC_SAMPLE, .len = sizeof(rec)},
		.ts_ns = tach_instant__ns(stops->instant),
		.stack_id = thread->stack_id,
		.tid = thread->tid,
		.host_tid = thread->host_tid,
		.state = thread->state,
		.weight = 1,
	};

	count(stops, thread->status);
	if (thread->status != TACH_ST_SAMPLED)
		return 0;
	stops->counts[TACH_ST__CNT + TACH_CT_ON_SAMPLES]++;
	return inject(stops, &rec, sizeof(rec));
}

static void note_stop(struct stops *stops)
{
	__u64 ns = tach_instant__took_ns(stops->instant);

	stops->stopped.cnt++;
	stops->stopped.ns += ns;
	if (ns > stops->stopped.max_ns)
		stops->stopped.max_ns = ns;
}

/* It could not be stopped. That may pass: a debugger that was attached meanwhile ends. */
static int fail(struct stops *stops, int err, const struct tach_why *why)
{
	if (err != -EBUSY && err != -EPERM && err != -ETIMEDOUT)
		return tach_error(err, "%s", why->text);
	count(stops, TACH_ST_NOT_STOPPED);
	stops->stopped.other++;
	if (!stops->warned)
		tach_warn("%s", why->text);
	stops->warned = true;
	return 0;
}

static int take(struct stops *stops)
{
	struct tach_why why;
	int err = tach_instant__take(stops->instant, &why);

	if (err == -ENOENT || err == -ESRCH) { /* nothing is there */
		stops->stopped.other++;
		return 0;
	}
	if (err)
		return fail(stops, err, &why);
	note_stop(stops);
	for (__u32 i = 0; i < tach_instant__cnt(stops->instant) && !err; i++)
		err = add(stops, tach_instant__thread(stops->instant, i));
	return err ? tach_error(err, "cannot keep samples: %s", strerror(-err)) : 0;
}

/* --- the sampler --- */

static int stops_connect(struct tach_sampler *sampler, struct tach_pipeline *line, int raw_fd)
{
	struct stops *stops = as_stops(sampler);
	int err = tach_pipeline__open(line, -1, raw_fd);

	stops->line = line;
	return err ? tach_error(err, "cannot take records: %s", strerror(-err)) : 0;
}

static int stops_start(struct tach_sampler *sampler)
{
	struct stops *stops = as_stops(sampler);
	struct tach_why why;
	int err = 0;

	/* A launched process is still held at its exec. */
	if (!tach_subject__is_launched(stops->subject))
		err = tach_instant__try(stops->instant, &why);
	if (err)
		return tach_error(err, "%s", why.text);
	sampler->start_ns = tach_now_ns();
	return plan(stops);
}

static int consume(struct stops *stops)
{
	int err = tach_pipeline__consume(stops->line);

	return err ? tach_error(err, "cannot write raw records: %s", strerror(-err)) : 0;
}

static int stops_serve(struct tach_sampler *sampler)
{
	struct stops *stops = as_stops(sampler);

	tach_instant__settle(stops->instant);
	if (tach_now_ns() < stops->next_ns)
		return 0;
	stops->period++;
	return take(stops) ?: consume(stops) ?: plan(stops);
}

static int stops_fd(const struct tach_sampler *sampler)
{
	return ((const struct stops *)sampler)->timer_fd;
}

static int stops_stop(struct tach_sampler *sampler)
{
	struct stops *stops = as_stops(sampler);

	sampler->end_ns = tach_now_ns();
	stops->stopped.due = (sampler->end_ns - sampler->start_ns) / stops->opts->period_ns;
	for (int i = 0; tach_instant__settle(stops->instant) && i < SETTLE_NAPS; i++)
		usleep(SETTLE_NAP_US);
	return 0;
}

static int stops_tally(struct tach_sampler *sampler, struct tach_tally *tally)
{
	const struct stops *stops = as_stops(sampler);

	tally->filter = tach_sampler__filter(stops->opts->mode);
	tally->ring_sz = 0; /* there is none */
	tally->blocking = true;
	tally->stopped = stops->stopped;
	memcpy(tally->counts, stops->counts, sizeof(tally->counts));
	return 0;
}

static void stops_free(struct tach_sampler *sampler)
{
	struct stops *stops = as_stops(sampler);

	tach_instant__free(stops->instant);
	if (stops->timer_fd >= 0)
		close(stops->timer_fd);
	free(stops);
}

static const struct tach_sampler_ops stops_ops = {
	.connect = stops_connect,
	.start = stops_start,
	.serve = stops_serve,
	.fd = stops_fd,
	.stop = stops_stop,
	.tally = stops_tally,
	.free = stops_free,
};

int tach_stops__open(const struct tach_opts *opts, struct tach_subject *subject,
		     struct tach_sampler **out)
{
	struct stops *stops = calloc(1, sizeof(*stops));
	bool shows_states = tach_writer__find(opts->format)->states;
	const struct tach_instant_opts instant_opts = {
		.all_threads = opts->all_threads,
		.look_at_cpu = shows_states || opts->mode == TACH_MODE_CPU,
		.look_at_futex = shows_states,
		.filter = tach_sampler__filter(opts->mode),
	};
	int err;

	if (!stops)
		return tach_error(-ENOMEM, "out of memory");
	stops->base.ops = &stops_ops;
	stops->opts = opts;
	stops->subject = subject;
	if (getrandom(&stops->random, sizeof(stops->random), 0) < 0)
		stops->random = tach_now_ns();
	stops->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = stops->timer_fd < 0
		      ? tach_error(-errno, "cannot make a timer: %s", strerror(errno))
		      : tach_instant__open(subject, &instant_opts, inject, stops, &stops->instant);
	if (err) {
		stops_free(&stops->base);
		return err;
	}
	stops->base.sink = tach_instant__sink(stops->instant);
	*out = &stops->base;
	return 0;
}
