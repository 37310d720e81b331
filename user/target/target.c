// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "target/find.h"
#include "target/memory.h"
#include "target/procinfo.h"
#include "target/target.h"

struct tach_target {
	pid_t pid;
	int pidfd;
	int proc_fd;   /* /proc/PID: stays with this process when its number is given to another */
	pid_t number;  /* of the process in /proc */
	int thread_fd; /* the main thread has exited: /proc/TID of another one; else -1 */
	__u32 depth;
	char exe[PATH_MAX];
};

/* Paths can fill a message; their beginning is enough. */
#define NAME_FMT	"process %d (%.300s)"
#define NAME_ARGS(self) (self)->pid, tach_target__exe(self)

/* Whether the process exists, if only as a zombie: its number is not another's. */
static bool still_there(const struct tach_target *self)
{
	return syscall(SYS_pidfd_send_signal, self->pidfd, 0, NULL, 0) == 0 || errno != ESRCH;
}

static struct tach_memory memory_of(const struct tach_target *self)
{
	if (self->thread_fd >= 0)
		return (struct tach_memory){.proc_fd = self->thread_fd};
	return (struct tach_memory){.pid = self->pid, .proc_fd = self->proc_fd};
}

/* A process whose main thread has exited shows nothing of itself, but its other threads do. To be called
 * when what we look at has gone; returns whether there is something else to look at. */
static bool look_elsewhere(struct tach_target *self)
{
	bool was_thread = self->thread_fd >= 0;

	if (was_thread)
		close(self->thread_fd);
	self->thread_fd = -1;
	if (tach_procinfo__kind(self->proc_fd) != TACH_PROC_ZOMBIE)
		return was_thread; /* an exec: the thread that made it is the main thread now */
	self->thread_fd = tach_procinfo__open_living(self->proc_fd, self->number);
	return self->thread_fd >= 0;
}

static int fail_pidfd(pid_t pid, int err, struct tach_why *why)
{
	pid_t leader;

	if (err == ESRCH || pid <= 0)
		return tach_why__set(why, -ESRCH,
				     "cannot find the process: Process with PID '%d' does not "
				     "exist.",
				     pid);
	if (err != EINVAL && err != ENOENT)
		return tach_why__set(why, -err, "cannot open process %d: %s", pid, strerror(err));
	/* EINVAL, from Linux 6.9 on ENOENT: a thread (kernel/pid.c, pidfd_create()). */
	leader = tach_procinfo__leader(pid);
	if (leader > 0 && leader != pid)
		return tach_why__set(why, -ESRCH,
				     "%d is a thread of process %d: give the number of the process",
				     pid, leader);
	return tach_why__set(why, -ESRCH, "%d is a thread: give the number of its process", pid);
}

static int fail_proc(const struct tach_target *self, struct tach_why *why)
{
	return tach_why__set(why, -ENOENT,
			     "cannot see process %d in /proc: not mounted, or that of another pid "
			     "namespace; mount it (mount -t proc proc /proc)",
			     self->pid);
}

static int fail_gone(const struct tach_target *self, struct tach_why *why)
{
	return tach_why__set(why, -ESRCH, "process %d has ended", self->pid);
}

static bool have_ptrace_capability(void)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps)
		return false;
	if (cap_get_flag(caps, CAP_SYS_PTRACE, CAP_EFFECTIVE, &value) != 0)
		value = CAP_CLEAR;
	cap_free(caps);
	return value == CAP_SET;
}

static int fail_permission(struct tach_target *self, struct tach_why *why)
{
	if (have_ptrace_capability())
		return tach_why__set(why, -EPERM,
				     "no permission to read the memory of " NAME_FMT
				     " in spite of CAP_SYS_PTRACE: a security module forbids it, "
				     "or it belongs to "
				     "another user namespace; try from the machine itself, as root",
				     NAME_ARGS(self));
	return tach_why__set(
		why, -EPERM,
		"no permission to read the memory of " NAME_FMT
		": the capability CAP_SYS_PTRACE is missing; use sudo, in a container `docker run "
		"--cap-add=SYS_PTRACE`; for a process of your own it is enough to set "
		"/proc/sys/kernel/yama/ptrace_scope to 0",
		NAME_ARGS(self));
}

/* A process without memory. */
static int fail_empty(const struct tach_target *self, struct tach_why *why)
{
	switch (tach_procinfo__kind(self->proc_fd)) {
	case TACH_PROC_KERNEL:
		return tach_why__set(why, -ENOEXEC, "process %d is a thread of the kernel",
				     self->pid);
	case TACH_PROC_ZOMBIE:
		return tach_why__set(why, -ESRCH,
				     "process %d has ended and waits for its parent (zombie)",
				     self->pid);
	default:
		return fail_gone(self, why);
	}
}

/* Find the directory of the process in /proc. */
static int open_proc(struct tach_target *self, struct tach_why *why)
{
	char path[32];
	int err;

	self->number = tach_procinfo__number(self->pidfd);
	if (self->number < 0)
		return self->number == -ESRCH ? fail_gone(self, why) : fail_proc(self, why);
	snprintf(path, sizeof(path), "/proc/%d", self->number);
	self->proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = -errno;
	/* The number was its own when /proc was opened, if it still is. */
	if (!still_there(self))
		return fail_gone(self, why);
	if (self->proc_fd >= 0)
		return 0;
	if (err == -ENOENT)
		err = -EPERM;
	return tach_why__set(why, err, "cannot see process %d in /proc: %s%s", self->pid,
			     strerror(-err),
			     err == -EPERM ? " (/proc is mounted with hidepid?); use sudo" : "");
}

int tach_target__open(pid_t pid, struct tach_target **out, struct tach_why *why)
{
	struct tach_target *self;
	int err;

	*out = NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return tach_why__set(why, -ENOMEM, "out of memory");
	self->pid = pid;
	self->proc_fd = -1;
	self->thread_fd = -1;
	self->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	err = self->pidfd < 0 ? fail_pidfd(pid, errno, why) : open_proc(self, why);
	if (err) {
		tach_target__free(self);
		return err;
	}
	self->depth = tach_procinfo__depth(self->proc_fd);
	*out = self;
	return 0;
}

void tach_target__free(struct tach_target *target)
{
	if (!target)
		return;
	if (target->thread_fd >= 0)
		close(target->thread_fd);
	if (target->proc_fd >= 0)
		close(target->proc_fd);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target);
}

pid_t tach_target__pid(const struct tach_target *target)
{
	return target->pid;
}

int tach_target__pidfd(const struct tach_target *target)
{
	return target->pidfd;
}

int tach_target__proc_fd(const struct tach_target *target)
{
	return target->thread_fd >= 0 ? target->thread_fd : target->proc_fd;
}

__u32 tach_target__depth(const struct tach_target *target)
{
	return target->depth;
}

bool tach_target__lost_main(const struct tach_target *target)
{
	return target->thread_fd >= 0;
}

const char *tach_target__exe(struct tach_target *target)
{
	if (!target->exe[0])
		tach_procinfo__exe_text(memory_of(target).proc_fd, target->exe,
					sizeof(target->exe));
	return target->exe;
}

static int look(struct tach_target *self, struct tach_layout *out, struct tach_why *why)
{
	struct tach_memory mem = memory_of(self);
	char exe[PATH_MAX];

	self->exe[0] = '\0'; /* it may have become another program */
	tach_procinfo__exe(mem.proc_fd, exe, sizeof(exe));
	return tach_find__layout(&mem, exe, out, why);
}

int tach_target__find_layout(struct tach_target *target, struct tach_layout *out,
			     struct tach_why *why)
{
	struct tach_why reason;
	int err = look(target, out, &reason);

	if ((err == -ESRCH || err == -ENODATA) && look_elsewhere(target))
		err = look(target, out, &reason);
	/* If the number was given to another process meanwhile, we looked at that one. */
	if (!still_there(target))
		return fail_gone(target, why);

	switch (err) {
	case 0:
		return 0;
	case -EAGAIN:
	case -ENOEXEC:
	case -ENOTSUP:
	case -EPROTO:
		return tach_why__set(why, err, NAME_FMT " %s", NAME_ARGS(target), reason.text);
	case -EPERM:
	case -EACCES:
		return fail_permission(target, why);
	case -ESRCH:
	case -ENODATA:
		return fail_empty(target, why);
	default:
		return tach_why__set(why, err, "cannot look into " NAME_FMT ": %s",
				     NAME_ARGS(target), strerror(-err));
	}
}

int tach_target__read(struct tach_target *target, __u64 addr, void *dst, size_t sz)
{
	struct tach_memory mem = memory_of(target);
	int err = tach_memory__read(&mem, addr, dst, sz);

	if (err == -ESRCH && look_elsewhere(target)) {
		mem = memory_of(target);
		err = tach_memory__read(&mem, addr, dst, sz);
	}
	return still_there(target) ? err : -ESRCH;
}

int tach_target__open_memory(struct tach_target *target)
{
	int fd = tach_memory__open(memory_of(target).proc_fd);
	char byte;

	if (fd >= 0 && tach_memory__read_open(fd, 0, &byte, 1) != -ESRCH)
		return fd;
	if (fd >= 0)
		close(fd);
	if (fd < 0 && fd != -ESRCH && fd != -ENOENT)
		return fd;
	return look_elsewhere(target) ? tach_memory__open(memory_of(target).proc_fd) : -ESRCH;
}

int tach_target__read_memory(int memory_fd, __u64 addr, void *dst, size_t sz)
{
	ssize_t got = tach_memory__read_open(memory_fd, addr, dst, sz);

	if (got < 0)
		return (int)got;
	return (size_t)got == sz ? 0 : -EFAULT;
}

int tach_target__open_tasks(const struct tach_target *target)
{
	int fd = openat(target->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

pid_t tach_target__number(const struct tach_target *target)
{
	return target->number;
}

__u64 tach_target__cpu_ns(struct tach_target *target, bool all_threads)
{
	struct timespec now;
	clockid_t clock;

	if (!all_threads)
		return tach_procinfo__thread_cpu_ns(target->proc_fd, target->number);
	if (clock_getcpuclockid(target->pid, &clock) != 0 || clock_gettime(clock, &now) != 0 ||
	    !still_there(target))
		return 0;
	return (__u64)now.tv_sec * 1000000000ull + now.tv_nsec;
}
