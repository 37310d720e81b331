// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "target/candidates.h"
#include "target/code_counter.h"
#include "target/elf.h"
#include "target/find.h"
#include "target/layout.h"
#include "target/mapfile.h"
#include "target/proc_maps.h"
#include "target/pyversion.h"
#include "target/scan.h"

/* Files looked into. A desktop program maps some 300 libraries. */
#define FILES_MAX 1024

#define FIRST_SUPPORTED 0x030d
#define LAST_SUPPORTED	0x030f

struct search {
	const struct tach_memory *mem;
	const struct tach_maps *maps;
	struct tach_layout *out;
	struct tach_why *why;
	int err;	 /* 0 when found; else the most telling failure so far, -ENOEXEC at first */
	__u32 supported; /* PY_VERSION_HEX that a file claims while no table was found */
};

/* Take note of a failure. "Not started yet" may be a second, unused copy of the library. */
static void note(struct search *search, int err, const struct tach_why *why)
{
	if (search->err != -ENOEXEC && search->err != -EAGAIN)
		return;
	if (search->err == err)
		return;
	search->err = err;
	tach_why__set(search->why, err, "%s", why->text);
}

/* Whether the layout fits what is there: the newest thread must point back to its interpreter. Both can
 * come and go while we look. */
static int check_live(struct search *search, struct tach_layout *layout, struct tach_why *why)
{
	for (int attempt = 0; attempt < 3; attempt++) {
		__u64 interp, thread, back;
		int err;

		err = tach_memory__read(search->mem,
					layout->runtime_addr + layout->rt_interpreters_head,
					&interp, sizeof(interp));
		if (!err && !interp)
			return tach_why__set(why, -EAGAIN,
					     "has a Python %u.%u that has not started yet, or has "
					     "ended already",
					     layout->version >> 8, layout->version & 0xff);
		if (!err)
			err = tach_memory__read(search->mem, interp + layout->is_threads_head,
						&thread, sizeof(thread));
		if (!err && !thread)
			return 0;
		if (!err)
			err = tach_memory__read(search->mem, thread + layout->ts_interp, &back,
						sizeof(back));
		if (err && err != -EFAULT)
			return err;
		if (!err && back == interp) {
			tach_code_counter__find(search->mem, interp, layout);
			return 0;
		}
	}
	return tach_why__set(
		why, -EPROTO,
		"runs Python %u.%u, but its threads are not where its table of offsets "
		"says; refused, because a guess would show wrong stacks",
		layout->version >> 8, layout->version & 0xff);
}

/* Look for the table at @addr. 0 found, -ENOENT there is none, or why it will not do. */
static int read_layout(struct search *search, __u64 addr, struct tach_layout *layout,
		       struct tach_why *why)
{
	unsigned char table[TACH_DEBUG_OFFSETS_SZ];
	int err;

	why->text[0] = '\0';
	err = tach_memory__read(search->mem, addr, table, sizeof(table));
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	if (!tach_layout__has_cookie(table, sizeof(table)))
		return -ENOENT;
	err = tach_layout__parse(table, sizeof(table), addr, layout, why);
	return err ? err : check_live(search, layout, why);
}

/* As read_layout(), and remember the result. Returns whether a table was there. */
static bool try_address(struct search *search, __u64 addr)
{
	struct tach_layout layout;
	struct tach_why why;
	int err = read_layout(search, addr, &layout, &why);

	/* One that has not started yet is good to know, too: the first such, as for the message. */
	if (!err || (err == -EAGAIN && search->err == -ENOEXEC))
		*search->out = layout;
	if (!err)
		search->err = 0;
	else if (err != -ENOENT)
		note(search, err, &why);
	return err != -ENOENT;
}

/* Try the place at @file_off of the file of which @items are the mappings. */
static bool try_place(struct search *search, const struct tach_candidate *items, size_t cnt,
		      __u64 file_off)
{
	bool seen = false;

	for (size_t i = 0; i < cnt && search->err; i++) {
		const struct tach_map *map = items[i].map;

		if (file_off >= map->offset && file_off - map->offset < map->end - map->start)
			seen |= try_address(search, map->start + (file_off - map->offset));
	}
	return seen;
}

/* The version of an interpreter without table, by the names of what it is made of. */
static __u32 version_by_names(const struct search *search, struct tach_elf *elf, const char *path)
{
	__u32 version = tach_pyversion__from_path(path);
	char soname[256];

	if (!version) {
		tach_elf__soname(elf, soname, sizeof(soname));
		version = tach_pyversion__from_path(soname);
	}
	for (size_t i = 0; !version && i < search->maps->cnt; i++)
		version = tach_pyversion__from_path(search->maps->items[i].path);
	return version;
}

/* A file that defines Python's functions, but has no table: tell the version. */
static void name_version(struct search *search, struct tach_elf *elf, int fd, const char *path,
			 const struct tach_elf_symbol *version_symbol)
{
	char text[TACH_PY_TEXT_SZ];
	struct tach_why why;
	__u64 hex = 0; /* unsigned long Py_Version (CPython v3.11.0 Include/pylifecycle.h) */
	__u32 version;

	if (version_symbol->file_off &&
	    pread(fd, &hex, sizeof(hex), (off_t)version_symbol->file_off) != sizeof(hex))
		hex = 0;
	version = hex ? TACH_PY_MAJOR_MINOR(hex) : version_by_names(search, elf, path);
	if (version >= FIRST_SUPPORTED && version <= LAST_SUPPORTED) {
		search->supported = version << 16;
		return;
	}
	if (hex)
		tach_why__set(&why, 0, "runs Python %s: supported are " TACH_PY_SUPPORTED,
			      tach_pyversion__text((__u32)hex, text));
	else if (version)
		tach_why__set(&why, 0, "runs Python %u.%u: supported are " TACH_PY_SUPPORTED,
			      version >> 8, version & 0xff);
	else
		tach_why__set(&why, 0,
			      "runs a Python older than 3.11: supported are " TACH_PY_SUPPORTED);
	note(search, -ENOTSUP, &why);
}

static void try_symbols(struct search *search, struct tach_elf *elf, int fd,
			const struct tach_candidate *items, size_t cnt)
{
	struct tach_elf_symbol symbols[] = {
		{.name = "_PyRuntime"},
		{.name = "Py_GetVersion"},
		{.name = "Py_Version"},
	};

	tach_elf__symbols(elf, symbols, sizeof(symbols) / sizeof(symbols[0]));
	if (symbols[0].file_off && try_place(search, items, cnt, symbols[0].file_off))
		return;
	/* Only needed, not defined: a small program around a library that may be yet to come. */
	if (symbols[0].found == TACH_ELF_SYM_DEFINED || symbols[1].found == TACH_ELF_SYM_DEFINED)
		name_version(search, elf, fd, items[0].map->path, &symbols[2]);
}

/* Look into the file of which @items are the mappings. */
static void try_file(struct search *search, const struct tach_candidate *items, size_t cnt)
{
	struct tach_elf *elf = NULL;
	__u64 file_off;
	bool has_section;
	int fd;

	fd = tach_mapfile__open(search->mem->proc_fd, items[0].map, items[0].is_exe);
	if (fd < 0)
		return;
	if (tach_elf__open(fd, &elf) == 0) {
		has_section = tach_elf__section(elf, ".PyRuntime", &file_off) == 0;
		if (has_section && try_place(search, items, cnt, file_off))
			goto out;
		if (has_section || items[0].rank != TACH_RANK_OTHER)
			try_symbols(search, elf, fd, items, cnt);
	}
out:
	tach_elf__free(elf);
	close(fd);
}

static bool visit_file_hit(void *ctx, __u64 addr)
{
	struct search *search = ctx;

	try_address(search, addr);
	return search->err != 0;
}

/* In anonymous memory the table may be a copy that somebody keeps, a profiler for one: only one that
 * leads to living threads counts. */
static bool visit_anonymous_hit(void *ctx, __u64 addr)
{
	struct search *search = ctx;
	struct tach_layout layout;
	struct tach_why why;

	if (read_layout(search, addr, &layout, &why) == 0) {
		*search->out = layout;
		search->err = 0;
	}
	return search->err != 0;
}

static void try_scan(struct search *search, const struct tach_candidates *candidates)
{
	struct tach_scan scan;

	if (tach_scan__init(&scan, search->mem) != 0)
		return;
	for (size_t i = 0; i < candidates->cnt && search->err; i++)
		tach_scan__map(&scan, candidates->items[i].map, visit_file_hit, search);
	if (search->err != -ENOEXEC)
		goto out;
	for (size_t i = 0; i < search->maps->cnt && search->err; i++) {
		const struct tach_map *map = &search->maps->items[i];

		if (map->write && !map->shared && !tach_map__is_file(map))
			tach_scan__map(&scan, map, visit_anonymous_hit, search);
	}
out:
	tach_scan__free(&scan);
}

static void run_search(struct search *search, const struct tach_candidates *candidates)
{
	size_t cnt, files = 0;
	struct tach_why why;

	for (size_t i = 0; i < candidates->cnt && search->err && files < FILES_MAX;
	     i += cnt, files++) {
		cnt = tach_candidates__file_cnt(candidates, i);
		try_file(search, &candidates->items[i], cnt);
	}
	if (search->err != -ENOEXEC)
		return;
	/* Files that could not be opened, or that hide what they are. */
	try_scan(search, candidates);
	if (search->err == -ENOEXEC && search->supported) {
		tach_why__set(&why, 0,
			      "runs Python %u.%u, but its runtime state (_PyRuntime) was not found "
			      "in its memory",
			      TACH_PY_MAJOR(search->supported), TACH_PY_MINOR(search->supported));
		note(search, -EPROTO, &why);
	}
}

static int search_once(const struct tach_memory *mem, const char *exe, struct tach_layout *out,
		       struct tach_why *why)
{
	struct tach_candidates candidates = {0};
	struct tach_maps maps = {0};
	struct search search = {.mem = mem, .maps = &maps, .out = out, .why = why};
	unsigned char byte;
	int err;

	err = tach_maps__read(mem->proc_fd, &maps);
	if (err)
		goto out;
	if (!maps.cnt) {
		err = -ENODATA;
		goto out;
	}
	/* Who may see the map need not be allowed to read (Linux v6.18 kernel/fork.c, may_access_mm()):
	 * nothing would be found, and no reason given. */
	err = tach_memory__read(mem, maps.items[0].start, &byte, sizeof(byte));
	if (err == -EPERM || err == -EACCES)
		goto out;
	err = tach_candidates__collect(&maps, exe, &candidates);
	if (err)
		goto out;
	search.err = tach_why__set(why, -ENOEXEC, "does not run Python");
	run_search(&search, &candidates);
	err = search.err;
out:
	tach_candidates__free(&candidates);
	tach_maps__free(&maps);
	return err;
}

int tach_find__layout(const struct tach_memory *mem, const char *exe, struct tach_layout *out,
		      struct tach_why *why)
{
	int err = search_once(mem, exe, out, why);

	/* It may have replaced its program under our eyes: say this only if it is still true. */
	if (err == -EPROTO)
		err = search_once(mem, exe, out, why);
	return err;
}
