// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Makes a profile from a description and writes it, so that the writers can be compared with others
 * that are given the same samples.
 *
 *	profile_text INPUT FORMAT OUTPUT [SORT LIMIT SUMMARY MARKER]
 *
 * OUTPUT is what -o would be, "default" for none. INPUT has one item a line, strings as hexadecimal
 * UTF-8 ("-" if empty), frames leaf first by their order in the file from 0:
 *	pid N | period_ns N | mode NAME
 *	frame FILE FUNC LINE END_LINE COL END_COL
 *	stack ID FRAME...
 *	sample STACK_ID TID WEIGHT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/profile.h"
#include "write/writer.h"

#define TACH_PROFILE_TEXT_DEPTH 8192

struct input {
	struct tach_frametab *tab;
	struct tach_profile *profile;
	struct tach_summary summary;
	char mode[16];
	tach_frame_id *ids; /* [cnt] by order in the file */
	size_t cnt;
};

static int fail(const char *what)
{
	fprintf(stderr, "profile_text: %s\n", what);
	return -EINVAL;
}

static tach_str_id hex_str(struct tach_frametab *tab, const char *hex)
{
	size_t i, sz = strcmp(hex, "-") ? strlen(hex) / 2 : 0;
	char *text = malloc(sz + 1);
	tach_str_id id;

	if (!text)
		return TACH_NO_ID;
	for (i = 0; i < sz; i++) {
		unsigned byte = 0;

		sscanf(hex + 2 * i, "%2x", &byte);
		text[i] = byte;
	}
	id = tach_frametab__str(tab, text, sz);
	free(text);
	return id;
}

static int add_frame(struct input *in, char *line)
{
	char *file = strtok(line, " "), *func = strtok(NULL, " "), *rest = strtok(NULL, "\n");
	struct tach_frame frame;
	tach_frame_id *ids;

	if (!rest || sscanf(rest, "%d %d %d %d", &frame.line, &frame.end_line, &frame.col,
			    &frame.end_col) != 4)
		return fail("bad frame");
	frame.file = hex_str(in->tab, file);
	frame.func = hex_str(in->tab, func);
	ids = reallocarray(in->ids, in->cnt + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	in->ids = ids;
	ids[in->cnt++] = tach_frametab__frame(in->tab, &frame);
	return 0;
}

static int add_stack(struct input *in, char *line)
{
	tach_frame_id frames[TACH_PROFILE_TEXT_DEPTH];
	unsigned long long id;
	size_t idx;
	__u32 cnt = 0;
	char *end;

	for (id = strtoull(line, &end, 10); *end == ' '; cnt++) {
		idx = strtoul(end + 1, &end, 10);
		if (cnt == TACH_PROFILE_TEXT_DEPTH || idx >= in->cnt)
			return fail("bad stack");
		frames[cnt] = in->ids[idx];
	}
	return tach_profile__define(in->profile, id, frames, cnt);
}

static int add_sample(struct input *in, const char *line)
{
	unsigned long long id;
	__u32 tid, weight;
	int err;

	if (sscanf(line, "%llu %u %u", &id, &tid, &weight) != 3)
		return fail("bad sample");
	err = tach_profile__add(in->profile, id, tid, weight);
	return err == -ENOENT ? 0 : err;
}

static int take_line(struct input *in, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "frame ", 6))
		return add_frame(in, line + 6);
	if (!strncmp(line, "stack ", 6))
		return add_stack(in, line + 6);
	if (!strncmp(line, "sample ", 7))
		return add_sample(in, line + 7);
	if (sscanf(line, "pid %d", &in->summary.pid) == 1 ||
	    sscanf(line, "period_ns %llu", &in->summary.period_ns) == 1 ||
	    sscanf(line, "mode %15s", in->mode) == 1)
		return 0;
	return fail("unknown line");
}

static int read_input(struct input *in, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t sz = 0;
	int err = 0;

	if (!file)
		return fail("cannot open the input");
	while (!err && getline(&line, &sz, file) > 0)
		err = take_line(in, line);
	free(line);
	fclose(file);
	return err;
}

static int make_profile(struct input *in, const char *path)
{
	struct tach_frame lost = {.col = TACH_COL_NONE, .end_col = TACH_COL_NONE};
	int err;

	in->summary.mode = in->mode;
	in->tab = tach_frametab__new();
	if (!in->tab)
		return -ENOMEM;
	lost.file = tach_frametab__str(in->tab, "~", 1);
	lost.func = tach_frametab__str(in->tab, "<lost stack>", 12);
	in->profile = tach_profile__new(in->tab, tach_frametab__frame(in->tab, &lost));
	if (!in->profile)
		return -ENOMEM;
	err = read_input(in, path);
	return err ? err : tach_profile__freeze(in->profile, &in->summary);
}

int main(int argc, char **argv)
{
	struct tach_write_opts opts = {.limit = 15, .summary = true};
	const struct tach_writer *writer;
	struct input in = {.summary.period_ns = 1000000};
	struct tach_why why;
	const char *path;
	int err;

	if (argc != 4 && argc != 8)
		return fail("usage: INPUT FORMAT OUTPUT [SORT LIMIT SUMMARY MARKER]"), 2;
	if (argc == 8) {
		opts.sort = atoi(argv[4]);
		opts.limit = atoi(argv[5]);
		opts.summary = atoi(argv[6]);
		opts.sampled_marker = atoi(argv[7]);
	}
	writer = tach_writer__find(argv[2]);
	path = strcmp(argv[3], "default") ? argv[3] : NULL;
	err = writer ? make_profile(&in, argv[1]) : fail("no such format");
	if (!err)
		err = tach_write__check(writer, path, &why) ? -1 : 0;
	if (err == -1)
		fprintf(stderr, "check: %s\n", why.text);
	if (!err && tach_write(writer, in.profile, &opts, path, &why)) {
		fprintf(stderr, "write: %s\n", why.text);
		err = -1;
	}
	tach_profile__free(in.profile);
	tach_frametab__free(in.tab);
	free(in.ids);
	return err ? 1 : 0;
}
