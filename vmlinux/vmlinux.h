/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_VMLINUX_H
#define TACH_VMLINUX_H

/* The kernel's types, as far as the BPF programs touch them. CO-RE relocates every field access to the
 * running kernel's layout, so only names and types matter here, not offsets; scripts/check-vmlinux.py
 * compares both with the BTF of a kernel image. See README.md in this folder. */

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <stdbool.h>

/* Source: Linux v6.1 include/uapi/linux/bpf.h (values are ABI). */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
};

enum {
	BPF_F_NO_PREALLOC = 1u << 0,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1u << 0,
};

enum {
	BPF_RB_NO_WAKEUP = 1u << 0,
	BPF_RB_FORCE_WAKEUP = 1u << 1,
};

enum {
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

/* Source: Linux v6.1 include/linux/sched.h. */
#define PF_EXITING 0x00000004

#define AF_UNIX	 1 /* Linux v6.1 include/linux/socket.h */
#define AF_INET	 2
#define AF_INET6 10

/* Source: Linux v6.1 include/uapi/linux/stat.h. */
#define S_IFMT	 00170000
#define S_IFSOCK 0140000

struct mm_struct; /* only compared */

/* Linux v6.18 include/uapi/linux/bpf.h: the verifier knows the field of a map's value by this name. */
struct bpf_task_work {
	__u64 __opaque;
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1]; /* [level + 1] */
};

struct sched_entity {
	__u64 sum_exec_runtime; /* ns */
};

/* Of user mode, at a system call: its number, its first argument. */
#ifdef __TARGET_ARCH_arm64
struct pt_regs {
	__u64 orig_x0;
	__s32 syscallno;
};
#else
struct pt_regs {
	unsigned long di;
	unsigned long orig_ax;
};
#endif

/* Files, and what is behind them if they are sockets. */
struct inode {
	__u16 i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	short type;
	struct file *file;
	struct sock *sk;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	int len; /* of the name */
	struct sockaddr_un name[];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

/* What an epoll instance waits for: a tree. */
struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct epitem {
	struct rb_node rbn;
	struct { /* struct epoll_filefd in Linux v6.1, epoll_key in v7.2 */
		struct file *file;
	} ffd;
};

struct eventpoll {
	struct rb_root_cached rbr;
};

struct task_struct {
	unsigned int flags;
	struct mm_struct *mm;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct files_struct *files;
	__u64 start_boottime;
	char comm[16];
	unsigned int on_cpu; /* int; u8 since Linux 7.0: libbpf adjusts reads of unsigned ones */
	struct sched_entity se;
};

/* Linux v6.1 include/uapi/linux/bpf_perf_event.h; the registers before it are the architecture's. */
struct bpf_perf_event_data {
	__u64 sample_period; /* ns, of a clock */
};

#pragma clang attribute pop

struct seq_file;

struct bpf_map {
	__u32 id;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* Only passed through. */
struct linux_binprm;

#endif
