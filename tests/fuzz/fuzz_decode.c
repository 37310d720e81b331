// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Bytes as they come out of the ring, through the whole line to the files of every format. The input is a
 * file of raw records (user/read/read.h): the record's own length says where the next one begins, as the
 * ring's does, but what it claims need not be true. */
#include "pipeline.c" /* for its handlers: the line itself only reads rings */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/broken.h"
#include "write/formats.h"

/* What the target has where records say that more is to be had. */
#define REMOTE_MAX_SZ (64u << 10)

static int null_fd;

static int read_remote(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	(void)ctx;
	if (addr & 1 || sz > REMOTE_MAX_SZ)
		return -EFAULT;
	memset(dst, (int)(target + addr / 2), sz);
	return 0;
}

/* Each record in memory of its own, so that reading over its end is seen. */
static void feed(struct tach_pipeline *line, struct tach_read_stats *stats, const uint8_t *data,
		 size_t sz)
{
	const struct tach_handlers handlers = {
		.on_sample = on_sample,
		.on_stack = on_stack,
		.on_code = on_code,
		.on_exec = on_exec,
		.ctx = line,
	};
	struct tach_rec_hdr hdr;
	size_t len, step;
	void *rec;
	int err;

	while (sz) {
		len = sz;
		if (sz >= sizeof(hdr)) {
			memcpy(&hdr, data, sizeof(hdr));
			if (hdr.len >= sizeof(hdr) && hdr.len < sz)
				len = hdr.len;
		}
		rec = malloc(len);
		memcpy(rec, data, len);
		err = tach_decode(rec, len, &handlers, stats);
		if (err && err != -EBADMSG)
			broken("a record of %zu bytes ends with %d", len, err);
		free(rec);
		step = (len + TACH_RAW_ALIGN - 1) & ~(size_t)(TACH_RAW_ALIGN - 1);
		step = step < sz ? step : sz;
		data += step;
		sz -= step;
	}
}

static __u64 weight_of_rows(const struct tach_profile *profile)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < tach_profile__row_cnt(profile); i++)
		sum += tach_profile__row(profile, i)->weight;
	return sum;
}

/* @events: also those that show samples one by one. */
static void write_all_formats(const struct tach_profile *profile,
			      const struct tach_write_opts *opts, bool events)
{
	int (*const formats[])(const struct tach_profile *, const struct tach_write_opts *,
			       struct tach_sink *) = {
		tach_collapsed__write, tach_pstats__write_file, tach_pstats__write_table,
		tach_gecko__write,     tach_speedscope__write,
	};
	const size_t cnt = sizeof(formats) / sizeof(formats[0]) - (events ? 0 : 2);

	for (size_t i = 0; i < cnt; i++) {
		struct tach_why why = {0};
		struct tach_sink *sink = tach_sink__fd(null_fd, "nowhere", &why);
		int err;

		if (!sink)
			broken("no sink");
		err = formats[i](profile, opts, sink);
		if (tach_sink__close(sink, &why) || err)
			broken("format %zu cannot be written: %s", i, why.text);
	}
}

static int process(void *ctx, __u32 target, char name[TACH_COMM_SZ], char command[TACH_COMMAND_SZ])
{
	(void)ctx;
	*name = *command = '\0';
	return (int)target;
}

static void thread_name(void *ctx, __u32 target, __u32 host_tid, char name[TACH_COMM_SZ])
{
	(void)ctx;
	(void)target;
	(void)host_tid;
	*name = '\0';
}

static int add_weight(void *ctx, const struct tach_event *event)
{
	*(__u64 *)ctx += event->weight;
	return 0;
}

static __u64 weight_of_events(const struct tach_profile *profile)
{
	__u64 sum = 0;

	if (tach_profile__walk(profile, add_weight, &sum))
		broken("the events cannot be walked");
	return sum;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return null_fd < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	const struct tach_remote remote = {.read = read_remote};
	const struct tach_summary summary = {
		.pid = 1,
		.period_ns = 1000000,
		.duration_s = 1,
		.mode = "cpu",
	};
	struct tach_write_opts opts = {.limit = -15, .summary = true};
	/* A file for each input takes longer than all the rest. */
	const struct tach_pipeline_opts line_opts = {
		.remote = &remote,
		.recording = sz % 16 == 0 ? &summary : NULL,
		.events_fd = -1,
		.process = process,
		.thread_name = thread_name,
	};
	struct tach_pipeline *line = tach_pipeline__new(&line_opts);
	struct tach_read_stats stats = {0};

	if (!line)
		broken("no memory");
	if (sz) {
		opts.sort = data[sz - 1] % (TACH_SORT_NAME + 1);
		opts.limit = (signed char)data[sz - 1];
		opts.sampled_marker = data[sz - 1] & 1;
	}
	feed(line, &stats, data, sz);
	if (tach_profile__flush_events(line->profile) ||
	    tach_profile__freeze(line->profile, &summary))
		broken("the profile cannot be frozen");
	if (weight_of_rows(line->profile) != tach_profile__total(line->profile))
		broken("the rows' weights are not the total");
	if (line_opts.recording &&
	    weight_of_events(line->profile) != tach_profile__total(line->profile))
		broken("the events' weights are not the total");
	write_all_formats(line->profile, &opts, line_opts.recording);
	tach_pipeline__free(line);
	return 0;
}
