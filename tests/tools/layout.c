// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Print the layout of the interpreter in process PID as lines "field value", for tests that compare it
 * with what the interpreter says of itself.
 *	layout PID
 * Exit code: 0, or 10 + the position of the error in errors[] with the message on stderr, 1 for other
 * errors, 2 for usage. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "target/target.h"

static const int errors[] = {EAGAIN, ENOEXEC, ENOTSUP, EPROTO, EPERM, ESRCH};

static int exit_code(int err)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (err == -errors[i])
			return 10 + (int)i;
	}
	return 1;
}

#define PRINT(field) printf("%s %u\n", #field, layout->field)

static void print_layout(const struct tach_layout *layout)
{
	printf("runtime_addr %llu\n", layout->runtime_addr);
	PRINT(version);
	PRINT(flags);
	PRINT(rt_interpreters_head);
	PRINT(is_next);
	PRINT(is_threads_head);
	PRINT(is_id);
	PRINT(is_code_generation);
	PRINT(is_gil);
	PRINT(gil_holder);
	PRINT(ts_next);
	PRINT(ts_interp);
	PRINT(ts_current_frame);
	PRINT(ts_native_tid);
	PRINT(ts_status);
	PRINT(ts_holds_gil);
	PRINT(ts_holds_gil_mask);
	PRINT(ts_gil_requested);
	PRINT(ts_current_exception);
	PRINT(ts_exc_info);
	PRINT(fr_previous);
	PRINT(fr_executable);
	PRINT(fr_instr_ptr);
	PRINT(fr_owner);
	PRINT(fr_tag_mask);
	PRINT(first_non_python_owner);
	PRINT(co_filename);
	PRINT(co_qualname);
	PRINT(co_linetable);
	PRINT(co_firstlineno);
	PRINT(co_version);
	PRINT(co_code);
	PRINT(by_size);
	PRINT(by_data);
	PRINT(un_state);
	PRINT(un_length);
	PRINT(un_ascii_sz);
	PRINT(un_compact_sz);
	PRINT(un_kind_shift);
	PRINT(is_gc);
	PRINT(gc_collecting);
	PRINT(gc_frame);
}

int main(int argc, char **argv)
{
	struct tach_target *target = NULL;
	struct tach_layout layout;
	struct tach_why why = {""};
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: layout PID\n");
		return 2;
	}
	err = tach_target__open((pid_t)strtol(argv[1], NULL, 10), &target, &why);
	if (!err)
		err = tach_target__find_layout(target, &layout, &why);
	if (err) {
		fprintf(stderr, "%s\n", why.text);
		tach_target__free(target);
		return exit_code(err);
	}
	printf("exe %s\n", tach_target__exe(target));
	printf("cpu_ns %llu\n", tach_target__cpu_ns(target, true));
	printf("main_cpu_ns %llu\n", tach_target__cpu_ns(target, false));
	print_layout(&layout);
	tach_target__free(target);
	return 0;
}
