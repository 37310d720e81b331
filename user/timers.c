// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Samples that come from the kernel's timers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_side.h"
#include "ledger.h"
#include "sampler.h"
#include "serve.h"
#include "util/clock.h"
#include "util/log.h"
#include "write/writer.h"

struct timers {
	struct tach_sampler base; /* first: see as_timers() */
	const struct tach_opts *opts;
	struct tach_subject *subject;
	struct tach_loader *loader;
	struct tach_pipeline *line;
	struct tach_remote remote;
	__u64 cpu_start_ns, cpu_ns; /* of the sampled threads */
	struct tach_settled settled;
};

static struct timers *as_timers(struct tach_sampler *sampler)
{
	return (struct timers *)sampler;
}

/* A tick finds only what is on a CPU. */
static __u32 filter_of(const struct tach_opts *opts)
{
	return tach_sampler__filter(opts->mode) & ~TACH_STATE_ON_CPU;
}

static bool counts_off_cpu(const struct timers *timers)
{
	return timers->opts->mode != TACH_MODE_CPU;
}

static int timers_connect(struct tach_sampler *sampler, struct tach_pipeline *line, int raw_fd)
{
	struct timers *timers = as_timers(sampler);
	int err = tach_pipeline__open(line, tach_loader__ring_fd(timers->loader), raw_fd);

	timers->line = line;
	return err ? tach_error(err, "cannot read the ring buffer: %s", strerror(-err)) : 0;
}

static __u64 cpu_time(const struct timers *timers)
{
	return tach_target__cpu_ns(tach_subject__target(timers->subject),
				   timers->opts->all_threads);
}

static int timers_start(struct tach_sampler *sampler)
{
	struct timers *timers = as_timers(sampler);
	int err = tach_kernel_side__attach(timers->loader);

	if (err)
		return err;
	sampler->start_ns = tach_now_ns();
	timers->cpu_start_ns = cpu_time(timers);
	return counts_off_cpu(timers)
		       ? tach_ledger__open(timers->loader, timers->line, &timers->remote)
		       : 0;
}

static void take_cpu_time(struct timers *timers)
{
	__u64 cpu_ns = cpu_time(timers);

	if (cpu_ns) /* the clock of a process is gone once it is reaped */
		timers->cpu_ns = cpu_ns;
}

static int consume(struct timers *timers)
{
	int err = tach_pipeline__consume(timers->line);

	return err ? tach_error(err, "cannot read the ring buffer: %s", strerror(-err)) : 0;
}

static int timers_serve(struct tach_sampler *sampler)
{
	struct timers *timers = as_timers(sampler);

	take_cpu_time(timers);
	return consume(timers);
}

static int timers_fd(const struct tach_sampler *sampler)
{
	(void)sampler;
	return -1;
}

static struct tach_ledger_opts ledger_opts(const struct timers *timers)
{
	return (struct tach_ledger_opts){
		.period_ns = timers->opts->period_ns,
		.filter = filter_of(timers->opts),
		.end_ns = timers->base.end_ns,
	};
}

static int timers_stop(struct tach_sampler *sampler)
{
	struct timers *timers = as_timers(sampler);
	int err = 0;

	take_cpu_time(timers);
	sampler->end_ns = tach_now_ns();
	if (counts_off_cpu(timers)) {
		const struct tach_ledger_opts opts = ledger_opts(timers);

		err = consume(timers);
		/* If that fails it has said why; what was collected is kept. */
		tach_ledger__settle(timers->loader, timers->line, &timers->remote, &opts,
				    &timers->settled);
	}
	tach_loader__detach(timers->loader);
	return err ?: consume(timers);
}

static int timers_tally(struct tach_sampler *sampler, struct tach_tally *tally)
{
	const struct timers *timers = as_timers(sampler);
	const struct tach_ledger_opts opts = ledger_opts(timers);
	int err;

	if (timers->cpu_ns > timers->cpu_start_ns)
		tally->cpu_ns = timers->cpu_ns - timers->cpu_start_ns;
	tally->off_cpu = counts_off_cpu(timers);
	tally->filter = filter_of(timers->opts);
	tally->settled = timers->settled;
	if (sampler->end_ns)
		return tach_tally__collect(tally, timers->loader);
	err = tach_tally__count(tally, timers->loader);
	if (!err && counts_off_cpu(timers))
		err = tach_ledger__foresee(timers->loader, &opts, &tally->settled.samples);
	return err;
}

static void timers_free(struct tach_sampler *sampler)
{
	struct timers *timers = as_timers(sampler);

	tach_loader__free(timers->loader);
	free(timers);
}

static const struct tach_sampler_ops timers_ops = {
	.connect = timers_connect,
	.start = timers_start,
	.serve = timers_serve,
	.fd = timers_fd,
	.stop = timers_stop,
	.tally = timers_tally,
	.free = timers_free,
};

int tach_timers__open(const struct tach_opts *opts, struct tach_subject *subject,
		      struct tach_sampler **out)
{
	struct timers *timers = calloc(1, sizeof(*timers));
	const struct tach_load_opts load_opts = {
		.period_ns = opts->period_ns,
		.ring_sz = opts->ring_sz,
		.all_threads = opts->all_threads,
		.off_cpu = opts->mode != TACH_MODE_CPU,
		.filter = filter_of(opts),
		.exceptions = tach_writer__find(opts->format)->states,
		.network = tach_writer__find(opts->format)->states,
	};
	int err;

	if (!timers)
		return tach_error(-ENOMEM, "out of memory");
	timers->base.ops = &timers_ops;
	timers->opts = opts;
	timers->subject = subject;
	timers->remote = tach_serve__remote(subject);
	err = tach_kernel_side__open(&load_opts, opts->force, subject, &timers->loader);
	if (err) {
		timers_free(&timers->base);
		return err;
	}
	timers->base.sink = tach_kernel_side__sink(timers->loader);
	*out = &timers->base;
	return 0;
}
