// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/memory.h"

int tach_memory__open(int proc_fd)
{
	int fd = openat(proc_fd, "mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	return fd;
}

ssize_t tach_memory__read_open(int memory_fd, __u64 addr, void *dst, size_t sz)
{
	ssize_t got = pread(memory_fd, dst, sz, (off_t)addr);

	if (got == 0 && sz > 0)
		return -ESRCH;
	if (got < 0)
		return errno == EIO ? -EFAULT : -errno;
	return got;
}

/* Opened for each read: it is to show the program that runs now. */
static ssize_t read_proc_mem(const struct tach_memory *mem, __u64 addr, void *dst, size_t sz)
{
	int fd = tach_memory__open(mem->proc_fd);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = tach_memory__read_open(fd, addr, dst, sz);
	close(fd);
	return got;
}

ssize_t tach_memory__read_some(const struct tach_memory *mem, __u64 addr, void *dst, size_t sz)
{
	struct iovec local = {.iov_base = dst, .iov_len = sz};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)addr, .iov_len = sz};
	ssize_t got;

	if (!mem->pid)
		return read_proc_mem(mem, addr, dst, sz);
	got = process_vm_readv(mem->pid, &local, 1, &remote, 1, 0);
	if (got >= 0)
		return got;
	if (errno == ENOSYS || errno == EPERM)
		return read_proc_mem(mem, addr, dst, sz);
	return -errno;
}

int tach_memory__read(const struct tach_memory *mem, __u64 addr, void *dst, size_t sz)
{
	ssize_t got = tach_memory__read_some(mem, addr, dst, sz);

	if (got < 0)
		return (int)got;
	return (size_t)got == sz ? 0 : -EFAULT;
}
