// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* The line of --realtime-stats, from counters and a clock made by hand. */
#include "progress.h"
#include "tally_world.h"

struct screen {
	struct world *world;
	struct tach_progress progress;
	FILE *out;
	char *text;
	size_t sz;
	__u64 now_ns;
};

static void open_screen(struct screen *screen, bool terminal)
{
	*screen = (struct screen){.world = begin(), .now_ns = 7 * S};
	screen->out = open_memstream(&screen->text, &screen->sz);
	assert_non_null(screen->out);
	tick(screen->world, TACH_ST_SAMPLED, 10); /* before the first interval */
	tach_progress__begin(&screen->progress, screen->out, terminal, screen->now_ns,
			     &screen->world->tally);
}

static void close_screen(struct screen *screen)
{
	fclose(screen->out);
	free(screen->text);
	end(screen->world);
}

/* After @ns and @samples. */
static void go_on(struct screen *screen, __u64 ns, __u64 samples)
{
	screen->now_ns += ns;
	tick(screen->world, TACH_ST_SAMPLED, samples);
	if (tach_progress__is_due(&screen->progress, screen->now_ns))
		tach_progress__show(&screen->progress, screen->now_ns, &screen->world->tally);
}

static void test_lines(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, false);
	go_on(&screen, S - 1, 0);
	assert_int_equal(ftell(screen.out), 0);
	go_on(&screen, S + 1, 2000);
	count(screen.world, TACH_CT_STACKS, 4);
	count(screen.world, TACH_CT_REVALIDATED, 6);
	tick(screen.world, TACH_ST_FRAME_FAULT, 2);
	screen.world->tally.ring_sz = 1000;
	screen.world->read.ring_most = 250;
	screen.world->tally.own_cpu_ns = S / 100;
	count(screen.world, TACH_CT_TICK_NS, S / 200);
	go_on(&screen, S, 498);
	tach_progress__end(&screen.progress);
	assert_string_equal(screen.text,
			    "Stats: 1000.0Hz (1000.0µs) Min: 1000.0Hz Max: 1000.0Hz N=2010 "
			    "Cache: 100.0% (2010+0/0) Errors: 0 Ring: 0.0% CPU: 0.0%\n"
			    "Stats: 750.0Hz (1333.3µs) Min: 500.0Hz Max: 1000.0Hz N=2510 "
			    "Cache: 99.8% (2498+6/4) Errors: 2 Ring: 25.0% CPU: 1.5%\n");
	close_screen(&screen);
}

/* Nothing yet, and nothing at all. */
static void test_zero(void **state)
{
	struct screen screen;
	struct tach_progress none = {0};

	(void)state;
	assert_false(tach_progress__is_due(&none, S * 100));
	tach_progress__end(&none);
	open_screen(&screen, false);
	screen.world->tally.counts[TACH_ST_SAMPLED] = 0;
	go_on(&screen, S, 0);
	assert_string_equal(screen.text, "Stats: 0.0Hz (0.0µs) Min: 0.0Hz Max: 0.0Hz N=10 "
					 "Cache: 0.0% (0+0/0) Errors: 0 Ring: 0.0% CPU: 0.0%\n");
	close_screen(&screen);
}

/* The last hundred intervals count. */
static void test_window(void **state)
{
	struct screen screen;

	(void)state;
	open_screen(&screen, false);
	go_on(&screen, S, 1000000);
	for (int i = 0; i < TACH_PROGRESS_INTERVALS; i++)
		go_on(&screen, S, 100 + i % 2);
	assert_non_null(strstr(screen.text, "Stats: 10099.5Hz (99.0µs)"));
	assert_non_null(strstr(screen.text, "Stats: 100.5Hz (9950.2µs) Min: 100.0Hz Max: 101.0Hz"));
	close_screen(&screen);
}

static void test_terminal(void **state)
{
	struct screen screen;
	/* As wide as a terminal of 80 columns, but for the last one; one character has two bytes. */
	const char first[] = "Stats: 10.0Hz (100000.0µs) Min: 10.0Hz Max: 10.0Hz N=20 "
			     "Cache: 100.0% (20+0/0) ";

	(void)state;
	open_screen(&screen, true);
	go_on(&screen, S, 10);
	assert_memory_equal(screen.text, "\r\033[K", 4);
	assert_string_equal(screen.text + 4, first);
	go_on(&screen, S, 10);
	assert_memory_equal(screen.text + 4 + sizeof(first) - 1, "\r\033[KStats: 10.0Hz", 17);
	tach_progress__end(&screen.progress);
	fflush(screen.out);
	assert_int_equal(screen.text[screen.sz - 1], '\n');
	tach_progress__end(&screen.progress); /* once */
	fflush(screen.out);
	assert_int_not_equal(screen.text[screen.sz - 2], '\n');
	close_screen(&screen);
}

static void test_statistics(void **state)
{
	struct world *w = begin();
	char *text = NULL;
	size_t sz;
	FILE *out = open_memstream(&text, &sz);

	(void)state;
	assert_non_null(out);
	tick(w, TACH_ST_SAMPLED, 900);
	count(w, TACH_CT_OFF_READS, 90);
	count(w, TACH_CT_OFF_WORKS, 10);
	count(w, TACH_CT_STACKS, 50);
	count(w, TACH_CT_REVALIDATED, 100);
	count(w, TACH_CT_CODES, 5);
	count(w, TACH_CT_STALE, 3);
	count(w, TACH_CT_TSTATE_WALKS, 2);
	count(w, TACH_CT_TICKS, 2000);
	count(w, TACH_CT_TICK_NS, S / 100);
	count(w, TACH_CT_SWITCH_NS, S / 10);
	w->symbols.fallbacks = 1;
	w->tally.ring_sz = 4096;
	w->read = (struct tach_read_stats){.records = 70, .ring_used = 9000, .ring_most = 5000};
	w->tally.off_cpu = true;
	tach_report__print_statistics(&w->tally, out);
	fclose(out);
	assert_string_equal(text,
			    "\n==================================================\n"
			    "Unwinder Statistics:\n"
			    "  Stack Cache:\n"
			    "    Total reads:      1000\n"
			    "    Full hits:        850 (85.00%)\n"
			    "    Partial hits:     100 (10.00%)\n"
			    "    Misses:           50 (5.00%)\n"
			    "  Stack Reads:\n"
			    "    In ticks:         900\n"
			    "    Leaving a CPU:    90\n"
			    "    Back on a CPU:    10\n"
			    "  Code Objects:\n"
			    "    Captured:         5\n"
			    "    Read later:       1\n"
			    "  Thread States:\n"
			    "    Searched:         2\n"
			    "  Stale cache invalidations: 3\n"
			    "  Ring Buffer:\n"
			    "    Records:          70\n"
			    "    Bytes:            9000\n"
			    "    Most at once:     4096 (100.00%)\n"
			    "  BPF Programs:\n"
			    "    Ticks:            0.010 s (5.00 us each of 2000 on busy CPUs)\n"
			    "    Switches:         0.100 s\n");
	free(text);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	   cmocka_unit_test(test_zero),
		cmocka_unit_test(test_window),	   cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
