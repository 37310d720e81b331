// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>

#include "report.h"

#define MAX_HOLDERS 3 /* named, of each thread that waited */

/* Waits shorter than this share of the recording are not worth a line. */
#define LEAST_SHARE 0.01

/* Nor is a part of a thread's waits below this one. */
#define LEAST_PART 0.02

#define LEAST_SAMPLES 10

static const struct tach_thread_time *find_thread(const struct tach_profile *profile,
						  __u32 inner_tid)
{
	for (__u32 i = 0; i < tach_profile__thread_cnt(profile); i++) {
		const struct tach_thread_time *t = tach_profile__thread(profile, i);

		if (t->inner_tid == inner_tid)
			return t;
	}
	return NULL;
}

static const struct tach_frame *frame_of(const struct tach_profile *profile, __u32 row)
{
	__u32 node = tach_profile__row(profile, row)->node;

	return tach_frametab__get(tach_profile__frames(profile),
				  tach_profile__node(profile, node)->frame);
}

/* Samples of thread @tid in which @frame's function was the youngest. */
static __u64 weight_of(const struct tach_profile *profile, __u32 tid,
		       const struct tach_frame *frame)
{
	__u64 weight = 0;

	for (__u32 i = 0; i < tach_profile__row_cnt(profile); i++) {
		const struct tach_frame *other = frame_of(profile, i);

		if (tach_profile__row(profile, i)->tid == tid && other->file == frame->file &&
		    other->func == frame->func)
			weight += tach_profile__row(profile, i)->weight;
	}
	return weight;
}

/* The function in which thread @tid held the GIL longest, found by its heaviest line; NULL: not known. */
static const struct tach_frame *busiest(const struct tach_profile *profile, __u32 tid,
					__u64 *weight, __u64 *total)
{
	const struct tach_frame *best = NULL;
	__u64 most = 0;

	*total = 0;
	for (__u32 i = 0; i < tach_profile__row_cnt(profile); i++) {
		const struct tach_row *row = tach_profile__row(profile, i);

		if (row->tid != tid)
			continue;
		*total += row->weight;
		if (row->weight > most) {
			most = row->weight;
			best = frame_of(profile, i);
		}
	}
	*weight = best ? weight_of(profile, tid, best) : 0;
	return best;
}

/* A function says something only if its thread was seen often enough. */
static void print_function(const struct tach_profile *profile, __u32 tid, FILE *out)
{
	const struct tach_frametab *tab = tach_profile__frames(profile);
	const struct tach_frame *frame;
	__u64 weight, total;
	struct tach_text file;

	frame = busiest(profile, tid, &weight, &total);
	if (!frame || total < LEAST_SAMPLES)
		return;
	file = tach_text__of(tab, frame->file);
	fprintf(out, " (%.0f%% of that in ", 100.0 * weight / total);
	if (!tach_text__is(file, "~")) { /* else it is a marker */
		tach_report__print_name(tach_text__basename(file), out);
		fputc(':', out);
	}
	tach_report__print_name(tach_text__of(tab, frame->func), out);
	fputc(')', out);
}

/* For whom thread @t waited. */
static void print_waits(const struct tach_tally *tally, const struct tach_thread_time *t, FILE *out)
{
	__u64 rest_ns = t->gil_wait_ns;
	int shown = 0;

	fprintf(out, "Thread %u waited %.2f s for the GIL", t->tid, t->gil_wait_ns / 1e9);
	for (int i = 0; i < tally->wait_cnt && shown < MAX_HOLDERS; i++) {
		const struct tach_gil_wait *wait = &tally->waits[i];
		const struct tach_thread_time *holder;

		/* One that has just given it up is the last holder until another one has it. */
		if (wait->key.tid != t->inner_tid || !wait->key.holder ||
		    wait->key.holder == t->inner_tid)
			continue;
		if (shown && wait->ns < LEAST_PART * t->gil_wait_ns) /* longest first */
			break;
		holder = find_thread(tally->profile, wait->key.holder);
		fprintf(out, "%s %.2f s while thread %u held it", shown++ ? "," : ":",
			wait->ns / 1e9, holder ? holder->tid : wait->key.holder);
		if (holder)
			print_function(tally->profile, holder->tid, out);
		rest_ns -= wait->ns < rest_ns ? wait->ns : rest_ns;
	}
	if (shown && rest_ns > LEAST_PART * t->gil_wait_ns)
		fprintf(out, ", %.2f s while others did", rest_ns / 1e9);
	fputc('\n', out);
}

static void print_row(const char *who, const struct tach_thread_time *t, FILE *out)
{
	/* Ticks are a sample of the time that the clock has measured. */
	__u64 gil_on_ns = t->gil_on_ns < t->on_ns ? t->gil_on_ns : t->on_ns;

	fprintf(out, "%18s  %8.2f  %10.2f  %15.2f\n", who, (gil_on_ns + t->gil_off_ns) / 1e9,
		t->gil_wait_ns / 1e9, (t->on_ns - gil_on_ns) / 1e9);
}

static void print_table(const struct tach_profile *profile, FILE *out)
{
	__u32 cnt = tach_profile__thread_cnt(profile);
	struct tach_thread_time others = {0};
	char who[32];

	fprintf(out, "GIL:    %10s  held (s)  waited (s)  ran without (s)\n", "tid");
	for (__u32 i = 0; i < cnt; i++) {
		const struct tach_thread_time *t = tach_profile__thread(profile, i);

		if (i >= TACH_REPORT_THREADS) {
			tach_report__add_times(&others, t);
			continue;
		}
		snprintf(who, sizeof(who), "%u", t->tid);
		print_row(who, t, out);
	}
	if (cnt <= TACH_REPORT_THREADS)
		return;
	snprintf(who, sizeof(who), "%u others", cnt - TACH_REPORT_THREADS);
	print_row(who, &others, out);
}

static int by_wait(const void *left, const void *right)
{
	const struct tach_thread_time *a = *(const struct tach_thread_time *const *)left;
	const struct tach_thread_time *b = *(const struct tach_thread_time *const *)right;

	return (a->gil_wait_ns < b->gil_wait_ns) - (a->gil_wait_ns > b->gil_wait_ns);
}

void tach_report__print_gil(const struct tach_tally *tally, FILE *out)
{
	const struct tach_profile *profile = tally->profile;
	__u32 cnt = tach_profile__thread_cnt(profile);
	const struct tach_thread_time **threads = calloc(cnt + 1, sizeof(*threads));

	print_table(profile, out);
	if (!threads)
		return;
	for (__u32 i = 0; i < cnt; i++)
		threads[i] = tach_profile__thread(profile, i);
	qsort(threads, cnt, sizeof(*threads), by_wait);
	for (__u32 i = 0; i < cnt && i < TACH_REPORT_THREADS; i++) {
		if (threads[i]->gil_wait_ns > LEAST_SHARE * threads[i]->wall_ns)
			print_waits(tally, threads[i], out);
	}
	free(threads);
}
