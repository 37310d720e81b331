// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Compare our decoding of line tables with an interpreter's own.
 *
 *	lines FILE
 *
 * FILE (tests/truth/test_lines.py makes it) has for each code object: struct header, co_linetable,
 * then for each code unit a struct expected; all in host byte order. Prints one line of counts, and on
 * stderr the first mismatches. Exit code 0 if everything is equal, 1 if not, 2 for a bad file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/linetable.h"

struct header {
	__u32 linetable_sz; /* bytes */
	__s32 firstlineno;
	__u32 unit_cnt; /* code units */
};

struct expected {
	struct tach_position pos; /* of co_positions(), as linetable.h puts what is None */
	__s32 line;		  /* of co_lines() */
};

struct counts {
	__u64 codes;
	__u64 instructions;
	__u64 mismatches;
};

#define MAX_SZ (64u << 20)
#define SHOWN  20

static void show(const struct header *head, __u64 code, __u32 unit, const struct expected *want,
		 const struct tach_position *got)
{
	fprintf(stderr,
		"code %" PRIu64
		" (line %d), unit %u: got %d-%d, %d-%d; positions %d-%d, %d-%d; line %d\n",
		(uint64_t)code, head->firstlineno, unit, got->line, got->end_line, got->col,
		got->end_col, want->pos.line, want->pos.end_line, want->pos.col, want->pos.end_col,
		want->line);
}

static void compare(const struct header *head, const unsigned char *table,
		    const struct expected *want, struct counts *counts)
{
	struct tach_position got;
	__u32 unit;

	for (unit = 0; unit < head->unit_cnt; unit++, counts->instructions++) {
		tach_linetable__find(table, head->linetable_sz, head->firstlineno, unit, &got);
		if (!memcmp(&got, &want[unit].pos, sizeof(got)) && got.line == want[unit].line)
			continue;
		if (counts->mismatches++ < SHOWN)
			show(head, counts->codes, unit, &want[unit], &got);
	}
	counts->codes++;
}

/* One code object: 1, 0 at the end of the file, -1 if the file is bad. */
static int compare_next(FILE *file, struct counts *counts)
{
	unsigned char *table = NULL;
	struct expected *want = NULL;
	struct header head;
	size_t got;
	int ret = -1;

	got = fread(&head, 1, sizeof(head), file);
	if (!got && feof(file))
		return 0;
	if (got != sizeof(head) || head.linetable_sz > MAX_SZ || head.unit_cnt > MAX_SZ)
		return -1;
	table = malloc(head.linetable_sz + 1);
	want = calloc(head.unit_cnt + 1, sizeof(*want));
	if (!table || !want)
		goto out;
	if (fread(table, 1, head.linetable_sz, file) != head.linetable_sz ||
	    fread(want, sizeof(*want), head.unit_cnt, file) != head.unit_cnt)
		goto out;
	compare(&head, table, want, counts);
	ret = 1;
out:
	free(want);
	free(table);
	return ret;
}

int main(int argc, char **argv)
{
	struct counts counts = {};
	FILE *file;
	int more;

	if (argc != 2)
		return 2;
	file = fopen(argv[1], "re");
	if (!file) {
		perror(argv[1]);
		return 2;
	}
	do
		more = compare_next(file, &counts);
	while (more > 0);
	fclose(file);
	if (more < 0) {
		fprintf(stderr, "%s: malformed\n", argv[1]);
		return 2;
	}
	printf("codes %" PRIu64 " instructions %" PRIu64 " mismatches %" PRIu64 "\n",
	       (uint64_t)counts.codes, (uint64_t)counts.instructions, (uint64_t)counts.mismatches);
	return counts.mismatches ? 1 : 0;
}
