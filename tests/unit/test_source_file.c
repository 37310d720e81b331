// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "raw_file.h"
#include "read/raw_out.h"

static void write_all_records(int fd)
{
	struct tach_raw_out out = {.fd = fd};

	assert_int_equal(tach_raw_out__put(&out, &code, sizeof(code)), 0);
	assert_int_equal(tach_raw_out__put(&out, &stack, sizeof(stack)), 0);
	assert_int_equal(tach_raw_out__put(&out, &sample, sizeof(sample)), 0);
	assert_int_equal(tach_raw_out__put(&out, &exec_rec, sizeof(exec_rec)), 0);
	assert_int_equal(tach_raw_out__flush(&out), 0);
}

#define FILE_SZ ((CODE_SZ + 7) / 8 * 8 + sizeof(stack) + sizeof(sample) + sizeof(exec_rec))

static void test_file(void **state)
{
	struct file file = new_file();
	struct tach_read_stats stats;
	struct seen seen = {};

	(void)state;
	write_all_records(file.fd);
	assert_int_equal(lseek(file.fd, 0, SEEK_END), FILE_SZ);
	assert_int_equal(replay(&file, &seen, &stats), 4);
	assert_int_equal(seen.codes, 1);
	assert_int_equal(seen.stacks, 1);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(seen.execs, 1);
	assert_int_equal(seen.last_stack_id, 7);
	assert_int_equal(stats.bad, 0);
	end_file(&file);
}

/* Wherever a file ends, the whole records are handed on and a cut one is counted. */
static void test_file_cut(void **state)
{
	const size_t code_end = (CODE_SZ + 7) / 8 * 8;
	const size_t stack_end = code_end + sizeof(stack);
	const size_t sample_end = stack_end + sizeof(sample);
	struct file file = new_file();
	struct tach_read_stats stats;
	size_t sz;

	(void)state;
	write_all_records(file.fd);
	for (sz = FILE_SZ - 1; sz > 0; sz--) {
		bool whole =
			sz == sample_end || sz == stack_end || (sz >= CODE_SZ && sz <= code_end);
		struct seen seen = {};

		assert_int_equal(ftruncate(file.fd, sz), 0);
		replay(&file, &seen, &stats);
		assert_int_equal(seen.codes, sz >= CODE_SZ);
		assert_int_equal(seen.stacks, sz >= stack_end);
		assert_int_equal(seen.samples, sz >= sample_end);
		assert_int_equal(seen.execs, 0);
		assert_int_equal(stats.bad, !whole);
	}
	end_file(&file);
}

/* A bad record with a length is skipped; one without ends the file. */
static void test_file_bad_records(void **state)
{
	struct tach_rec_sample odd = sample;
	struct file file = new_file();
	struct tach_read_stats stats;
	struct seen seen = {};

	(void)state;
	odd.hdr.type = 77;
	assert_int_equal(write(file.fd, &odd, sizeof(odd)), sizeof(odd));
	assert_int_equal(write(file.fd, &sample, sizeof(sample)), sizeof(sample));
	assert_int_equal(replay(&file, &seen, &stats), 2);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(stats.bad, 1);

	odd.hdr.len = 0xfffffff8;
	assert_int_equal(write(file.fd, &odd, sizeof(odd)), sizeof(odd));
	assert_int_equal(write(file.fd, &sample, sizeof(sample)), sizeof(sample));
	seen = (struct seen){};
	assert_int_equal(replay(&file, &seen, &stats), 3);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(stats.bad, 2);

	odd.hdr.len = 0;
	assert_int_equal(pwrite(file.fd, &odd, sizeof(odd), 2 * sizeof(odd)), sizeof(odd));
	seen = (struct seen){};
	assert_int_equal(replay(&file, &seen, &stats), 3);
	assert_int_equal(seen.samples, 1);
	assert_int_equal(stats.bad, 2);
	end_file(&file);
}

static void test_file_empty(void **state)
{
	struct file file = new_file();
	struct tach_read_stats stats;
	struct seen seen = {};

	(void)state;
	assert_int_equal(replay(&file, &seen, &stats), 0);
	assert_int_equal(stats.records, 0);
	end_file(&file);
}

static void test_file_handler_fails(void **state)
{
	struct seen seen = {.answer = -ENOMEM};
	struct tach_handlers handlers = handlers_of(&seen);
	struct file file = new_file();
	struct tach_source *source;

	(void)state;
	write_all_records(file.fd);
	source = tach_source__open_file(file.path, &handlers);
	assert_non_null(source);
	assert_int_equal(tach_source__consume(source), -ENOMEM);
	assert_int_equal(seen.codes, 1);
	assert_int_equal(seen.stacks, 0);
	seen.answer = 0;
	assert_int_equal(tach_source__consume(source), 3);
	tach_source__free(source);
	end_file(&file);
}

static void test_file_unreadable(void **state)
{
	struct seen seen = {};
	struct tach_handlers handlers = handlers_of(&seen);
	struct tach_source *source;

	(void)state;
	errno = 0;
	assert_null(tach_source__open_file("/nonexistent/file", &handlers));
	assert_int_equal(errno, ENOENT);
	source = tach_source__open_file("/", &handlers);
	assert_non_null(source);
	assert_int_equal(tach_source__consume(source), -EISDIR);
	tach_source__free(source);
	tach_source__free(NULL);
}

/* --- raw copy ---------------------------------------------------------------------------------- */

static void test_raw_leaves_out_what_breaks_the_framing(void **state)
{
	struct tach_rec_sample odd = sample;
	struct file file = new_file();
	struct tach_raw_out out = {.fd = file.fd};

	(void)state;
	odd.hdr.len = 7;
	assert_int_equal(tach_raw_out__put(&out, &odd, sizeof(odd)), 0);
	odd.hdr.len = sizeof(odd) + 1;
	assert_int_equal(tach_raw_out__put(&out, &odd, sizeof(odd)), 0);
	assert_int_equal(tach_raw_out__put(&out, &sample, 7), 0);
	assert_int_equal(tach_raw_out__flush(&out), 0);
	assert_int_equal(lseek(file.fd, 0, SEEK_END), 0);
	end_file(&file);
}

/* More than the buffer holds, in records that do not divide it. */
static void test_raw_much(void **state)
{
	struct file file = new_file();
	struct tach_raw_out out = {.fd = file.fd};
	struct tach_read_stats stats;
	struct seen seen = {};
	int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		assert_int_equal(tach_raw_out__put(&out, &code, CODE_SZ), 0);
	assert_int_equal(tach_raw_out__flush(&out), 0);
	assert_int_equal(replay(&file, &seen, &stats), 5000);
	assert_int_equal(seen.codes, 5000);
	assert_int_equal(stats.bad, 0);
	end_file(&file);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals cut writes short, or end them before the first byte. */
static void test_raw_short_writes(void **state)
{
	const struct itimerval often = {{0, 300}, {0, 300}};
	const struct sigaction action = {.sa_handler = on_alarm};
	struct tach_raw_out out = {};
	struct stack3 got;
	size_t have = 0;
	int pipes[2];
	int status, i;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	fcntl(pipes[1], F_SETPIPE_SZ, 4096);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &often, NULL);
		close(pipes[0]);
		out.fd = pipes[1];
		for (i = 0; i < 3000; i++)
			if (tach_raw_out__put(&out, &stack, sizeof(stack)))
				_exit(1);
		_exit(tach_raw_out__flush(&out) ? 1 : 0);
	}
	close(pipes[1]);
	for (i = 0; i < 3000; i++) {
		for (have = 0; have < sizeof(got);) {
			ssize_t n = read(pipes[0], (char *)&got + have, sizeof(got) - have);

			assert_true(n > 0);
			have += n;
		}
		assert_memory_equal(&got, &stack, sizeof(stack));
		if (i % 64 == 0)
			usleep(1000);
	}
	assert_int_equal(read(pipes[0], &got, 1), 0);
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_raw_error_ends_it(void **state)
{
	struct tach_raw_out out = {.fd = open("/dev/full", O_WRONLY | O_CLOEXEC)};
	int fd = out.fd;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tach_raw_out__put(&out, &sample, sizeof(sample)), 0);
	assert_int_equal(tach_raw_out__flush(&out), -ENOSPC);
	assert_int_equal(out.fd, -1);
	assert_int_equal(tach_raw_out__put(&out, &sample, sizeof(sample)), 0);
	assert_int_equal(tach_raw_out__flush(&out), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_cut),
		cmocka_unit_test(test_file_bad_records),
		cmocka_unit_test(test_file_empty),
		cmocka_unit_test(test_file_handler_fails),
		cmocka_unit_test(test_file_unreadable),
		cmocka_unit_test(test_raw_leaves_out_what_breaks_the_framing),
		cmocka_unit_test(test_raw_much),
		cmocka_unit_test(test_raw_short_writes),
		cmocka_unit_test(test_raw_error_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
