// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Load every BPF program, also those that no option of the profiler asks for, with all that options put into them,
 * and print for each its name, the instructions that the verifier looked at, and the bytes of machine code. What libbpf
 * has to say, the verifier's log if it refuses, goes to stderr. Root. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tachyon.skel.h"

static int print_program(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	printf("%s %u %u\n", bpf_program__name(prog), info.verified_insns, info.jited_prog_len);
	return 0;
}

int main(void)
{
	struct tachyon_bpf *skel = tachyon_bpf__open();
	struct bpf_program *prog;
	int err;

	if (!skel) {
		fprintf(stderr, "open: %s\n", strerror(errno));
		return 1;
	}
	bpf_object__for_each_program(prog, skel->obj) bpf_program__set_autoload(prog, true);
	skel->rodata->tach_network = true;
	skel->rodata->tach_exceptions = true;
	err = tachyon_bpf__load(skel);
	if (err)
		fprintf(stderr, "load: %s\n", strerror(-err));
	bpf_object__for_each_program(prog, skel->obj)
	{
		if (!err)
			err = print_program(prog);
	}
	tachyon_bpf__destroy(skel);
	return err ? 1 : 0;
}
