/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_NETWORK_BPF_H
#define TACH_NETWORK_BPF_H

/* Time that threads sleep in system calls on sockets, and who is at the other end.
 *
 * It is looked at when a thread leaves its CPU: then the socket is the one that it waits for, and nobody has closed it
 * yet. A file could be exchanged for another one by another thread in that moment; so each step is checked, all memory
 * is read as if it might be gone, and the worst that can come of it is another socket's address. */

/* Whether anybody wants to know. */
const volatile bool tach_network = false;

/* Shorter waits than this part of a period are not told of: there may be very many, and samples hardly see them. So a
 * thread has at most as many records in a period. */
#define TACH_CALL_PART 10

/* By the number of a system call. Source: Linux v6.1 arch/x86/entry/syscalls/syscall_64.tbl and
 * include/uapi/asm-generic/unistd.h. */
static __always_inline __u32 tach_call_kind(__u64 number)
{
	switch (number) {
#ifdef __TARGET_ARCH_arm64
	case 203: /* connect */
		return TACH_CALL_CONNECT;
	case 202: /* accept */
	case 242: /* accept4 */
		return TACH_CALL_ACCEPT;
	case 63:  /* read */
	case 65:  /* readv */
	case 207: /* recvfrom */
	case 212: /* recvmsg */
	case 243: /* recvmmsg */
		return TACH_CALL_RECV;
	case 64:  /* write */
	case 66:  /* writev */
	case 71:  /* sendfile */
	case 206: /* sendto */
	case 211: /* sendmsg */
	case 269: /* sendmmsg */
		return TACH_CALL_SEND;
	case 73: /* ppoll */
		return TACH_CALL_POLL;
	case 22:  /* epoll_pwait */
	case 441: /* epoll_pwait2 */
		return TACH_CALL_EPOLL;
#else
	case 42: /* connect */
		return TACH_CALL_CONNECT;
	case 43:  /* accept */
	case 288: /* accept4 */
		return TACH_CALL_ACCEPT;
	case 0:	  /* read */
	case 19:  /* readv */
	case 45:  /* recvfrom */
	case 47:  /* recvmsg */
	case 299: /* recvmmsg */
		return TACH_CALL_RECV;
	case 1:	  /* write */
	case 20:  /* writev */
	case 40:  /* sendfile */
	case 44:  /* sendto */
	case 46:  /* sendmsg */
	case 307: /* sendmmsg */
		return TACH_CALL_SEND;
	case 7:	  /* poll */
	case 271: /* ppoll */
		return TACH_CALL_POLL;
	case 232: /* epoll_wait */
	case 281: /* epoll_pwait */
	case 441: /* epoll_pwait2 */
		return TACH_CALL_EPOLL;
#endif
	default:
		return TACH_CALL_NONE;
	}
}

/* What @fd is, as things are in this moment. */
static __always_inline struct file *tach_file_of(struct task_struct *task, __u32 fd)
{
	struct fdtable *fdt = tach_readonly(task)->files->fdt;
	struct file *file = NULL;

	if (fd < fdt->max_fds)
		bpf_probe_read_kernel(&file, sizeof(void *), fdt->fd + fd);
	return file;
}

static __always_inline bool tach_is_socket(struct file *file)
{
	return file && (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK;
}

/* Addresses and ports of the two ends. */
static __always_inline void tach_look_at_ends(struct tach_call *call, struct sock *sk)
{
	if (call->family == AF_INET) {
		BPF_CORE_READ_INTO((__be32 *)call->ends.local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__be32 *)call->ends.peer, sk, __sk_common.skc_daddr);
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		BPF_CORE_READ_INTO(&call->ends.local, sk,
				   __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&call->ends.peer, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
	call->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	call->peer_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

/* The name of a Unix socket: the peer's, or its own if the peer has none. */
static __always_inline void tach_look_at_path(struct tach_call *call, struct sock *sk)
{
	struct unix_sock *own = (struct unix_sock *)sk;
	struct unix_sock *peer = (struct unix_sock *)BPF_CORE_READ(own, peer);
	struct unix_address *addr = peer ? BPF_CORE_READ(peer, addr) : NULL;
	__u64 sz;

	addr = addr ?: BPF_CORE_READ(own, addr);
	if (!addr)
		return;
	sz = (__u64)BPF_CORE_READ(addr, len) - bpf_core_field_offset(struct sockaddr_un, sun_path);
	if (sz > sizeof(call->path))
		return;
	TACH_CLAMP(sz, sizeof(call->path));
	bpf_probe_read_kernel(call->path, sz, &addr->name[0].sun_path);
	call->path_sz = sz;
}

/* What a socket says of itself. False: @file is none. */
static __always_inline bool tach_look_at_socket(struct tach_call *call, struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk;

	if (BPF_CORE_READ(socket, file) != file) /* opened as a path, it has no socket behind it */
		return false;
	sk = BPF_CORE_READ(socket, sk);
	call->type = BPF_CORE_READ(socket, type);
	call->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (call->family == AF_INET || call->family == AF_INET6)
		tach_look_at_ends(call, sk);
	else if (call->family == AF_UNIX && bpf_core_type_exists(struct unix_sock))
		tach_look_at_path(call, sk);
	return true;
}

static __always_inline bool tach_waits_for_socket(struct rb_node *node)
{
	struct epitem *item;

	if (!node)
		return false;
	item = (void *)node - bpf_core_field_offset(struct epitem, rbn);
	return tach_is_socket(BPF_CORE_READ(item, ffd.file));
}

/* Whether the three uppermost of what @epoll waits for have a socket among them. */
static __always_inline bool tach_epoll_has_socket(struct file *epoll)
{
	struct eventpoll *ep = BPF_CORE_READ(epoll, private_data);
	struct rb_node *top = BPF_CORE_READ(ep, rbr.rb_root.rb_node);

	return tach_waits_for_socket(top) || tach_waits_for_socket(BPF_CORE_READ(top, rb_left)) ||
	       tach_waits_for_socket(BPF_CORE_READ(top, rb_right));
}

/* Descriptor that poll waits for first. The memory of the thread is the current one. */
static __always_inline __s32 tach_first_polled(__u64 fds)
{
	__s32 fd;

	return tach_read(&fd, sizeof(fd), fds) ? -1 : fd;
}

/* Number of the system call in which @task is, and its first argument. */
static __always_inline __u64 tach_syscall_of(struct task_struct *task, __u64 *arg)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#ifdef __TARGET_ARCH_arm64
	*arg = regs->orig_x0;
	return (__u32)regs->syscallno;
#else
	*arg = regs->di;
	return regs->orig_ax;
#endif
}

/* @task, the thread of @t, goes to sleep, or sleeps already: is it for a socket? @here: its memory is the current
 * one. Whatever else it waits for is to cost as little as possible. */
static __always_inline void tach_begin_call(struct tach_thread *t, struct task_struct *task,
					    bool here)
{
	struct tach_rec_call *rec;
	struct file *file;
	__u64 arg;
	__u32 kind = tach_call_kind(tach_syscall_of(task, &arg));
	__s32 fd = arg;

	if (!kind)
		return;
	if (kind == TACH_CALL_POLL)
		fd = here ? tach_first_polled(arg) : -1;
	file = tach_file_of(task, fd);
	if (!file ||
	    !(kind == TACH_CALL_EPOLL ? tach_epoll_has_socket(file) : tach_is_socket(file)))
		return;
	rec = bpf_task_storage_get(&tach_calls, task, NULL, 0);
	if (!rec)
		return;
	__builtin_memset(&rec->call, 0, sizeof(rec->call));
	rec->call.kind = kind;
	rec->call.fd = fd;
	t->in_call = kind == TACH_CALL_EPOLL || tach_look_at_socket(&rec->call, file);
}

/* Samples come first: they have half of the ring for themselves. */
static __always_inline bool tach_ring_is_half_full(void)
{
	return bpf_ringbuf_query(&tach_ring, BPF_RB_AVAIL_DATA) >
	       bpf_ringbuf_query(&tach_ring, BPF_RB_RING_SIZE) / 2;
}

static __always_inline void tach_tell_of_call(const struct tach_thread *t, struct task_struct *task,
					      struct tach_rec_call *rec, __u64 now)
{
	rec->hdr.type = TACH_REC_CALL;
	rec->hdr.len = sizeof(*rec);
	rec->begin_ns = t->out_ns;
	rec->end_ns = now;
	rec->target = t->target;
	rec->tid = t->tid ?: tach_tid(task, 0); /* nobody may have looked at it yet */
	rec->host_tid = t->tid ? t->host_tid : tach_tid(task, tach_depth(t->target));
	rec->state = task->pid == task->tgid ? TACH_STATE_MAIN_THREAD : 0;
	if (tach_ring_is_half_full() || tach_emit(rec, sizeof(*rec)))
		TACH_COUNT(CALLS_LOST);
	else
		TACH_COUNT(CALLS);
}

/* What @task, the thread of @t, waited for since t->out_ns it has got at @now; or the recording ends. */
static __always_inline void tach_end_call(struct tach_thread *t, struct task_struct *task,
					  __u64 now)
{
	struct tach_rec_call *rec;

	if (!t->in_call)
		return;
	t->in_call = 0;
	if (!t->out_ns || now < t->out_ns + tach_period_ns / TACH_CALL_PART)
		return;
	rec = bpf_task_storage_get(&tach_calls, task, NULL, 0);
	if (rec)
		tach_tell_of_call(t, task, rec, now);
}

#endif
