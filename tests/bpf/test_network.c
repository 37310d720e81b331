// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* What a thread that sleeps waits for (bpf/network.bpf.h): the first thread of this process sleeps in a real system
 * call, another one says when it left its CPU and when it was woken up. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/bpf/sockets.h"

#define LARGE (64 << 20) /* no socket takes so much at once */

#ifdef SYS_poll
#define POLL_CALL SYS_poll
#else
#define POLL_CALL SYS_ppoll
#endif

/* What is found is @kind on @fd, with the ends that the system tells of it. */
static void check_found(const struct block *block, __u32 kind)
{
	const struct tach_rec_call *found = &block->sleeper->found;
	union address address;
	socklen_t sz = sizeof(address);

	assert_int_equal(found->begin_ns, BEGIN_NS + 10 * MS);
	assert_int_equal(found->end_ns, BEGIN_NS + (10 + block->ms) * MS);
	assert_int_equal(found->state, TACH_STATE_MAIN_THREAD);
	assert_int_equal(found->host_tid, getpid());
	assert_int_equal(found->call.kind, kind);
	assert_int_equal(found->call.fd, block->fd);
	if (kind == TACH_CALL_EPOLL)
		return;
	assert_int_equal(found->call.type, SOCK_STREAM);
	assert_return_code(getsockname(block->fd, &address.any, &sz), errno);
	assert_int_equal(found->call.family, address.any.sa_family);
	if (address.any.sa_family == AF_UNIX)
		return;
	check_end(&address, found->call.ends.local, found->call.local_port);
	if (kind == TACH_CALL_ACCEPT || kind == TACH_CALL_CONNECT)
		return;
	sz = sizeof(address);
	assert_return_code(getpeername(block->fd, &address.any, &sz), errno);
	check_end(&address, found->call.ends.peer, found->call.peer_port);
}

/* --- what is told --- */

static void sleep_read(struct block *block)
{
	char byte;

	assert_int_equal(read(block->fd, &byte, 1), 1);
}

static void sleep_poll(struct block *block)
{
	struct pollfd fds[] = {{.fd = block->fd, .events = POLLIN}};

	assert_int_equal(poll(fds, 1, -1), 1);
}

static void test_recv(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct block block = {.sleeper = *state, .ms = 5, .end = send_byte};
	int pair[2];

	for (int i = 0; i < 4; i++) {
		if (i < 2)
			make_pair(families[i], pair);
		else
			assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), errno);
		block.fd = pair[i & 1];
		block.other = pair[!(i & 1)];
		block.call = SYS_recvfrom;
		assert_int_equal(sleeper_take(&block, sleep_recv), 1);
		check_found(&block, TACH_CALL_RECV);
		block.call = SYS_read;
		assert_int_equal(sleeper_take(&block, sleep_read), 1);
		check_found(&block, TACH_CALL_RECV);
		block.call = POLL_CALL;
		assert_int_equal(sleeper_take(&block, sleep_poll), 1);
		check_found(&block, TACH_CALL_POLL);
		close_pair(pair);
	}
}

static void sleep_send(struct block *block)
{
	char *data = calloc(1, LARGE);

	assert_non_null(data);
	assert_true(send(block->fd, data, LARGE, MSG_NOSIGNAL) < LARGE);
	free(data);
}

static void test_send(void **state)
{
	struct block block = {.sleeper = *state, .ms = 7, .call = SYS_sendto, .end = hang_up};
	int pair[2];

	make_pair(AF_INET, pair);
	block.fd = pair[0];
	block.other = pair[1];
	/* The ends are those of before: they hang up in the end. */
	assert_int_equal(sleeper_take(&block, sleep_send), 1);
	assert_int_equal(block.sleeper->found.call.kind, TACH_CALL_SEND);
	assert_int_equal(block.sleeper->found.call.fd, block.fd);
	assert_int_not_equal(block.sleeper->found.call.peer_port, 0);
	close_pair(pair);
}

static void test_accept(void **state)
{
	struct block block = {.sleeper = *state, .ms = 1, .call = SYS_accept, .end = hang_up};
	union address address;
	socklen_t sz;

	block.fd = listen_on(AF_INET, &address, &sz);
	block.other = -1;
	assert_int_equal(sleeper_take(&block, sleep_accept), 1);
	assert_int_equal(block.sleeper->found.call.kind, TACH_CALL_ACCEPT);
	check_end(&address, block.sleeper->found.call.ends.local,
		  block.sleeper->found.call.local_port);
	assert_int_equal(block.sleeper->found.call.peer_port, 0);
	close(block.fd);
}

static union address full;

static void sleep_connect(struct block *block)
{
	connect(block->fd, &full.any, sizeof(full.v4));
}

/* To somebody who has no room for one more. */
static void test_connect(void **state)
{
	struct block block = {.sleeper = *state, .ms = 3, .call = SYS_connect, .end = hang_up};
	int fds[8], listener;
	socklen_t sz;

	listener = listen_on(AF_INET, &full, &sz);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], &full.any, sz);
	}
	block.fd = socket(AF_INET, SOCK_STREAM, 0);
	block.other = -1;
	assert_int_equal(sleeper_take(&block, sleep_connect), 1);
	assert_int_equal(block.sleeper->found.call.kind, TACH_CALL_CONNECT);
	check_end(&full, block.sleeper->found.call.ends.peer, block.sleeper->found.call.peer_port);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(block.fd);
	close(listener);
}

static void sleep_epoll(struct block *block)
{
	struct epoll_event event;

	assert_int_equal(syscall(SYS_epoll_pwait, block->fd, &event, 1, -1, NULL, 0), 1);
}

static int epoll_on(int fd, struct block *block, int pipe_fds[2])
{
	struct epoll_event event = {.events = EPOLLIN};

	block->fd = epoll_create1(0);
	assert_return_code(pipe(pipe_fds), errno);
	block->other = pipe_fds[1];
	assert_return_code(epoll_ctl(block->fd, EPOLL_CTL_ADD, pipe_fds[0], &event), errno);
	if (fd >= 0)
		assert_return_code(epoll_ctl(block->fd, EPOLL_CTL_ADD, fd, &event), errno);
	return sleeper_take(block, sleep_epoll);
}

static void test_epoll(void **state)
{
	struct block block = {
		.sleeper = *state, .ms = 2, .call = SYS_epoll_pwait, .end = send_byte};
	int pipe_fds[2], pair[2];

	make_pair(AF_INET, pair);
	assert_int_equal(epoll_on(pair[0], &block, pipe_fds), 1);
	check_found(&block, TACH_CALL_EPOLL);
	close(block.fd);
	close_pair(pipe_fds);
	close_pair(pair);
	/* No socket in it. */
	assert_int_equal(epoll_on(-1, &block, pipe_fds), 0);
	close(block.fd);
	close_pair(pipe_fds);
}

/* --- what is not --- */

/* Nobody takes them: half of the ring is not for them, and what is lost is counted. */
static void test_many(void **state)
{
	struct block block = {
		.sleeper = *state, .ms = 2, .call = SYS_recvfrom, .end = send_byte, .times = 100};
	const int room =
		RING_SZ / 2 / (8 + sizeof(struct tach_rec_call)) + 1; /* 8: the ring's own */
	__u64 told = sleeper_count(*state, TACH_CT_CALLS);
	__u64 lost = sleeper_count(*state, TACH_CT_CALLS_LOST);
	int pair[2];

	make_pair(AF_INET, pair);
	block.fd = pair[0];
	block.other = pair[1];
	assert_int_equal(sleeper_take(&block, sleep_recv), room);
	assert_int_equal(sleeper_count(*state, TACH_CT_CALLS) - told, room);
	assert_int_equal(sleeper_count(*state, TACH_CT_CALLS_LOST) - lost, block.times - room);
	close_pair(pair);
}

static void test_no_socket(void **state)
{
	struct block block = {.sleeper = *state, .ms = 2, .call = SYS_read, .end = send_byte};
	int pipe_fds[2];

	assert_return_code(pipe(pipe_fds), errno);
	block.fd = pipe_fds[0];
	block.other = pipe_fds[1];
	assert_int_equal(sleeper_take(&block, sleep_read), 0);
	block.call = POLL_CALL;
	assert_int_equal(sleeper_take(&block, sleep_poll), 0);
	close_pair(pipe_fds);
}

static void test_not_asleep(void **state)
{
	struct block block = {.sleeper = *state, .ms = 2, .call = SYS_recvfrom, .end = send_byte};
	int pair[2];

	make_pair(AF_INET, pair);
	block.fd = pair[0];
	block.other = pair[1];
	block.runnable = true;
	assert_int_equal(sleeper_take(&block, sleep_recv), 0);
	block.runnable = false;
	block.ms = 0; /* shorter than anybody wants to know */
	assert_int_equal(sleeper_take(&block, sleep_recv), 0);
	block.ms = 2;
	assert_int_equal(sleeper_take(&block, sleep_recv), 1);
	close_pair(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recv),	  cmocka_unit_test(test_send),
		cmocka_unit_test(test_accept),	  cmocka_unit_test(test_connect),
		cmocka_unit_test(test_epoll),	  cmocka_unit_test(test_many),
		cmocka_unit_test(test_no_socket), cmocka_unit_test(test_not_asleep),
	};

	return cmocka_run_group_tests(tests, sleeper_setup, sleeper_teardown);
}
