// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include <bpf/bpf.h>

#include "raw_file.h"

#define INSN(...) ((struct bpf_insn){__VA_ARGS__})
/* Two slots: the second one is the upper half of the immediate. */
#define LOAD_FD(reg, kind, fd)                                                                     \
	INSN(.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (reg), .src_reg = (kind), .imm = (fd)), \
		INSN()
#define LOAD_IMM(reg, value)                                                                       \
	INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value))

/* Put @sz bytes into the ring: only a BPF program can. */
static void emit(int ring_fd, const void *data, __u32 sz)
{
	unsigned char value[256] = {}, packet[64] = {};
	int data_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "data", 4, sizeof(value), 1, NULL);
	const struct bpf_insn insns[] = {
		LOAD_FD(BPF_REG_1, BPF_PSEUDO_MAP_FD, ring_fd),
		LOAD_FD(BPF_REG_2, BPF_PSEUDO_MAP_VALUE, data_fd),
		LOAD_IMM(BPF_REG_3, sz),
		LOAD_IMM(BPF_REG_4, 0),
		INSN(.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output),
		INSN(.code = BPF_JMP | BPF_EXIT),
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	__u32 zero = 0;
	int prog_fd;

	memcpy(value, data, sz);
	assert_true(data_fd >= 0);
	assert_int_equal(bpf_map_update_elem(data_fd, &zero, value, BPF_ANY), 0);
	prog_fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "emit", "GPL", insns,
				sizeof(insns) / sizeof(insns[0]), NULL);
	assert_true(prog_fd >= 0);
	assert_int_equal(bpf_prog_test_run_opts(prog_fd, &run), 0);
	assert_int_equal(run.retval, 0);
	close(prog_fd);
	close(data_fd);
}

static void emit_all(int ring_fd)
{
	struct tach_rec_sample odd = sample;

	emit(ring_fd, &code, CODE_SZ);
	emit(ring_fd, &stack, sizeof(stack));
	emit(ring_fd, &odd, 12);
	odd.hdr.type = 77;
	emit(ring_fd, &odd, sizeof(odd));
	emit(ring_fd, &sample, sizeof(sample));
}

/* A new ring, or -1 where this user may have none. */
static int new_ring(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 4096, NULL);

	if (fd < 0 && errno == EPERM)
		return -1;
	assert_true(fd >= 0);
	return fd;
}

static void test_ring(void **state)
{
	struct seen seen = {}, again = {};
	struct tach_handlers handlers = handlers_of(&seen);
	struct tach_read_stats stats;
	struct tach_source *source;
	int ring_fd = new_ring();
	struct pollfd ready = {.events = POLLIN};
	struct file file;

	(void)state;
	if (ring_fd < 0)
		skip();
	file = new_file();
	source = tach_source__open_ring(ring_fd, file.fd, &handlers);
	assert_non_null(source);
	ready.fd = tach_source__fd(source);
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(tach_source__consume(source), 0);
	emit_all(ring_fd);
	assert_int_equal(poll(&ready, 1, 1000), 1);
	assert_int_equal(tach_source__consume(source), 5);
	assert_int_equal(seen.codes, 1);
	assert_int_equal(seen.stacks, 1);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(tach_source__stats(source)->records, 5);
	assert_int_equal(tach_source__stats(source)->bad, 2);
	tach_source__free(source);

	/* The copy holds what has a frame, the unknown type too. */
	assert_int_equal(replay(&file, &again, &stats), 4);
	assert_int_equal(stats.bad, 1);
	assert_int_equal(again.sum, seen.sum);
	end_file(&file);
	close(ring_fd);
}

static void test_ring_handler_fails(void **state)
{
	struct seen seen = {.answer = -ENOMEM};
	struct tach_handlers handlers = handlers_of(&seen);
	struct tach_source *source;
	int ring_fd = new_ring();

	(void)state;
	if (ring_fd < 0)
		skip();
	source = tach_source__open_ring(ring_fd, -1, &handlers);
	assert_non_null(source);
	emit_all(ring_fd);
	assert_int_equal(tach_source__consume(source), -ENOMEM);
	seen.answer = 0;
	assert_int_equal(tach_source__consume(source), 4);
	assert_int_equal(seen.samples, 1);
	tach_source__free(source);
	close(ring_fd);
}

static void test_ring_copy_fails(void **state)
{
	struct seen seen = {};
	struct tach_handlers handlers = handlers_of(&seen);
	int full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct tach_source *source;
	int ring_fd = new_ring();

	(void)state;
	if (ring_fd < 0)
		skip();
	source = tach_source__open_ring(ring_fd, full_fd, &handlers);
	assert_non_null(source);
	emit_all(ring_fd);
	assert_int_equal(tach_source__consume(source), -ENOSPC);
	assert_int_equal(seen.samples, 1);
	emit_all(ring_fd);
	assert_int_equal(tach_source__consume(source), 5);
	assert_int_equal(seen.samples, 2);
	tach_source__free(source);
	close(full_fd);
	close(ring_fd);
}

static void test_ring_of_nothing(void **state)
{
	struct seen seen = {};
	struct tach_handlers handlers = handlers_of(&seen);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	errno = 0;
	assert_null(tach_source__open_ring(fd, -1, &handlers));
	assert_int_not_equal(errno, 0);
	close(fd);
}

/* What is injected goes the same way, into the copy too. */
static void test_without_ring(void **state)
{
	struct seen seen = {}, again = {};
	struct tach_handlers handlers = handlers_of(&seen);
	struct tach_read_stats stats;
	struct tach_source *source;
	struct file file = new_file();

	(void)state;
	source = tach_source__open_ring(-1, file.fd, &handlers);
	assert_non_null(source);
	assert_int_equal(tach_source__fd(source), -1);
	assert_int_equal(tach_source__inject(source, &code, CODE_SZ), 0);
	assert_int_equal(tach_source__inject(source, &stack, sizeof(stack)), 0);
	assert_int_equal(tach_source__inject(source, &sample, sizeof(sample)), 0);
	assert_int_equal(tach_source__consume(source), 0);
	assert_int_equal(seen.samples, 1);
	tach_source__free(source);

	assert_int_equal(replay(&file, &again, &stats), 3);
	assert_int_equal(again.sum, seen.sum);
	end_file(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_ring_handler_fails),
		cmocka_unit_test(test_ring_copy_fails),
		cmocka_unit_test(test_ring_of_nothing),
		cmocka_unit_test(test_without_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
