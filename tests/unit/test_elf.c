// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/elf.h"

/* This very program has what is looked for in interpreters: a section with data, and symbols. */
__attribute__((section(".PyRuntime"), used)) static char planted[64] =
	"xdebugpy, planted by the test";
const unsigned long Py_Version = 0x030b07f0;
char planted_in_bss[1 << 16];

static void *map_own_file(size_t *sz)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(data, MAP_FAILED);
	close(fd);
	*sz = st.st_size;
	return data;
}

static int memory_file(const void *data, size_t sz)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, sz), sz);
	return fd;
}

static void test_own_file(void **state)
{
	struct tach_elf_symbol symbols[] = {
		{.name = "Py_Version"},
		{.name = "Py_NoSuchSymbol"},
		{.name = "_cmocka_run_group_tests"},
		{.name = "planted_in_bss"},
	};
	unsigned long version;
	struct tach_elf *elf;
	char soname[64];
	char *data;
	size_t sz;
	__u64 off;
	int fd;

	(void)state;
	data = map_own_file(&sz);
	fd = memory_file(data, sz);
	assert_int_equal(tach_elf__open(fd, &elf), 0);

	assert_int_equal(tach_elf__section(elf, ".PyRuntime", &off), 0);
	assert_true(off + sizeof(planted) <= sz);
	assert_memory_equal(data + off, planted, sizeof(planted));
	assert_int_equal(tach_elf__section(elf, ".NoSuchSection", &off), -ENOENT);
	assert_int_equal(tach_elf__section(elf, "", &off), -ENOENT);

	tach_elf__symbols(elf, symbols, 4);
	assert_int_equal(symbols[0].found, TACH_ELF_SYM_DEFINED);
	assert_true(symbols[0].file_off && symbols[0].file_off + sizeof(version) <= sz);
	memcpy(&version, data + symbols[0].file_off, sizeof(version));
	assert_int_equal(version, Py_Version);
	assert_int_equal(symbols[1].found, TACH_ELF_SYM_NONE);
	assert_int_equal(symbols[2].found, TACH_ELF_SYM_NEEDED);
	assert_int_equal(symbols[3].found, TACH_ELF_SYM_DEFINED);
	assert_int_equal(symbols[3].file_off, 0);

	tach_elf__soname(elf, soname, sizeof(soname));
	assert_string_equal(soname, "");
	tach_elf__free(elf);
	close(fd);
	munmap(data, sz);
}

static void test_soname(void **state)
{
	struct tach_elf *elf;
	char soname[64], tiny[4], line[4096], *path = NULL;
	FILE *maps;
	int fd;

	(void)state;
	maps = fopen("/proc/self/maps", "re");
	assert_non_null(maps);
	while (!path && fgets(line, sizeof(line), maps))
		path = strstr(line, "libcmocka") ? strchr(line, '/') : NULL;
	fclose(maps);
	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(tach_elf__open(fd, &elf), 0);
	tach_elf__soname(elf, soname, sizeof(soname));
	assert_string_equal(soname, "libcmocka.so.0");
	tach_elf__soname(elf, tiny, sizeof(tiny));
	assert_string_equal(tiny, "lib");
	tach_elf__free(elf);
	close(fd);
}

/* Ask everything there is to ask; what counts is that it ends, in bounds. */
static int look(const void *data, size_t sz)
{
	struct tach_elf_symbol symbols[] = {
		{.name = "_PyRuntime"},
		{.name = "Py_GetVersion"},
		{.name = "Py_Version"},
	};
	int fd = memory_file(data, sz);
	struct tach_elf *elf;
	char soname[64];
	__u64 off;
	int err;

	err = tach_elf__open(fd, &elf);
	if (!err) {
		tach_elf__section(elf, ".PyRuntime", &off);
		tach_elf__symbols(elf, symbols, 3);
		tach_elf__soname(elf, soname, sizeof(soname));
		assert_true(strlen(soname) < sizeof(soname));
	} else {
		assert_int_equal(err, -ENOEXEC);
		assert_null(elf);
	}
	tach_elf__free(elf);
	close(fd);
	return err;
}

static void test_no_elf(void **state)
{
	static const char *const texts[] = {"", "\x7f", ELFMAG, "#!/bin/sh\necho\n"};
	Elf64_Ehdr header = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(look(texts[i], strlen(texts[i])), -ENOEXEC);
	assert_int_equal(look(&header, sizeof(header)), -ENOEXEC);
	/* An ar archive: libelf knows it, we do not want it. */
	assert_int_equal(look("!<arch>\n                                                        "
			      "                        ",
			      88),
			 -ENOEXEC);
}

static void test_other_machines(void **state)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_version = EV_CURRENT,
	};
	unsigned char ours;

	(void)state;
	ours = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	header.e_ident[EI_DATA] = ours;
	assert_int_equal(look(&header, sizeof(header)), 0);
	header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_int_equal(look(&header, sizeof(header)), -ENOEXEC);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ours == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
	assert_int_equal(look(&header, sizeof(header)), -ENOEXEC);
}

/* The number of sections that is counted elsewhere than in the header. */
static void test_extended_numbers(void **state)
{
	char *data, *copy;
	Elf64_Ehdr *header;
	size_t sz;

	(void)state;
	data = map_own_file(&sz);
	copy = malloc(sz);
	assert_non_null(copy);
	memcpy(copy, data, sz);
	header = (Elf64_Ehdr *)copy;
	header->e_shnum = 0;
	assert_int_equal(look(copy, sz), -ENOEXEC);
	memcpy(copy, data, sz);
	header->e_phnum = PN_XNUM;
	assert_int_equal(look(copy, sz), -ENOEXEC);
	free(copy);
	munmap(data, sz);
}

/* A section that says it is larger than any file we would read, in a file with a hole that size. */
static void test_huge_names(void **state)
{
	struct tach_elf_symbol symbol = {.name = "Py_Version"};
	const size_t huge = 256u << 20;
	struct tach_elf *elf;
	Elf64_Ehdr *header;
	Elf64_Shdr *sections;
	char *data, *copy;
	size_t sz;
	__u64 off;
	int fd;

	(void)state;
	data = map_own_file(&sz);
	copy = malloc(sz);
	assert_non_null(copy);
	memcpy(copy, data, sz);
	header = (Elf64_Ehdr *)copy;
	sections = (Elf64_Shdr *)(copy + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type == SHT_STRTAB)
			sections[i].sh_size = huge - sections[i].sh_offset;
	}
	fd = memory_file(copy, sz);
	assert_int_equal(ftruncate(fd, huge), 0);
	assert_int_equal(tach_elf__open(fd, &elf), 0);
	assert_int_equal(tach_elf__section(elf, ".PyRuntime", &off), -ENOENT);
	tach_elf__symbols(elf, &symbol, 1);
	assert_int_equal(symbol.found, TACH_ELF_SYM_NONE);
	tach_elf__free(elf);
	close(fd);
	free(copy);
	munmap(data, sz);
}

static void test_truncated(void **state)
{
	char *data;
	size_t sz;

	(void)state;
	data = map_own_file(&sz);
	for (size_t cut = 0; cut < 256; cut++)
		look(data, cut);
	for (size_t i = 1; i < 100; i++)
		look(data, sz * i / 100);
	munmap(data, sz);
}

/* Damage in the tables that say where everything is. */
static void test_damaged(void **state)
{
	static const unsigned char bytes[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t sz, start[3], len[3];
	unsigned int seed = 7;
	char *data, *copy;
	const Elf64_Ehdr *header;

	(void)state;
	data = map_own_file(&sz);
	copy = malloc(sz);
	assert_non_null(copy);
	header = (const Elf64_Ehdr *)data;
	start[0] = 0;
	len[0] = sizeof(*header);
	start[1] = header->e_phoff;
	len[1] = (size_t)header->e_phnum * header->e_phentsize;
	start[2] = header->e_shoff;
	len[2] = (size_t)header->e_shnum * header->e_shentsize;

	memcpy(copy, data, sz);
	for (int round = 0; round < 1500; round++) {
		size_t at[4];

		for (int i = 0; i < 4; i++) {
			int table = rand_r(&seed) % 3;

			at[i] = start[table] + rand_r(&seed) % len[table];
			copy[at[i]] = (char)bytes[rand_r(&seed) % sizeof(bytes)];
		}
		look(copy, sz);
		for (int i = 0; i < 4; i++)
			copy[at[i]] = data[at[i]];
	}
	free(copy);
	munmap(data, sz);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_file),	 cmocka_unit_test(test_soname),
		cmocka_unit_test(test_no_elf),		 cmocka_unit_test(test_other_machines),
		cmocka_unit_test(test_extended_numbers), cmocka_unit_test(test_huge_names),
		cmocka_unit_test(test_truncated),	 cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
