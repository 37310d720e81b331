// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "serve.h"
#include "target/names.h"

/* A session has one target. */
static struct tach_target *target_of(void *ctx, __u32 target)
{
	(void)target;
	return tach_subject__target(ctx);
}

static int read_memory(void *ctx, __u32 target, __u64 addr, void *dst, size_t sz)
{
	return tach_target__read(target_of(ctx, target), addr, dst, sz);
}

static void on_exec(void *ctx, const struct tach_rec_exec *rec)
{
	tach_subject__on_exec(ctx, rec->image);
}

static int process(void *ctx, __u32 target, char name[TACH_COMM_SZ], char command[TACH_COMMAND_SZ])
{
	int proc_fd = tach_target__proc_fd(target_of(ctx, target));

	tach_names__process(proc_fd, name, TACH_COMM_SZ);
	tach_names__command(proc_fd, command, TACH_COMMAND_SZ);
	return tach_target__pid(target_of(ctx, target));
}

static void thread_name(void *ctx, __u32 target, __u32 host_tid, char name[TACH_COMM_SZ])
{
	tach_names__thread(tach_target__proc_fd(target_of(ctx, target)), (pid_t)host_tid, name,
			   TACH_COMM_SZ);
}

struct tach_remote tach_serve__remote(struct tach_subject *subject)
{
	return (struct tach_remote){.read = read_memory, .ctx = subject};
}

void tach_serve__pipeline(struct tach_subject *subject, const struct tach_remote *remote,
			  struct tach_pipeline_opts *opts)
{
	opts->remote = remote;
	opts->on_exec = on_exec;
	opts->process = process;
	opts->thread_name = thread_name;
	opts->ctx = subject;
}
