// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <stdio.h>

#include "report.h"

#define RULE "=================================================="

static void print_count(const char *name, __u64 n, FILE *out)
{
	fprintf(out, "    %-17s %llu\n", name, n);
}

static void print_part(const char *name, __u64 n, __u64 whole, FILE *out)
{
	fprintf(out, "    %-17s %llu (%.2f%%)\n", name, n, whole ? 100.0 * n / whole : 0);
}

static void print_reads(const struct tach_tally *tally, FILE *out)
{
	const struct tach_stack_reads reads = tach_tally__stack_reads(tally);
	__u64 stale = tach_tally__counter(tally, TACH_CT_STALE);

	fprintf(out, "  Stack Cache:\n");
	print_count("Total reads:", reads.total, out);
	print_part("Full hits:", reads.known, reads.total, out);
	print_part("Partial hits:", reads.checked, reads.total, out);
	print_part("Misses:", reads.fresh, reads.total, out);
	fprintf(out, "  Stack Reads:\n");
	print_count("In ticks:", tally->counts[TACH_ST_SAMPLED], out);
	print_count("Leaving a CPU:", tach_tally__counter(tally, TACH_CT_OFF_READS), out);
	print_count("Back on a CPU:", tach_tally__counter(tally, TACH_CT_OFF_WORKS), out);
	fprintf(out, "  Code Objects:\n");
	print_count("Captured:", tach_tally__counter(tally, TACH_CT_CODES), out);
	print_count("Read later:", tally->line.symbols->fallbacks, out);
	fprintf(out, "  Thread States:\n");
	print_count("Searched:", tach_tally__counter(tally, TACH_CT_TSTATE_WALKS), out);
	if (stale)
		fprintf(out, "  Stale cache invalidations: %llu\n", stale);
}

static void print_ring(const struct tach_tally *tally, FILE *out)
{
	const struct tach_read_stats *read = tally->line.read;

	if (!tally->ring_sz)
		return;
	fprintf(out, "  Ring Buffer:\n");
	print_count("Records:", read->records, out);
	print_count("Bytes:", read->ring_used, out);
	print_part("Most at once:", tach_tally__ring_share(tally) * tally->ring_sz, tally->ring_sz,
		   out);
}

static void print_time(const char *name, __u64 ns, __u64 cnt, const char *of, FILE *out)
{
	fprintf(out, "    %-17s %.3f s", name, ns / 1e9);
	if (cnt)
		fprintf(out, " (%.2f us each of %llu %s)", ns / 1e3 / cnt, cnt, of);
	fputc('\n', out);
}

void tach_report__print_statistics(const struct tach_tally *tally, FILE *out)
{
	fprintf(out, "\n%s\nUnwinder Statistics:\n", RULE);
	print_reads(tally, out);
	print_ring(tally, out);
	if (!tally->ring_sz)
		return;
	fprintf(out, "  BPF Programs:\n");
	print_time("Ticks:", tach_tally__counter(tally, TACH_CT_TICK_NS),
		   tach_tally__counter(tally, TACH_CT_TICKS), "on busy CPUs", out);
	if (tally->off_cpu)
		print_time("Switches:", tach_tally__counter(tally, TACH_CT_SWITCH_NS), 0, "", out);
}
