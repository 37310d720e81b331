/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_SOCKETS_H
#define TACH_SOCKETS_H

/* Sockets to sleep on. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bpf/sleeper.h"

static inline void send_byte(struct block *block)
{
	(void)!write(block->other, "x", 1);
}

static inline void hang_up(struct block *block)
{
	shutdown(block->other, SHUT_RDWR);
	shutdown(block->fd, SHUT_RDWR);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Of this machine, on a free port. */
static inline int listen_on(int family, union address *address, socklen_t *sz)
{
	int fd = socket(family, SOCK_STREAM, 0);

	*address = (union address){.any.sa_family = family};
	*sz = family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
	if (family == AF_INET)
		address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address->v6.sin6_addr = in6addr_loopback;
	assert_return_code(fd, errno);
	assert_return_code(bind(fd, &address->any, *sz), errno);
	assert_return_code(listen(fd, 0), errno);
	assert_return_code(getsockname(fd, &address->any, sz), errno);
	return fd;
}

static inline void make_pair(int family, int pair[2])
{
	union address address;
	socklen_t sz;
	int listener = listen_on(family, &address, &sz);

	pair[0] = socket(family, SOCK_STREAM, 0);
	assert_return_code(connect(pair[0], &address.any, sz), errno);
	pair[1] = accept(listener, NULL, NULL);
	assert_return_code(pair[1], errno);
	close(listener);
}

static inline void close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static inline void check_end(const union address *expected, const __u8 addr[16], __u16 port)
{
	bool v4 = expected->any.sa_family == AF_INET;

	assert_int_equal(port, ntohs(v4 ? expected->v4.sin_port : expected->v6.sin6_port));
	if (v4)
		assert_memory_equal(addr, &expected->v4.sin_addr, 4);
	else
		assert_memory_equal(addr, &expected->v6.sin6_addr, 16);
}

static inline void sleep_recv(struct block *block)
{
	char byte;

	assert_int_equal(recv(block->fd, &byte, 1, 0), 1);
}

static inline void sleep_accept(struct block *block)
{
	assert_int_equal(accept(block->fd, NULL, NULL), -1);
}

#endif
