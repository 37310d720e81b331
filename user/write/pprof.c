// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A gzip file with a Profile message, for `go tool pprof` and what else reads that. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "write/formats.h"
#include "write/pprof.h"

static const struct {
	enum tach_pprof_word state;
	bool held;
} doings[TACH_DOING__CNT] = {
	[TACH_OFF_CPU] = {TACH_PPROF_OFF_CPU, false},
	[TACH_ON_CPU] = {TACH_PPROF_ON_CPU, false},
	[TACH_OFF_CPU_WITH_GIL] = {TACH_PPROF_OFF_CPU, true},
	[TACH_ON_CPU_WITH_GIL] = {TACH_PPROF_ON_CPU, true},
	[TACH_WAITS_FOR_GIL] = {TACH_PPROF_WAITING, false},
};

static void add_type(struct tach_pprof *pp, enum tach_pprof_field field, enum tach_pprof_word type,
		     enum tach_pprof_word unit)
{
	size_t opened = tach_proto__open(&pp->msg, field);

	tach_proto__number(&pp->msg, 1, type);
	tach_proto__number(&pp->msg, 2, unit);
	tach_proto__close(&pp->msg, opened);
}

static void add_header(struct tach_pprof *pp)
{
	const struct tach_summary *summary = tach_profile__summary(pp->profile);

	add_type(pp, TACH_PPROF_SAMPLE_TYPE, TACH_PPROF_SAMPLES, TACH_PPROF_COUNT);
	add_type(pp, TACH_PPROF_SAMPLE_TYPE, TACH_PPROF_TIME, TACH_PPROF_NANOSECONDS);
	tach_proto__number(&pp->msg, TACH_PPROF_TIME_NANOS, summary->epoch_ns);
	tach_proto__number(&pp->msg, TACH_PPROF_DURATION_NANOS, (__u64)(summary->duration_s * 1e9));
	add_type(pp, TACH_PPROF_PERIOD_TYPE, TACH_PPROF_TIME, TACH_PPROF_NANOSECONDS);
	tach_proto__number(&pp->msg, TACH_PPROF_PERIOD, summary->period_ns);
	tach_proto__number(&pp->msg, TACH_PPROF_DEFAULT_SAMPLE_TYPE, TACH_PPROF_TIME);
}

/* Readers look for symbols of locations in binaries unless the mapping says that all is there. Its name is
 * what they call the profiled program. */
static void add_mapping(struct tach_pprof *pp)
{
	bool named = tach_profile__process_cnt(pp->profile);
	__u32 name = named ? tach_pprof__string(pp, tach_profile__process(pp->profile, 0)->name)
			   : TACH_PPROF_NO_STRING;
	size_t opened = tach_proto__open(&pp->msg, TACH_PPROF_MAPPING_TABLE);

	tach_proto__number(&pp->msg, 1, TACH_PPROF_MAPPING);
	tach_proto__number(&pp->msg, 5, name);
	tach_proto__number(&pp->msg, 7, true); /* has functions, */
	tach_proto__number(&pp->msg, 8, true); /* files */
	tach_proto__number(&pp->msg, 9, true); /* and lines */
	tach_proto__close(&pp->msg, opened);
}

static void add_stack(struct tach_pprof *pp, __u32 idx)
{
	size_t opened = tach_proto__open(&pp->msg, 1);
	const struct tach_node *node;

	for (; idx; idx = node->parent) {
		node = tach_profile__node(pp->profile, idx);
		tach_proto__packed(&pp->msg, (__u64)node->frame + 1);
	}
	tach_proto__close(&pp->msg, opened);
}

static void add_values(struct tach_pprof *pp, __u64 weight)
{
	__u64 period_ns = tach_profile__summary(pp->profile)->period_ns;
	size_t opened = tach_proto__open(&pp->msg, 2);
	__s64 ns;

	if (__builtin_mul_overflow(weight, period_ns, &ns))
		ns = INT64_MAX;
	tach_proto__packed(&pp->msg, weight);
	tach_proto__packed(&pp->msg, ns);
	tach_proto__close(&pp->msg, opened);
}

static void add_label(struct tach_pprof *pp, enum tach_pprof_word key, __u32 string)
{
	size_t opened;

	if (string == TACH_PPROF_NO_STRING)
		return;
	opened = tach_proto__open(&pp->msg, 3);
	tach_proto__number(&pp->msg, 1, key);
	tach_proto__number(&pp->msg, 2, string);
	tach_proto__close(&pp->msg, opened);
}

static int add_sample(struct tach_pprof *pp, const struct tach_row *row, enum tach_doing doing)
{
	const struct tach_pprof_who *who = &pp->who[row->who];
	size_t opened;

	if (!row->weights[doing])
		return 0;
	opened = tach_proto__open(&pp->msg, TACH_PPROF_SAMPLE);
	add_stack(pp, row->node);
	add_values(pp, row->weights[doing]);
	add_label(pp, TACH_PPROF_PID, pp->pids[tach_profile__who(pp->profile, row->who)->process]);
	add_label(pp, TACH_PPROF_TID, who->tid);
	add_label(pp, TACH_PPROF_THREAD, who->name);
	add_label(pp, TACH_PPROF_INTERP, who->interp);
	add_label(pp, TACH_PPROF_STATE, doings[doing].state);
	add_label(pp, TACH_PPROF_GIL, doings[doing].held ? TACH_PPROF_HELD : TACH_PPROF_NO_STRING);
	tach_proto__close(&pp->msg, opened);
	return tach_pprof__flush(pp);
}

static int add_samples(struct tach_pprof *pp)
{
	int err = tach_pprof__flush(pp);

	for (__u32 i = 0; !err && i < tach_profile__row_cnt(pp->profile); i++) {
		const struct tach_row *row = tach_profile__row(pp->profile, i);

		for (int doing = 0; !err && doing < TACH_DOING__CNT; doing++)
			err = add_sample(pp, row, doing);
		if (tach_sink__failed(pp->sink))
			break;
	}
	return err;
}

int tach_pprof__write(const struct tach_profile *profile, const struct tach_write_opts *opts,
		      struct tach_sink *sink)
{
	struct tach_pprof pp = {.profile = profile, .sink = sink};
	int err;

	(void)opts;
	pp.gzip = tach_gzip__new(sink);
	err = pp.gzip ? tach_pprof__tables(&pp) : -ENOMEM;
	if (!err) {
		add_header(&pp);
		add_mapping(&pp);
		err = add_samples(&pp);
	}
	tach_gzip__close(pp.gzip);
	tach_idmap__clear(&pp.function_of);
	tach_idmap__clear(&pp.name_of);
	tach_proto__free(&pp.msg);
	free(pp.who);
	free(pp.pids);
	return err;
}
