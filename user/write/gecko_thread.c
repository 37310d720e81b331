// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A thread and its samples. What stands for many periods, a long block mostly, is two rows with weights: its first
 * sample and its last one. */
#include <stdio.h>

#include "write/gecko.h"
#include "write/label.h"
#include "bpf/tach_wire.h"

/* A row of the table of samples. */
struct row {
	__u64 at_ns;
	__u32 node;
	__u32 weight;
	__u64 cpu_ns; /* spent since the row before it */
};

/* Goes through the rows of a thread. A sample on a CPU is a period of CPU time, which may be more than has passed
 * since the row before it, as samples are taken at random points: what is too much goes to the next rows, so that
 * the sum is true, and no row has more than there is. */
struct rows {
	struct tach_thread_items rest;
	const struct tach_event *event; /* NULL: no more */
	__u64 period_ns;
	__u64 last_ns;	 /* of the row before */
	__u64 credit_ns; /* CPU time that no row has yet */
	bool second;	 /* the first row of this event is done */
};

static struct rows rows_of(const struct tach_gecko *gecko, __u32 who)
{
	struct rows rows = {.period_ns = tach_profile__summary(gecko->profile)->period_ns};

	rows.rest = tach_by_thread__of(&gecko->by_thread, who);
	rows.event = tach_by_thread__next(&rows.rest);
	return rows;
}

static bool next_row(struct rows *rows, struct row *row)
{
	const struct tach_event *event = rows->event;
	__u64 back_ns;
	bool last;

	if (!event)
		return false;
	last = rows->second || event->weight == 1;
	back_ns = last ? 0 : (event->weight - 1) * rows->period_ns;
	row->node = event->node;
	row->weight = rows->second ? event->weight - 1 : 1;
	row->at_ns = event->ts_ns > back_ns ? event->ts_ns - back_ns : 0;
	if (row->at_ns < rows->last_ns)
		row->at_ns = rows->last_ns;
	if (event->state & TACH_STATE_ON_CPU)
		rows->credit_ns += row->weight * rows->period_ns;
	row->cpu_ns =
		rows->last_ns ? row->at_ns - rows->last_ns : 0; /* nobody reads that of the first */
	if (row->cpu_ns > rows->credit_ns)
		row->cpu_ns = rows->credit_ns;
	rows->credit_ns -= row->cpu_ns;
	rows->last_ns = row->at_ns;
	rows->second = !last;
	if (last)
		rows->event = tach_by_thread__next(&rows->rest);
	return true;
}

static void put_stack(struct tach_gecko *gecko, const struct row *row)
{
	tach_json__int(&gecko->json, (__s64)row->node - 1);
}

static void put_time(struct tach_gecko *gecko, const struct row *row)
{
	tach_json__fixed(&gecko->json, tach_gecko__us(gecko, row->at_ns), 3);
}

static void put_weight(struct tach_gecko *gecko, const struct row *row)
{
	tach_json__int(&gecko->json, row->weight);
}

static void put_cpu(struct tach_gecko *gecko, const struct row *row)
{
	tach_json__int(&gecko->json, (__s64)(row->cpu_ns / 1000));
}

static const struct {
	const char *name;
	void (*put)(struct tach_gecko *gecko, const struct row *row);
} columns[] = {
	{"stack", put_stack},
	{"time", put_time},
	{"weight", put_weight},
	{"threadCPUDelta", put_cpu},
};

static void write_samples(struct tach_gecko *gecko, __u32 who)
{
	struct tach_json *json = &gecko->json;
	struct rows rows;
	struct row row;
	__u64 cnt = 0;

	tach_json__key(json, "samples");
	tach_json__open(json, '{');
	for (rows = rows_of(gecko, who); next_row(&rows, &row);)
		cnt++;
	tach_json__key(json, "length");
	tach_json__int(json, (__s64)cnt);
	tach_json__key(json, "weightType");
	tach_json__str(json, "samples");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		tach_json__key(json, columns[i].name);
		tach_json__open(json, '[');
		for (rows = rows_of(gecko, who); next_row(&rows, &row);)
			columns[i].put(gecko, &row);
		tach_json__close(json, ']');
	}
	tach_json__close(json, '}');
}

int tach_gecko__write_thread(struct tach_gecko *gecko, __u32 who_idx)
{
	const struct tach_who *who = tach_profile__who(gecko->profile, who_idx);
	const struct tach_process *process = tach_profile__process(gecko->profile, who->process);
	struct tach_json *json = &gecko->json;
	char label[TACH_LABEL_SZ], pid[16];
	int err;

	snprintf(pid, sizeof(pid), "%d", process->pid);
	tach_label__thread(gecko->profile, who_idx, label);
	tach_json__open(json, '{');
	tach_json__key(json, "name");
	tach_json__str(json, label);
	tach_json__key(json, "isMainThread");
	tach_json__bool(json, who->main_thread);
	tach_json__key(json, "processName");
	tach_json__str(json, *process->name ? process->name : "Python");
	tach_json__key(json, "pid");
	tach_json__str(json, pid);
	tach_json__key(json, "tid");
	tach_json__int(json, who->tid);
	tach_json__raw(json, "\"processType\":\"default\",\"processStartupTime\":0,"
			     "\"processShutdownTime\":null,\"registerTime\":0,"
			     "\"unregisterTime\":null,\"pausedRanges\":[],"
			     "\"showMarkersInTimeline\":true");
	write_samples(gecko, who_idx);
	err = tach_gecko__write_markers(gecko, who_idx);
	tach_json__close(json, '}');
	return err;
}
