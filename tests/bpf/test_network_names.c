// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Sockets whose names are not those of the machine's network (bpf/network.bpf.h). */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/bpf/sockets.h"

/* --- Unix sockets --- */

/* What the last one is is called @name. */
static void check_name(const struct block *block, __u32 kind, const char *name, size_t sz)
{
	const struct tach_call *call = &block->sleeper->found.call;

	assert_int_equal(call->kind, kind);
	assert_int_equal(call->fd, block->fd);
	assert_int_equal(call->family, AF_UNIX);
	assert_int_equal(call->type, SOCK_STREAM);
	assert_int_equal(call->path_sz, sz);
	assert_memory_equal(call->path, name, sz);
}

/* Who accepts has the name, its clients have none. */
static void check_named(struct sleeper *sleeper, const struct sockaddr_un *address, socklen_t sz)
{
	size_t name_sz = sz - offsetof(struct sockaddr_un, sun_path);
	struct block block = {.sleeper = sleeper, .ms = 2, .call = SYS_accept, .end = hang_up};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];

	assert_return_code(bind(listener, (const struct sockaddr *)address, sz), errno);
	assert_return_code(listen(listener, 1), errno);
	pair[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_return_code(connect(pair[0], (const struct sockaddr *)address, sz), errno);
	pair[1] = accept(listener, NULL, NULL);
	block.fd = listener;
	block.other = -1;
	assert_int_equal(sleeper_take(&block, sleep_accept), 1);
	check_name(&block, TACH_CALL_ACCEPT, address->sun_path, name_sz);
	block.call = SYS_recvfrom;
	block.end = send_byte;
	for (int i = 0; i < 2; i++) {
		block.fd = pair[i];
		block.other = pair[!i];
		assert_int_equal(sleeper_take(&block, sleep_recv), 1);
		check_name(&block, TACH_CALL_RECV, address->sun_path, name_sz);
	}
	close_pair(pair);
	close(listener);
}

static void test_unix(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const socklen_t head = offsetof(struct sockaddr_un, sun_path);
	int sz;

	/* The kernel adds the 0 at the end of a path. */
	sz = snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/tachyon-%d", getpid());
	unlink(address.sun_path);
	check_named(*state, &address, head + (socklen_t)sz + 1);
	unlink(address.sun_path);
	/* The longest one, abstract. */
	memset(address.sun_path, 'x', sizeof(address.sun_path));
	address.sun_path[0] = 0;
	check_named(*state, &address, sizeof(address));
}

/* --- another network --- */

static int give_address(union address *address)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	memcpy(&lo.ifr_addr, &address->v4, sizeof(address->v4));
	err = ioctl(fd, SIOCSIFADDR, &lo);
	lo.ifr_flags = IFF_UP;
	if (!err)
		err = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return err;
}

/* Nobody outside has this address. */
static void test_namespace(void **state)
{
	struct block block = {
		.sleeper = *state, .ms = 1, .call = SYS_accept, .end = hang_up, .other = -1};
	union address address = {.v4 = {.sin_family = AF_INET, .sin_port = htons(80)}};

	inet_pton(AF_INET, "10.98.76.54", &address.v4.sin_addr);
	assert_return_code(unshare(CLONE_NEWNET), errno);
	assert_return_code(give_address(&address), errno);
	block.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(bind(block.fd, &address.any, sizeof(address.v4)), errno);
	assert_return_code(listen(block.fd, 1), errno);
	assert_int_equal(sleeper_take(&block, sleep_accept), 1);
	check_end(&address, block.sleeper->found.call.ends.local,
		  block.sleeper->found.call.local_port);
	close(block.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix),
		/* The last one: this process stays in that namespace. */
		cmocka_unit_test(test_namespace),
	};

	return cmocka_run_group_tests(tests, sleeper_setup, sleeper_teardown);
}
