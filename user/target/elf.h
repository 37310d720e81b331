/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_ELF_H
#define TACH_ELF_H

#include <stddef.h>

#include "util/types.h"

/* Look into an ELF file of somebody else: a file of a container is untrusted input, so every number in
 * it is checked, and what cannot be true is "not found". Reads with pread, never by mapping: a mapped
 * file that is cut short while we look would kill us. */
struct tach_elf;

/* @fd: readable, not owned, open until free. 0 with *@out (caller frees), or -ENOEXEC: no ELF file of
 * this machine's word size and byte order. */
int tach_elf__open(int fd, struct tach_elf **out);
void tach_elf__free(struct tach_elf *elf); /* NULL is fine */

/* Places are given as offsets in the file (bytes): a mapping of the file tells which address that is.
 * The bias of PIE files, the first segment's start and the page size need no care that way. */

/* Where the content of section @name starts. 0, or -ENOENT. */
int tach_elf__section(struct tach_elf *elf, const char *name, __u64 *file_off);

struct tach_elf_symbol {
	const char *name;
	enum {
		TACH_ELF_SYM_NONE,    /* not there */
		TACH_ELF_SYM_NEEDED,  /* used here, defined in another file */
		TACH_ELF_SYM_DEFINED, /* here, at file_off */
	} found;
	__u64 file_off; /* 0: not in the file's content */
};

/* Look the @cnt symbols up by name, in .dynsym and .symtab. */
void tach_elf__symbols(struct tach_elf *elf, struct tach_elf_symbol *symbols, size_t cnt);

/* DT_SONAME into @out; "" if there is none. */
void tach_elf__soname(struct tach_elf *elf, char *out, size_t out_sz);

#endif
