// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "target/elf.h"

/* libelf copies a table into memory when it is looked at. The symbol table of a browser has some
 * 20 MB; a table that claims more than this is left alone. */
#define TABLE_MAX_SZ (64u << 20)

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define OUR_DATA ELFDATA2LSB
#else
#define OUR_DATA ELFDATA2MSB
#endif

struct tach_elf {
	Elf *elf;
	size_t segment_cnt;
	size_t section_names; /* index of the section with their names */
};

/* More than 65279 sections or 65534 segments are counted elsewhere than in the header, in numbers for
 * which libelf takes memory before it has seen a single one: no file of interest has them. */
static bool header_is_sane(int fd)
{
	Elf64_Ehdr header;

	return pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == OUR_DATA &&
	       (header.e_shnum || !header.e_shoff) && header.e_phnum < PN_XNUM;
}

/* The content of a table that may be looked at; NULL if there is none, or it is too large. A packed one
 * is no table that the loader could use, and what it unpacks to is anybody's guess. */
static Elf_Data *table_data(Elf_Scn *section, GElf_Shdr *header)
{
	if (!section || !gelf_getshdr(section, header) || header->sh_size > TABLE_MAX_SZ ||
	    header->sh_type == SHT_NOBITS || (header->sh_flags & SHF_COMPRESSED))
		return NULL;
	return elf_getdata(section, NULL);
}

/* Whether section @idx holds names that elf_strptr() may read. */
static bool is_string_table(struct tach_elf *elf, size_t idx)
{
	GElf_Shdr header;

	return table_data(elf_getscn(elf->elf, idx), &header) && header.sh_type == SHT_STRTAB;
}

int tach_elf__open(int fd, struct tach_elf **out)
{
	struct tach_elf *self;

	*out = NULL;
	if (!header_is_sane(fd) || elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	self = calloc(1, sizeof(*self));
	if (!self)
		return -ENOMEM;
	self->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!self->elf || elf_kind(self->elf) != ELF_K_ELF) {
		tach_elf__free(self);
		return -ENOEXEC;
	}
	/* A file without sections, or with damaged ones, still has segments, and the other way round. */
	if (elf_getphdrnum(self->elf, &self->segment_cnt) != 0)
		self->segment_cnt = 0;
	if (elf_getshdrstrndx(self->elf, &self->section_names) != 0 ||
	    !is_string_table(self, self->section_names))
		self->section_names = 0;
	*out = self;
	return 0;
}

void tach_elf__free(struct tach_elf *elf)
{
	if (!elf)
		return;
	elf_end(elf->elf);
	free(elf);
}

/* Where the byte at link-time address @vaddr stands in the file; false if nowhere (.bss). */
static bool file_offset(struct tach_elf *elf, __u64 vaddr, __u64 *out)
{
	for (size_t i = 0; i < elf->segment_cnt; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(elf->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    vaddr < segment.p_vaddr || vaddr - segment.p_vaddr >= segment.p_filesz)
			continue;
		return !__builtin_add_overflow(segment.p_offset, vaddr - segment.p_vaddr, out);
	}
	return false;
}

int tach_elf__section(struct tach_elf *elf, const char *name, __u64 *file_off)
{
	Elf_Scn *section = NULL;

	if (!elf->section_names)
		return -ENOENT;
	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;
		const char *found;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS)
			continue;
		found = elf_strptr(elf->elf, elf->section_names, header.sh_name);
		/* By address, not sh_offset: that is what the loader goes by. */
		if (found && strcmp(found, name) == 0 && file_offset(elf, header.sh_addr, file_off))
			return 0;
	}
	return -ENOENT;
}

static void match_symbol(struct tach_elf *elf, const GElf_Sym *sym, const char *name,
			 struct tach_elf_symbol *symbols, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (symbols[i].found == TACH_ELF_SYM_DEFINED || strcmp(symbols[i].name, name) != 0)
			continue;
		if (sym->st_shndx == SHN_UNDEF) {
			symbols[i].found = TACH_ELF_SYM_NEEDED;
			continue;
		}
		symbols[i].found = TACH_ELF_SYM_DEFINED;
		if (!file_offset(elf, sym->st_value, &symbols[i].file_off))
			symbols[i].file_off = 0;
	}
}

static void scan_symbols(struct tach_elf *elf, Elf_Scn *section, struct tach_elf_symbol *symbols,
			 size_t cnt)
{
	GElf_Shdr header;
	Elf_Data *data = table_data(section, &header);
	GElf_Sym sym;

	if (!data || !is_string_table(elf, header.sh_link))
		return;
	for (int i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf->elf, header.sh_link, sym.st_name);

		if (name)
			match_symbol(elf, &sym, name, symbols, cnt);
	}
}

void tach_elf__symbols(struct tach_elf *elf, struct tach_elf_symbol *symbols, size_t cnt)
{
	Elf_Scn *section = NULL;

	for (size_t i = 0; i < cnt; i++) {
		symbols[i].found = TACH_ELF_SYM_NONE;
		symbols[i].file_off = 0;
	}
	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB))
			scan_symbols(elf, section, symbols, cnt);
	}
}

void tach_elf__soname(struct tach_elf *elf, char *out, size_t out_sz)
{
	Elf_Scn *section = NULL;

	out[0] = '\0';
	while ((section = elf_nextscn(elf->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Dyn dyn;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = table_data(section, &header);
		if (!data || !is_string_table(elf, header.sh_link))
			continue;
		for (int i = 0; gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
			const char *name;

			if (dyn.d_tag != DT_SONAME)
				continue;
			name = elf_strptr(elf->elf, header.sh_link, dyn.d_un.d_val);
			if (name)
				snprintf(out, out_sz, "%s", name);
			return;
		}
	}
}
