// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* ELF files, asked what is asked of an interpreter's. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/elf.h"
#include "tests/fuzz/broken.h"

static int fd;

static void look(struct tach_elf *elf)
{
	struct tach_elf_symbol symbols[] = {
		{.name = "_PyRuntime"},
		{.name = "Py_GetVersion"},
		{.name = "Py_Version"},
	};
	char soname[32];
	__u64 off;
	int err = tach_elf__section(elf, ".PyRuntime", &off);

	if (err && err != -ENOENT)
		broken("section: %d", err);
	tach_elf__symbols(elf, symbols, 3);
	for (size_t i = 0; i < 3; i++) {
		if (symbols[i].found != TACH_ELF_SYM_DEFINED && symbols[i].file_off)
			broken("%s: not there, but at %llu", symbols[i].name, symbols[i].file_off);
	}
	memset(soname, 'x', sizeof(soname));
	tach_elf__soname(elf, soname, sizeof(soname));
	if (!memchr(soname, '\0', sizeof(soname)))
		broken("the name of the library has no end");
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fd = memfd_create("elf", MFD_CLOEXEC);
	return fd < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct tach_elf *elf;
	int err;

	if (ftruncate(fd, 0) || pwrite(fd, data, sz, 0) != (ssize_t)sz)
		broken("cannot write the file");
	err = tach_elf__open(fd, &elf);
	if (err && (err != -ENOEXEC || elf))
		broken("open: %d", err);
	if (!err)
		look(elf);
	tach_elf__free(elf);
	return 0;
}
