// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Makes a profile from a description and writes it, so that the writers can be compared with others
 * that are given the same samples.
 *
 *	profile_text INPUT FORMAT OUTPUT [SORT LIMIT SUMMARY MARKER]
 *
 * OUTPUT is what -o would be, "default" for none. INPUT has one item a line, strings as hexadecimal
 * UTF-8 ("-" if empty), frames leaf first by their order in the file from 0:
 *	pid N | period_ns N | mode NAME | start_ns N | epoch_ns N | duration_s X | zstd 0 or 1
 *	baseline INPUT
 *	frame FILE FUNC LINE END_LINE COL END_COL [FIRST_LINE]
 *	stack ID FRAME...
 *	sample STACK_ID TID WEIGHT
 *	process PID NAME COMMAND
 *	who PROCESS INTERP TID MAIN NAME
 *	event NS WHO STACK_ID STATE WEIGHT
 *	wait NS NS WHO KIND FD FAMILY TYPE LOCAL_ADDRESS PORT PEER_ADDRESS PORT [PATH]
 * Processes and threads by their order from 0; "sample" is an event of a thread of process 0, which is there
 * even if nobody has named it. Source files are those that this program sees.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
	int zstd;
	char baseline[256]; /* path, "": none */
	tach_frame_id *ids; /* [cnt] by order in the file */
	size_t cnt;
};

static int fail(const char *what)
{
	fprintf(stderr, "profile_text: %s\n", what);
	return -EINVAL;
}

/* Returns the number of bytes, at most half of those of @hex. */
static size_t hex_text(const char *hex, char *text)
{
	size_t i, sz = strcmp(hex, "-") ? strlen(hex) / 2 : 0;

	for (i = 0; i < sz; i++) {
		unsigned byte = 0;

		sscanf(hex + 2 * i, "%2x", &byte);
		text[i] = (char)byte;
	}
	return sz;
}

static tach_str_id hex_str(struct tach_frametab *tab, const char *hex)
{
	char *text = malloc(strlen(hex) + 1);
	tach_str_id id;

	if (!text)
		return TACH_NO_ID;
	id = tach_frametab__str(tab, text, hex_text(hex, text));
	free(text);
	return id;
}

static int add_frame(struct input *in, char *line)
{
	char *file = strtok(line, " "), *func = strtok(NULL, " "), *rest = strtok(NULL, "\n");
	struct tach_frame frame = {0};
	tach_frame_id *ids;

	if (!rest || sscanf(rest, "%d %d %d %d %d", &frame.line, &frame.end_line, &frame.col,
			    &frame.end_col, &frame.first_line) < 4)
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

static int add(struct input *in, __u64 ns, __u32 who, __u64 stack_id, __u32 state, __u32 weight)
{
	const struct tach_event event = {
		.ts_ns = ns,
		.who = who,
		.node = tach_profile__leaf(in->profile, stack_id),
		.state = state,
		.weight = weight,
	};

	return who == TACH_NO_ID ? -ENOMEM : tach_profile__add(in->profile, &event);
}

static int add_sample(struct input *in, const char *line)
{
	unsigned long long id;
	__u32 tid, weight;
	bool added;

	if (sscanf(line, "%llu %u %u", &id, &tid, &weight) != 3)
		return fail("bad sample");
	if (!tach_profile__process_cnt(in->profile) &&
	    tach_profile__add_process(in->profile, in->summary.pid, "", "") == TACH_NO_ID)
		return -ENOMEM;
	return add(in, 0, tach_profile__who_of(in->profile, 0, 0, tid, &added), id, 0, weight);
}

static int add_event(struct input *in, const char *line)
{
	__u32 who, state, weight;
	unsigned long long ns, id;

	if (sscanf(line, "%llu %u %llu %u %u", &ns, &who, &id, &state, &weight) != 5 ||
	    who >= tach_profile__who_cnt(in->profile))
		return fail("bad event");
	return add(in, ns, who, id, state, weight);
}

static int add_process(struct input *in, const char *line)
{
	char name[64], command[512], text[2][256] = {"", ""};
	int pid;

	if (sscanf(line, "%d %63s %511s", &pid, name, command) != 3)
		return fail("bad process");
	hex_text(name, text[0]);
	hex_text(command, text[1]);
	return tach_profile__add_process(in->profile, pid, text[0], text[1]) == TACH_NO_ID ? -ENOMEM
											   : 0;
}

static int add_who(struct input *in, const char *line)
{
	__u32 process, interp, tid, main_thread, who;
	char name[64], text[32] = "";
	bool added;

	if (sscanf(line, "%u %u %u %u %63s", &process, &interp, &tid, &main_thread, name) != 5)
		return fail("bad thread");
	hex_text(name, text);
	who = tach_profile__who_of(in->profile, process, interp, tid, &added);
	if (who == TACH_NO_ID)
		return -ENOMEM;
	tach_profile__describe(in->profile, who, text, main_thread);
	return 0;
}

static int add_wait(struct input *in, const char *line)
{
	struct tach_wait wait = {0};
	char local[64], peer[64], path[TACH_PATH_SZ + 1] = "";
	unsigned long long begin, end;

	if (sscanf(line, "%llu %llu %u %u %d %hu %hu %63s %hu %63s %hu %108s", &begin, &end,
		   &wait.who, &wait.call.kind, &wait.call.fd, &wait.call.family, &wait.call.type,
		   local, &wait.call.local_port, peer, &wait.call.peer_port, path) < 11 ||
	    wait.who >= tach_profile__who_cnt(in->profile))
		return fail("bad wait");
	wait.begin_ns = begin;
	wait.end_ns = end;
	inet_pton(wait.call.family, local, wait.call.ends.local);
	inet_pton(wait.call.family, peer, wait.call.ends.peer);
	if (wait.call.family == AF_UNIX) {
		wait.call.path_sz = (__u32)strlen(path);
		memcpy(wait.call.path, path, wait.call.path_sz);
		if (path[0] == '@') /* abstract */
			wait.call.path[0] = 0;
	}
	return tach_profile__add_wait(in->profile, &wait);
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
	if (!strncmp(line, "process ", 8))
		return add_process(in, line + 8);
	if (!strncmp(line, "who ", 4))
		return add_who(in, line + 4);
	if (!strncmp(line, "event ", 6))
		return add_event(in, line + 6);
	if (!strncmp(line, "wait ", 5))
		return add_wait(in, line + 5);
	if (sscanf(line, "pid %d", &in->summary.pid) == 1 ||
	    sscanf(line, "period_ns %llu", &in->summary.period_ns) == 1 ||
	    sscanf(line, "start_ns %llu", &in->summary.start_ns) == 1 ||
	    sscanf(line, "epoch_ns %llu", &in->summary.epoch_ns) == 1 ||
	    sscanf(line, "duration_s %lf", &in->summary.duration_s) == 1 ||
	    sscanf(line, "baseline %255s", in->baseline) == 1 ||
	    sscanf(line, "zstd %d", &in->zstd) == 1 || sscanf(line, "mode %15s", in->mode) == 1)
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

static int make_profile(struct input *in, const char *path, bool events)
{
	int err;

	in->summary.mode = in->mode;
	in->tab = tach_frametab__new();
	if (!in->tab)
		return -ENOMEM;
	in->profile = tach_profile__new(in->tab);
	if (!in->profile)
		return -ENOMEM;
	err = events ? tach_profile__keep_events(in->profile, -1, &in->summary) : 0;
	if (!err)
		err = read_input(in, path);
	if (!err)
		err = tach_profile__flush_events(in->profile);
	return err ? err : tach_profile__freeze(in->profile, &in->summary);
}

static void free_input(struct input *in)
{
	tach_profile__free(in->profile);
	tach_frametab__free(in->tab);
	free(in->ids);
}

int main(int argc, char **argv)
{
	struct tach_write_opts opts = {.limit = 15, .summary = true};
	const struct tach_writer *writer;
	struct input in = {.summary.period_ns = 1000000}, base = {.summary.period_ns = 1000000};
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
	err = writer ? make_profile(&in, argv[1], writer->events) : fail("no such format");
	if (!err && *in.baseline)
		err = make_profile(&base, in.baseline, false);
	opts.baseline = base.profile;
	if (!err)
		err = tach_write__check(writer, path, &why) ? -1 : 0;
	if (err == -1)
		fprintf(stderr, "check: %s\n", why.text);
	opts.zstd = in.zstd;
	opts.lines = tach_lines__new(open("/proc/self", O_PATH | O_CLOEXEC));
	if (!err && tach_write(writer, in.profile, &opts, path, &why)) {
		fprintf(stderr, "write: %s\n", why.text);
		err = -1;
	}
	tach_lines__free(opts.lines);
	free_input(&base);
	free_input(&in);
	return err ? 1 : 0;
}
