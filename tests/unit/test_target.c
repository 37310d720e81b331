// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "child.h"
#include "debug_offsets.h"
#include "target/target.h"

/* The targets are copies of this program, in which stands what a test puts there: here, as in an
 * interpreter; in ordinary data, as if the file could not be read; or in memory of no file. */
__attribute__((section(".PyRuntime"), used)) static __u64 runtime[512] = {1};
static __u64 plain_data[512] = {1};

/* Stand-ins for PyInterpreterState and PyThreadState. Looking at a target leaves copies of tables on
 * the stack, and so in the targets to come: each test has a place of its own for what they lead to. */
static __u64 interps[8][2048], *interp = interps[0], thread[64];

enum { HEAD_NULL, HEAD_GARBAGE, HEAD_OTHER_INTERP, HEAD_NO_THREAD, HEAD_GOOD };

static __u64 addr_of(const void *pointer)
{
	return (uintptr_t)pointer;
}

/* Build a runtime of @version at @place. */
static void plant(void *place, int version, int head)
{
	size_t head_off = offsets_value(version, "runtime_state.interpreters_head");
	size_t threads_off = offsets_value(version, "interpreter_state.threads_head");
	size_t interp_off = offsets_value(version, "thread_state.interp");
	const __u64 heads[] = {0, 0xdead0000, addr_of(interp), addr_of(interp), addr_of(interp)};
	__u64 back = head == HEAD_OTHER_INTERP ? addr_of(thread) : addr_of(interp);
	__u64 threads = head == HEAD_NO_THREAD ? 0 : addr_of(thread);

	memset(place, 0, sizeof(runtime));
	offsets_table(place, version, NULL, 0);
	memcpy((char *)place + head_off, &heads[head], 8);
	memcpy((char *)interp + threads_off, &threads, 8);
	memcpy((char *)thread + interp_off, &back, 8);
}

static int setup(void **state)
{
	(void)state;
	memset(runtime, 0xff, sizeof(runtime));
	memset(plain_data, 0xff, sizeof(plain_data));
	memset(interp, 0xff, sizeof(*interps));
	interp += 2048;
	assert_true(interp <= interps[7]);
	return 0;
}

/* Look into a child as it is now. */
static int find(struct tach_layout *layout, struct tach_why *why)
{
	struct tach_target *target;
	pid_t pid = child_start(NULL);
	char begin[32];
	int err;

	why->text[0] = '\0';
	assert_int_equal(tach_target__open(pid, &target, why), 0);
	err = tach_target__find_layout(target, layout, why);
	if (err) {
		snprintf(begin, sizeof(begin), "process %d (/", pid);
		assert_memory_equal(why->text, begin, strlen(begin));
		assert_non_null(strstr(why->text, "test_target) "));
		assert_null(strchr(why->text, '\n'));
	}
	tach_target__free(target);
	child_kill(pid);
	child_reap(pid);
	return err;
}

static void test_not_python(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	assert_int_equal(find(&layout, &why), -ENOEXEC);
	assert_non_null(strstr(why.text, ") does not run Python"));
}

static void test_found(void **state)
{
	(void)state;
	for (int version = 0; version < VERSIONS; version++) {
		struct tach_layout layout;
		struct tach_why why;

		plant(runtime, version, HEAD_GOOD);
		assert_int_equal(find(&layout, &why), 0);
		assert_int_equal(layout.runtime_addr, addr_of(runtime));
		plant(runtime, version, HEAD_NO_THREAD);
		assert_int_equal(find(&layout, &why), 0);
	}
}

static void test_not_started(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	plant(runtime, V314, HEAD_NULL);
	assert_int_equal(find(&layout, &why), -EAGAIN);
	assert_non_null(strstr(why.text, "Python 3.14 that has not started yet"));
}

static void test_nonsense(void **state)
{
	struct tach_layout layout;
	struct tach_why why;

	(void)state;
	plant(runtime, V315, HEAD_GARBAGE);
	assert_int_equal(find(&layout, &why), -EPROTO);
	plant(runtime, V315, HEAD_OTHER_INTERP);
	assert_int_equal(find(&layout, &why), -EPROTO);
	assert_non_null(strstr(why.text, "runs Python 3.15, but its threads are not where"));
	offsets_table((unsigned char *)runtime, V315, "interpreter_frame.owner", 4711);
	assert_int_equal(find(&layout, &why), -EPROTO);
	assert_non_null(strstr(why.text, "interpreter_frame.owner is 4711"));
	offsets_table((unsigned char *)runtime, V315, "version", 0x031000f0);
	assert_int_equal(find(&layout, &why), -ENOTSUP);
	assert_non_null(strstr(why.text, ") runs Python 3.16.0: supported are"));
}

/* Where no section tells, the memory is searched; a table in memory of no file counts only if it is
 * alive, because profilers and debuggers keep copies. */
static void test_scan(void **state)
{
	struct tach_layout layout;
	struct tach_why why;
	char *anonymous, *arena;

	plant(plain_data, V313, HEAD_GOOD);
	assert_int_equal(find(&layout, &why), 0);
	assert_int_equal(layout.runtime_addr, addr_of(plain_data));
	plant(plain_data, V313, HEAD_NULL);
	assert_int_equal(find(&layout, &why), -EAGAIN);
	setup(state);

	anonymous = mmap(NULL, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(anonymous, MAP_FAILED);
	plant(anonymous + (2 << 20) - 8, V315, HEAD_NULL);
	assert_int_equal(find(&layout, &why), -ENOEXEC);
	plant(anonymous + (2 << 20) - 8, V315, HEAD_GARBAGE);
	assert_int_equal(find(&layout, &why), -ENOEXEC);
	plant(anonymous + (2 << 20) - 8, V315, HEAD_GOOD);
	/* Mapped later, so lower, so met earlier: it must not use the budget up. */
	arena = mmap(NULL, 512 << 20, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(arena, MAP_FAILED);
	assert_true(arena < anonymous);
	assert_int_equal(find(&layout, &why), 0);
	munmap(arena, 512 << 20);
	assert_int_equal(layout.runtime_addr, addr_of(anonymous) + (2 << 20) - 8);
	munmap(anonymous, 3 << 20);
}

static void test_no_process(void **state)
{
	static const pid_t pids[] = {0, -1, -4711, 0x7fffffff};
	struct tach_target *target;
	struct tach_why why;

	(void)state;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		assert_int_equal(tach_target__open(pids[i], &target, &why), -ESRCH);
		assert_non_null(strstr(why.text, "does not exist"));
		assert_null(target);
	}
	tach_target__free(NULL);
}

static void test_end(void **state)
{
	struct pollfd exited = {.events = POLLIN};
	struct tach_target *target;
	struct tach_layout layout;
	struct tach_why why;
	pid_t pid;
	char byte;

	(void)state;
	pid = child_start(NULL);
	assert_int_equal(tach_target__open(pid, &target, &why), 0);
	assert_int_equal(tach_target__pid(target), pid);
	assert_int_equal(tach_target__read(target, addr_of(runtime), &byte, 1), 0);
	exited.fd = tach_target__pidfd(target);
	assert_int_equal(poll(&exited, 1, 0), 0);

	child_kill(pid);
	assert_int_equal(poll(&exited, 1, 5000), 1);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ESRCH);
	assert_non_null(strstr(why.text, "zombie"));
	assert_int_equal(tach_target__read(target, addr_of(runtime), &byte, 1), -ESRCH);

	child_reap(pid);
	assert_int_equal(tach_target__find_layout(target, &layout, &why), -ESRCH);
	assert_non_null(strstr(why.text, "has ended"));
	assert_int_equal(tach_target__read(target, addr_of(runtime), &byte, 1), -ESRCH);
	assert_int_equal(tach_target__cpu_ns(target, true), 0);
	assert_int_equal(tach_target__cpu_ns(target, false), 0);
	assert_non_null(tach_target__exe(target));
	tach_target__free(target);
}

static void test_read(void **state)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct tach_target *target;
	struct tach_why why;
	char *area, got[64];
	pid_t pid;

	(void)state;
	area = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	memset(area, 'x', page);
	munmap(area + page, page);
	pid = child_start(NULL);
	memset(area, 'y', page); /* ours, not the child's */

	assert_int_equal(tach_target__open(pid, &target, &why), 0);
	assert_int_equal(tach_target__read(target, addr_of(area + page - 64), got, 64), 0);
	assert_int_equal(got[0], 'x');
	assert_int_equal(got[63], 'x');
	assert_int_equal(tach_target__read(target, addr_of(area + page - 63), got, 64), -EFAULT);
	assert_int_equal(tach_target__read(target, addr_of(area + page), got, 1), -EFAULT);
	assert_int_equal(tach_target__read(target, 0, got, 1), -EFAULT);
	assert_int_equal(tach_target__read(target, ~0ull, got, 1), -EFAULT);
	tach_target__free(target);
	child_kill(pid);
	child_reap(pid);
	munmap(area, page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_not_python, setup),
		cmocka_unit_test_setup(test_found, setup),
		cmocka_unit_test_setup(test_not_started, setup),
		cmocka_unit_test_setup(test_nonsense, setup),
		cmocka_unit_test_setup(test_scan, setup),
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
