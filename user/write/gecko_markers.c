// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a thread was doing, as intervals: made of the states of its samples. */
#include <errno.h>
#include <stdio.h>

#include "write/gecko.h"
#include "write/gecko_network.h"
#include "bpf/tach_wire.h"

enum kind {
	HAS_GIL,
	NO_GIL,
	ON_CPU,
	OFF_CPU,
	PYTHON_CODE,
	NATIVE_CODE,
	WAITING,
	HAS_EXCEPTION,
	NO_EXCEPTION,
	COLLECTING,
	KIND_CNT,
};

/* Names, types and categories are those of the reference (CPython v3.15.0 Lib/profiling/sampling/
 * gecko_collector.py), so is what they mean. */
static const struct {
	const char *name;
	const char *type;
	enum tach_gecko_category category;
	bool overview; /* shown above the track of the thread */
} kinds[] = {
	[HAS_GIL] = {"Has GIL", "HasGIL", TACH_GECKO_GIL, false},
	[NO_GIL] = {"No GIL", "NoGIL", TACH_GECKO_GIL, false},
	[ON_CPU] = {"On CPU", "OnCPU", TACH_GECKO_CPU, false},
	[OFF_CPU] = {"Off CPU", "OffCPU", TACH_GECKO_CPU, false},
	[PYTHON_CODE] = {"Python Code", "PythonCode", TACH_GECKO_CODE_TYPE, false},
	[NATIVE_CODE] = {"Native Code", "NativeCode", TACH_GECKO_CODE_TYPE, false},
	[WAITING] = {"Waiting for GIL", "WaitingforGIL", TACH_GECKO_GIL, true},
	[HAS_EXCEPTION] = {"Has Exception", "HasException", TACH_GECKO_EXCEPTION, true},
	[NO_EXCEPTION] = {"No Exception", "NoException", TACH_GECKO_EXCEPTION, false},
	[COLLECTING] = {"GC Collecting", "GCCollecting", TACH_GECKO_GC, true},
};

/* A row of the table of markers. */
struct marker {
	enum kind kind; /* KIND_CNT: it is a wait */
	__u64 begin_us, end_us;
	const struct tach_wait *wait;
	__u64 id;   /* of the wait */
	bool first; /* of its two rows */
};

/* Walks through what is known of a thread, and hands on markers as they end. */
struct walk {
	struct tach_gecko *gecko;
	void (*put)(struct walk *walk, const struct marker *marker);
	__u32 tid;
	__u64 cnt; /* markers so far */
	int err;
	bool open[KIND_CNT];
	__u64 begin_ns[KIND_CNT];
};

static void close_interval(struct walk *walk, enum kind kind, __u64 end_ns)
{
	const struct marker marker = {
		.kind = kind,
		.begin_us = tach_gecko__us(walk->gecko, walk->begin_ns[kind]),
		.end_us = tach_gecko__us(walk->gecko, end_ns),
	};

	walk->open[kind] = false;
	walk->cnt++;
	walk->put(walk, &marker);
}

static void close_all(struct walk *walk, __u64 end_ns)
{
	for (enum kind kind = 0; kind < KIND_CNT; kind++)
		if (walk->open[kind])
			close_interval(walk, kind, end_ns);
}

static void set(struct walk *walk, enum kind kind, bool on, __u64 at_ns)
{
	if (on && !walk->open[kind]) {
		walk->open[kind] = true;
		walk->begin_ns[kind] = at_ns;
	} else if (!on && walk->open[kind]) {
		close_interval(walk, kind, at_ns);
	}
}

static void set_all(struct walk *walk, const struct tach_event *event, __u64 at_ns)
{
	bool gil = event->state & TACH_STATE_HAS_GIL, cpu = event->state & TACH_STATE_ON_CPU;
	bool exception = event->state & TACH_STATE_HAS_EXCEPTION;

	set(walk, HAS_GIL, gil, at_ns);
	set(walk, NO_GIL, !gil, at_ns);
	set(walk, ON_CPU, cpu, at_ns);
	set(walk, OFF_CPU, !cpu, at_ns);
	set(walk, PYTHON_CODE, gil, at_ns);
	set(walk, NATIVE_CODE, cpu && !gil, at_ns);
	set(walk, WAITING, event->state & TACH_STATE_GIL_REQUESTED, at_ns);
	set(walk, HAS_EXCEPTION, exception, at_ns);
	set(walk, NO_EXCEPTION, !exception, at_ns);
	set(walk, COLLECTING, walk->gecko->in_gc[event->node], at_ns);
}

/* When the time that @event stands for began, if it is not all that has passed since @last_ns. */
static __u64 begin_of(const struct tach_event *event, __u64 period_ns, __u64 last_ns)
{
	__u64 back_ns = event->weight * period_ns;
	__u64 begin_ns = event->ts_ns > back_ns ? event->ts_ns - back_ns : 0;

	return begin_ns > last_ns ? begin_ns : last_ns;
}

/* Samples lie at random points of their periods: up to two periods between what two of them stand for are no gap. In
 * a longer one nothing is known. A block ends with its last sample, and time on a CPU is what follows it. */
static void walk_events(struct walk *walk, __u32 who)
{
	__u64 period_ns = tach_profile__summary(walk->gecko->profile)->period_ns, last_ns = 0;
	struct tach_thread_items events = tach_by_thread__of(&walk->gecko->by_thread, who);
	const struct tach_event *event;

	while ((event = tach_by_thread__next(&events))) {
		__u64 begin_ns = begin_of(event, period_ns, last_ns);

		if (begin_ns - last_ns > 2 * period_ns)
			close_all(walk, last_ns);
		else if (event->state & TACH_STATE_ON_CPU)
			begin_ns = last_ns;
		set_all(walk, event, begin_ns);
		last_ns = event->ts_ns;
	}
	close_all(walk, last_ns);
}

/* Waits for sockets: two rows each, as the profiler wants to have it. */
static void walk_waits(struct walk *walk, __u32 who)
{
	struct tach_thread_items waits = tach_by_thread__waits_of(&walk->gecko->by_thread, who);
	const struct tach_wait *wait;

	for (__u64 id = 0; (wait = tach_by_thread__next_wait(&waits)); id++) {
		struct marker marker = {
			.kind = KIND_CNT,
			.begin_us = tach_gecko__us(walk->gecko, wait->begin_ns),
			.end_us = tach_gecko__us(walk->gecko, wait->begin_ns),
			.wait = wait,
			.id = id,
			.first = true,
		};

		walk->put(walk, &marker);
		marker.end_us = tach_gecko__us(walk->gecko, wait->end_ns);
		marker.first = false;
		walk->put(walk, &marker);
		walk->cnt += 2;
	}
}

static void put_nothing(struct walk *walk, const struct marker *marker)
{
	(void)walk;
	(void)marker;
}

/* "recv tcp://127.0.0.1:80" */
static __u32 label_of(struct walk *walk, const struct tach_call *call)
{
	char label[TACH_URL_SZ + 16], url[TACH_URL_SZ];
	int sz;
	__u32 id;

	tach_gecko__url(call, url);
	sz = snprintf(label, sizeof(label), "%s %s", tach_gecko__call_name(call), url);
	id = tach_frametab__str(walk->gecko->labels, label, (size_t)sz);
	if (id == TACH_NO_ID)
		walk->err = -ENOMEM;
	return id;
}

static void put_name(struct walk *walk, const struct marker *marker)
{
	const struct tach_frametab *tab = tach_profile__frames(walk->gecko->profile);
	__u32 idx = marker->wait ? KIND_CNT + label_of(walk, &marker->wait->call) : marker->kind;

	tach_json__int(&walk->gecko->json, (__s64)tach_frametab__str_cnt(tab) + idx);
}

static void put_begin(struct walk *walk, const struct marker *marker)
{
	tach_json__fixed(&walk->gecko->json, marker->begin_us, 3);
}

static void put_end(struct walk *walk, const struct marker *marker)
{
	tach_json__fixed(&walk->gecko->json, marker->end_us, 3);
}

/* An interval, in one row. */
static void put_phase(struct walk *walk, const struct marker *marker)
{
	(void)marker;
	tach_json__int(&walk->gecko->json, 1);
}

static void put_category(struct walk *walk, const struct marker *marker)
{
	tach_json__int(&walk->gecko->json,
		       marker->wait ? TACH_GECKO_NETWORK : kinds[marker->kind].category);
}

static void put_data(struct walk *walk, const struct marker *marker)
{
	struct tach_json *json = &walk->gecko->json;

	if (marker->wait) {
		tach_gecko__write_network(json, &marker->wait->call, marker->id, marker->first,
					  marker->begin_us, marker->end_us);
		return;
	}
	tach_json__open(json, '{');
	tach_json__key(json, "type");
	tach_json__str(json, kinds[marker->kind].type);
	tach_json__key(json, "duration");
	tach_json__fixed(json, marker->end_us - marker->begin_us, 3);
	tach_json__key(json, "tid");
	tach_json__int(json, walk->tid);
	tach_json__close(json, '}');
}

static const struct {
	const char *name;
	void (*put)(struct walk *walk, const struct marker *marker);
} columns[] = {
	{"name", put_name},   {"startTime", put_begin},	  {"endTime", put_end},
	{"phase", put_phase}, {"category", put_category}, {"data", put_data},
};

static void walk_all(struct walk *walk, __u32 who)
{
	walk_events(walk, who);
	walk_waits(walk, who);
}

int tach_gecko__write_markers(struct tach_gecko *gecko, __u32 who)
{
	struct tach_json *json = &gecko->json;
	struct walk walk = {
		.gecko = gecko,
		.put = put_nothing,
		.tid = tach_profile__who(gecko->profile, who)->tid,
	};

	tach_json__key(json, "markers");
	tach_json__open(json, '{');
	walk_all(&walk, who);
	tach_json__key(json, "length");
	tach_json__int(json, (__s64)walk.cnt);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		walk.put = columns[i].put;
		tach_json__key(json, columns[i].name);
		tach_json__open(json, '[');
		walk_all(&walk, who);
		tach_json__close(json, ']');
	}
	tach_json__close(json, '}');
	return walk.err;
}

void tach_gecko__write_marker_names(struct tach_gecko *gecko)
{
	for (enum kind kind = 0; kind < KIND_CNT; kind++)
		tach_json__str(&gecko->json, kinds[kind].name);
	for (__u32 i = 0; i < tach_frametab__str_cnt(gecko->labels); i++)
		tach_json__text(&gecko->json, tach_text__of(gecko->labels, i));
}

void tach_gecko__write_schemas(struct tach_gecko *gecko)
{
	struct tach_json *json = &gecko->json;

	tach_json__key(json, "markerSchema");
	tach_json__open(json, '[');
	for (enum kind kind = 0; kind < KIND_CNT; kind++) {
		tach_json__open(json, '{');
		tach_json__key(json, "name");
		tach_json__str(json, kinds[kind].type);
		tach_json__key(json, "display");
		tach_json__raw(json,
			       kinds[kind].overview
				       ? "[\"marker-chart\",\"marker-table\",\"timeline-overview\"]"
				       : "[\"marker-chart\",\"marker-table\"]");
		tach_json__key(json, "fields");
		tach_json__raw(json, "[{\"key\":\"tid\",\"label\":\"Thread\",\"format\":\"tid\"}]");
		tach_json__close(json, '}');
	}
	tach_json__close(json, ']');
}
