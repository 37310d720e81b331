// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "progress.h"

#define INTERVAL_NS   1000000000ull
#define DEFAULT_WIDTH 80

/* Carriage return, and clear to the end of the line. */
#define REWRITE "\r\033[K"

static __u64 cpu_ns(const struct tach_tally *tally)
{
	return tally->own_cpu_ns + tach_tally__bpf_ns(tally);
}

void tach_progress__begin(struct tach_progress *progress, FILE *out, bool terminal, __u64 now_ns,
			  const struct tach_tally *tally)
{
	*progress = (struct tach_progress){
		.out = out,
		.terminal = terminal,
		.last_ns = now_ns,
		.attempts = tach_tally__attempts(tally),
		.cpu_ns = cpu_ns(tally),
	};
}

bool tach_progress__is_due(const struct tach_progress *progress, __u64 now_ns)
{
	return progress->out && now_ns >= progress->last_ns + INTERVAL_NS;
}

static void add_rate(struct tach_progress *progress, double rate)
{
	progress->rates[progress->next] = rate;
	progress->next = (progress->next + 1) % TACH_PROGRESS_INTERVALS;
	if (progress->rate_cnt < TACH_PROGRESS_INTERVALS)
		progress->rate_cnt++;
}

static int put_rates(const struct tach_progress *progress, char *line, size_t sz)
{
	double sum = 0, least = progress->rates[0], most = least, mean;

	for (size_t i = 0; i < progress->rate_cnt; i++) {
		double rate = progress->rates[i];

		sum += rate;
		least = rate < least ? rate : least;
		most = rate > most ? rate : most;
	}
	mean = sum / progress->rate_cnt;
	return snprintf(line, sz, "Stats: %.1fHz (%.1fµs) Min: %.1fHz Max: %.1fHz", mean,
			mean > 0 ? 1e6 / mean : 0, least, most);
}

/* Cut @line where it would go over the edge: a line that wraps cannot be rewritten. One character is not ASCII, and
 * takes two bytes. */
static void cut(char *line, size_t sz, const FILE *out)
{
	struct winsize size;
	size_t width = DEFAULT_WIDTH, shown = 0, i;

	if (!ioctl(fileno((FILE *)out), TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	for (i = 0; i < sz && line[i] && shown < width - 1; i++)
		shown += (line[i + 1] & 0xc0) != 0x80;
	line[i] = '\0';
}

void tach_progress__show(struct tach_progress *progress, __u64 now_ns,
			 const struct tach_tally *tally)
{
	const struct tach_stack_reads reads = tach_tally__stack_reads(tally);
	__u64 attempts = tach_tally__attempts(tally), used_ns = cpu_ns(tally);
	double seconds = (now_ns - progress->last_ns) / 1e9;
	char line[256];
	int pos;

	add_rate(progress, (attempts - progress->attempts) / seconds);
	pos = put_rates(progress, line, sizeof(line));
	snprintf(line + pos, sizeof(line) - pos,
		 " N=%llu Cache: %.1f%% (%llu+%llu/%llu) Errors: %llu Ring: %.1f%% CPU: %.1f%%",
		 attempts, reads.total ? 100.0 * (reads.known + reads.checked) / reads.total : 0,
		 reads.known, reads.checked, reads.fresh, tach_tally__errors(tally),
		 100 * tach_tally__ring_share(tally), (used_ns - progress->cpu_ns) / seconds / 1e7);
	progress->last_ns = now_ns;
	progress->attempts = attempts;
	progress->cpu_ns = used_ns;
	if (progress->terminal)
		cut(line, sizeof(line), progress->out);
	fprintf(progress->out, progress->terminal ? REWRITE "%s" : "%s\n", line);
	fflush(progress->out);
	progress->shown = progress->terminal;
}

void tach_progress__end(struct tach_progress *progress)
{
	if (progress->shown)
		fputc('\n', progress->out);
	progress->shown = false;
}
