// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Makes the inputs that the fuzzers start from: seeds DIR writes DIR/<fuzzer>/<name>. Small ones, good and
 * nearly good; what is worth finding is a few changes away. */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "read/read.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/world.h"
#include "tests/unit/debug_offsets.h"

static const char *dir;
static int failed;

void seed(const char *fuzzer, const char *name, const void *data, size_t sz)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, fuzzer);
	if (mkdir(path, 0755) && errno != EEXIST)
		failed = 1;
	snprintf(path, sizeof(path), "%s/%s/%s", dir, fuzzer, name);
	file = fopen(path, "we");
	if (!file || fwrite(data, 1, sz, file) != sz)
		failed = 1;
	if (file && fclose(file))
		failed = 1;
}

#define SAVE(fuzzer, name, ...)                                                                    \
	seed(fuzzer, name, (const unsigned char[]){__VA_ARGS__},                                   \
	     sizeof((const unsigned char[]){__VA_ARGS__}))

/* --- the walker --- */

#define TICK(who)	  STEP_TICK, who, 0
#define FIELD(kind, name) world_field(WORLD_##kind, offsetof(struct tach_layout, name))

static void save_walks(void)
{
	char name[32];

	for (unsigned kind = 0; kind < 12; kind++) {
		snprintf(name, sizeof(name), "threads-%u", kind);
		SAVE("fuzz_walk", name, kind, TICK(0), TICK(1), TICK(2), TICK(3), TICK(0x10));
		snprintf(name, sizeof(name), "calls-%u", kind);
		SAVE("fuzz_walk", name, kind, TICK(0), STEP_DEPTH, 0, 30, TICK(0), STEP_DEPTH, 0, 1,
		     TICK(0), STEP_FORGET, 3, 1, TICK(0));
	}
	SAVE("fuzz_walk", "replaced", 1, TICK(0), STEP_CODE, 1, 2, 0, TICK(0), STEP_CODE, 2, 5, 0,
	     TICK(0));
	SAVE("fuzz_walk", "interpreters", 0, TICK(0), STEP_CODE, 2, 4, 1, TICK(1));
	SAVE("fuzz_walk", "exec", 0, TICK(0), STEP_EXEC, 0x80, 1, TICK(0), STEP_EXEC, 0, 2,
	     TICK(0));
	SAVE("fuzz_walk", "ring", 0, STEP_RING, 200, 0, TICK(0), STEP_RING, 0, 8, TICK(0));
	SAVE("fuzz_walk", "generator", 1, STEP_FRAME, 2, 3, 1, 1, 0, STEP_FRAME, 0x11, 1, 2, 4, 9,
	     TICK(0));
	SAVE("fuzz_walk", "page", 1, STEP_PAGE, 32, 0, TICK(0), STEP_PAGE, 6, 0, TICK(1), STEP_PAGE,
	     6, 1, TICK(1));
	SAVE("fuzz_walk", "race", 1, STEP_RACE, 5, STEP_PAGE, 32, 0, STEP_RACE, 9, STEP_SET,
	     FIELD(CODE, co_filename), 1, 0, 4, TICK(0), TICK(0));
	SAVE("fuzz_walk", "code", 0, TICK(0), STEP_SET, FIELD(CODE, co_filename), 1, 0, 3, TICK(0),
	     STEP_SET, FIELD(STR, un_length), 1, 2, 0xff, 0x7f, TICK(0));
	SAVE("fuzz_walk", "task", 0, STEP_TASK, 4, TICK(0), STEP_TASK, 4, STEP_TASK, 12, 1,
	     TICK(0));
	SAVE("fuzz_walk", "layout", 2, STEP_LAYOUT, 8, 255, TICK(0), STEP_LAYOUT, 0x90, 255, 255, 0,
	     0, TICK(0));
}

/* --- records --- */

struct records {
	unsigned char data[4096];
	size_t sz;
};

static void put(struct records *out, const void *data, size_t sz)
{
	memcpy(out->data + out->sz, data, sz);
	out->sz += sz;
}

static void end_record(struct records *out)
{
	out->sz = (out->sz + TACH_RAW_ALIGN - 1) & ~(size_t)(TACH_RAW_ALIGN - 1);
}

static void put_code(struct records *out, __u64 addr, const char *file, const char *func,
		     __u32 kind)
{
	static const unsigned char table[] = {0xf2, 0x03, 0x01, 0x00, 0x04, 0x80, 0x12, 0xf8};
	__u32 file_sz = strlen(file), func_sz = strlen(func) / kind * kind;
	struct tach_rec_code rec = {
		.hdr = {TACH_REC_CODE, sizeof(rec) + file_sz + func_sz + sizeof(table)},
		.code_addr = addr,
		.fingerprint = addr,
		.firstlineno = 7,
		.filename = {.data_addr = 64, .sz = file_sz, .full_sz = file_sz, .kind = 1},
		.qualname = {.data_addr = 64, .sz = func_sz, .full_sz = func_sz, .kind = kind},
		.linetable = {.data_addr = 64,
			      .sz = sizeof(table),
			      .full_sz = sizeof(table),
			      .kind = 1},
	};

	put(out, &rec, sizeof(rec));
	put(out, file, file_sz);
	put(out, func, func_sz);
	put(out, table, sizeof(table));
	end_record(out);
}

/* What was not copied but is in the target's memory. */
static void put_missed_code(struct records *out, __u64 addr)
{
	struct tach_rec_code rec = {
		.hdr = {TACH_REC_CODE, sizeof(rec)},
		.code_addr = addr,
		.miss = TACH_CODE_MISS_FILENAME | TACH_CODE_MISS_QUALNAME |
			TACH_CODE_MISS_LINETABLE,
		.filename = {.data_addr = 132, .full_sz = 5, .kind = 1},
		.qualname = {.data_addr = 132, .full_sz = 6, .kind = 2},
		.linetable = {.data_addr = 130, .full_sz = 8, .kind = 1},
	};

	put(out, &rec, sizeof(rec));
}

static void put_stack(struct records *out, __u64 id, __u32 flags, const __u64 *frames, __u32 cnt)
{
	struct tach_rec_stack rec = {
		.hdr = {TACH_REC_STACK, sizeof(rec) + cnt * sizeof(*frames)},
		.stack_id = id,
		.flags = flags,
		.frame_cnt = cnt,
	};

	put(out, &rec, sizeof(rec));
	put(out, frames, cnt * sizeof(*frames));
}

static void put_sample(struct records *out, __u64 id, __u32 tid)
{
	struct tach_rec_sample rec = {
		.hdr = {TACH_REC_SAMPLE, sizeof(rec)},
		.stack_id = id,
		.tid = tid,
		.weight = 1,
	};

	put(out, &rec, sizeof(rec));
}

static void save_records(void)
{
	static const struct tach_rec_exec exec_rec = {
		.hdr = {TACH_REC_EXEC, sizeof(exec_rec)},
		.image = 1,
	};
	const __u64 code = 0x7f1200000100ull;
	const __u64 frames[] = {
		(code >> 3) << TACH_FRAME_LASTI_BITS | 2,
		((code + 256) >> 3) << TACH_FRAME_LASTI_BITS | 1,
		(code >> 3) << TACH_FRAME_LASTI_BITS | TACH_FRAME_LASTI_NONE,
	};
	struct records out = {0};

	put_code(&out, code, "/srv/app.py", "C.method", 1);
	put_code(&out, code + 256, "/srv/b;c d.py", "\xe9\x00\x20\xd8", 2);
	put_stack(&out, 1, 0, frames, 3);
	put_sample(&out, 1, 10);
	put_sample(&out, 1, 11);
	put_stack(&out, 2, TACH_STACK_TRUNCATED, frames + 1, 1);
	put_sample(&out, 2, 10);
	seed("fuzz_decode", "samples", out.data, out.sz);

	out.sz = 0;
	put_code(&out, code, "<frozen importlib._bootstrap>", "__init__", 1);
	put_missed_code(&out, code + 256);
	put_stack(&out, 1, 0, frames, 3);
	put_sample(&out, 1, 10);
	put(&out, &exec_rec, sizeof(exec_rec));
	put_sample(&out, 3, 10);
	seed("fuzz_decode", "missed", out.data, out.sz);
}

/* --- line tables, tables of offsets, mappings --- */

static void save_linetables(void)
{
	/* Behind the first line and the instruction: long, short, one line, no columns, none. */
	SAVE("fuzz_linetable", "forms", 7, 0, 0, 0, 6, 0, 0, 0, 0xf2, 3, 1, 0, 4, 0x80, 0x12, 0xd8,
	     1, 2, 0xe8, 2, 0xf8);
	SAVE("fuzz_linetable", "long", 1, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0x3f, 0x41, 2, 0x40, 1,
	     1);
}

static void save_layouts(void)
{
	unsigned char table[OFFSETS_MAX_SZ];
	char name[32];

	for (int version = 0; version < VERSIONS; version++) {
		snprintf(name, sizeof(name), "version-%d", version);
		seed("fuzz_layout", name, table, offsets_table(table, version, NULL, 0));
	}
}

static void save_maps(void)
{
	static const char text[] =
		"5581f4a00000-5581f4c3f000 r--p 00000000 fd:01 1057 /usr/bin/python3.13\n"
		"5581f4c3f000-5581f4d00000 r-xp 0023f000 fd:01 1057 /usr/lib/libpython3.15.so.1.0"
		" (deleted)\n"
		"7f2a00000000-7f2a00021000 rw-p 00000000 00:00 0 \n"
		"7ffd1e9e2000-7ffd1ea03000 rw-s 00000000 00:00 0                  [stack]\n";

	seed("fuzz_maps", "python", text, sizeof(text) - 1);
}

/* --- an ELF file with what is looked for --- */

static const char names[] = "\0.PyRuntime\0_PyRuntime\0Py_Version\0libpython3.15.so.1.0\0.dynstr";
enum {
	NAME_SECTION = 1,
	NAME_RUNTIME = 12,
	NAME_VERSION = 23,
	NAME_LIBRARY = 34,
	NAME_STRINGS = 55
};

enum { SEC_NONE, SEC_RUNTIME, SEC_STRINGS, SEC_SYMBOLS, SEC_DYNAMIC, SECTIONS };

struct tiny_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[SECTIONS];
	char runtime[16];
	char names[sizeof(names)];
	Elf64_Sym symbols[3];
	Elf64_Dyn dynamic[2];
};

#define PLACE(field)                                                                               \
	.sh_offset = offsetof(struct tiny_elf, field),                                             \
	.sh_addr = offsetof(struct tiny_elf, field),                                               \
	.sh_size = sizeof(((struct tiny_elf *)0)->field)

static void save_elf(void)
{
	struct tiny_elf elf = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT},
			   .e_type = ET_DYN,
			   .e_version = EV_CURRENT,
			   .e_phoff = offsetof(struct tiny_elf, segment),
			   .e_shoff = offsetof(struct tiny_elf, sections),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1,
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = SECTIONS,
			   .e_shstrndx = SEC_STRINGS},
		.segment = {.p_type = PT_LOAD, .p_filesz = sizeof(elf), .p_memsz = sizeof(elf)},
		.sections = {[SEC_RUNTIME] = {.sh_name = NAME_SECTION,
					      .sh_type = SHT_PROGBITS,
					      PLACE(runtime)},
			     [SEC_STRINGS] = {.sh_name = NAME_STRINGS,
					      .sh_type = SHT_STRTAB,
					      PLACE(names)},
			     [SEC_SYMBOLS] = {.sh_type = SHT_DYNSYM,
					      .sh_link = SEC_STRINGS,
					      .sh_entsize = sizeof(Elf64_Sym),
					      PLACE(symbols)},
			     [SEC_DYNAMIC] = {.sh_type = SHT_DYNAMIC,
					      .sh_link = SEC_STRINGS,
					      .sh_entsize = sizeof(Elf64_Dyn),
					      PLACE(dynamic)}},
		.symbols = {{0},
			    {.st_name = NAME_RUNTIME,
			     .st_shndx = SEC_RUNTIME,
			     .st_value = offsetof(struct tiny_elf, runtime)},
			    {.st_name = NAME_VERSION, .st_shndx = SHN_UNDEF}},
		.dynamic = {{.d_tag = DT_SONAME, .d_un.d_val = NAME_LIBRARY}, {.d_tag = DT_NULL}},
	};

	memcpy(elf.names, names, sizeof(names));
	seed("fuzz_elf", "library", &elf, sizeof(elf));
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 1;
	}
	dir = argv[1];
	save_walks();
	save_records();
	save_linetables();
	save_layouts();
	save_maps();
	save_elf();
	save_recordings();
	if (failed)
		fprintf(stderr, "seeds: cannot write to %s\n", dir);
	return failed;
}
