// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Print a file of raw records (option --raw) as tab-separated lines:
 *
 *	S tid stack_id state weight ts_ns host_tid	a sample
 *	F stack_id index code_addr lasti line end_line col end_col qualname filename
 *						a frame of a stack, leaf = 0
 *	H stack_id index code_addr lasti	a frame that is hidden
 *	E records bad codes unknown bad_lines	at the end: what was read, and what was not
 *
 * Numbers are decimal; tab, newline, return and backslash in names are written as in C. What the records
 * miss stays unknown: there is no target to ask. Exit code 0, or 1 if the file cannot be read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "read/read.h"
#include "symbolize/symbolize.h"

struct printer {
	struct tach_frametab *tab;
	struct tach_symbolizer *sym;
};

static void print_text(const struct tach_frametab *tab, tach_str_id id)
{
	static const char plain[] = "\t\n\r\\", escaped[] = "tnr\\";
	const char *text, *hit;
	size_t sz, i;

	text = tach_frametab__text(tab, id, &sz);
	putchar('\t');
	for (i = 0; i < sz; i++) {
		hit = text[i] ? strchr(plain, text[i]) : NULL;
		if (hit)
			printf("\\%c", escaped[hit - plain]);
		else
			putchar(text[i]);
	}
}

static int on_sample(void *ctx, const struct tach_rec_sample *rec)
{
	(void)ctx;
	printf("S\t%u\t%" PRIu64 "\t%u\t%u\t%" PRIu64 "\t%u\n", rec->tid, (uint64_t)rec->stack_id,
	       rec->state, rec->weight, (uint64_t)rec->ts_ns, rec->host_tid);
	return 0;
}

static void print_frame(const struct printer *out, const struct tach_rec_stack *rec, __u32 index,
			__u64 word, tach_frame_id id)
{
	const struct tach_frame *frame = tach_frametab__get(out->tab, id);

	printf("F\t%" PRIu64 "\t%u\t%" PRIu64 "\t%u\t%d\t%d\t%d\t%d", (uint64_t)rec->stack_id,
	       index, (uint64_t)TACH_FRAME_CODE(word), TACH_FRAME_LASTI(word), frame->line,
	       frame->end_line, frame->col, frame->end_col);
	print_text(out->tab, frame->func);
	print_text(out->tab, frame->file);
	putchar('\n');
}

static void print_hidden(const struct tach_rec_stack *rec, __u32 index, __u64 word)
{
	printf("H\t%" PRIu64 "\t%u\t%" PRIu64 "\t%u\n", (uint64_t)rec->stack_id, index,
	       (uint64_t)TACH_FRAME_CODE(word), TACH_FRAME_LASTI(word));
}

/* Frame by frame, so that each is printed beside the word it comes from. */
static int on_stack(void *ctx, const struct tach_rec_stack *rec)
{
	union {
		struct tach_rec_stack rec;
		__u64 words[sizeof(*rec) / sizeof(__u64) + 1];
	} one = {.rec = *rec};
	const struct printer *out = ctx;
	tach_frame_id ids[2];
	__u32 i, cut = tach_stack__cut(rec);
	ssize_t cnt;
	__u64 word;

	one.rec.frame_cnt = 1;
	one.rec.left_out = 0;
	for (i = 0; i < rec->frame_cnt; i++) {
		word = tach_stack__word(rec, i);
		one.rec.flags = i + 1 == cut ? rec->flags : 0;
		memcpy(one.rec.frames, &word, sizeof(word));
		cnt = tach_symbolizer__resolve(out->sym, &one.rec, ids);
		if (cnt < 0)
			return (int)cnt;
		if (cnt > !!(one.rec.flags & TACH_STACK_TRUNCATED))
			print_frame(out, rec, i, word, ids[0]);
		else
			print_hidden(rec, i, word);
		if (one.rec.flags & TACH_STACK_TRUNCATED)
			print_frame(out, rec, i + 1, 0, ids[cnt - 1]);
	}
	return 0;
}

static int on_code(void *ctx, const struct tach_rec_code *rec)
{
	const struct printer *out = ctx;

	return tach_symbolizer__add_code(out->sym, rec);
}

static int on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	(void)ctx;
	(void)rec;
	return 0;
}

static int print_file(struct printer *out, const char *path)
{
	const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
		.ctx = out,
	};
	const struct tach_symbolizer_stats *syms = tach_symbolizer__stats(out->sym);
	struct tach_source *source = tach_source__open_file(path, &handlers);
	const struct tach_read_stats *stats;
	int cnt;

	if (!source)
		return -errno;
	cnt = tach_source__consume(source);
	stats = tach_source__stats(source);
	printf("E\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
	       (uint64_t)stats->records, (uint64_t)stats->bad, (uint64_t)syms->codes,
	       (uint64_t)syms->unknown, (uint64_t)syms->bad_lines);
	tach_source__free(source);
	return cnt < 0 ? cnt : 0;
}

int main(int argc, char **argv)
{
	struct printer out = {.tab = tach_frametab__new()};
	int err = -ENOMEM;

	if (argc != 2) {
		fprintf(stderr, "usage: records FILE\n");
		return 1;
	}
	out.sym = out.tab ? tach_symbolizer__new(out.tab, NULL) : NULL;
	if (out.sym)
		err = print_file(&out, argv[1]);
	tach_symbolizer__free(out.sym);
	tach_frametab__free(out.tab);
	if (err)
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
	return err ? 1 : 0;
}
