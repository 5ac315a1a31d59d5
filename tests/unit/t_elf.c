// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_elf.c - elf.c on the files of this process, and on small files made to be odd. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clean.h"
#include "target/elf.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define VADDR 0x10000
#define MEMORY 0x4000	   /* bytes of the segment, of which the file has less than a half */
#define OTHER (VADDR + 20) /* .symtab's symbols are above, .dynsym's below */
#define NOT_MAPPED 0x900000

struct symbol_row {
	const char *name;
	uint8_t type, bind;
	uint16_t section, version;
	uint64_t vaddr;
	bool found; /* by elf_find, for its name */
};

static const struct symbol_row dynamic_symbols[] = {
	{ "", 0, 0, 0, 0, 0, false },
	{ "hidden_1st", STT_FUNC, STB_GLOBAL, 1, 0x8002, VADDR + 1, false },
	{ "hidden_1st", STT_FUNC, STB_GLOBAL, 1, 3, VADDR + 2, true },
	{ "default_1st", STT_FUNC, STB_GLOBAL, 1, 3, VADDR + 3, true },
	{ "default_1st", STT_FUNC, STB_GLOBAL, 1, 0x8002, VADDR + 4, false },
	{ "twice", STT_FUNC, STB_GLOBAL, 1, 1, VADDR + 6, true },
	{ "only_hidden", STT_FUNC, STB_WEAK, 1, 0x8002, VADDR + 5, true },
	{ "twice", STT_FUNC, STB_GLOBAL, 1, 1, VADDR + 7, false },
	{ "both_tables", STT_FUNC, STB_GLOBAL, 1, 1, VADDR + 8, true },
	{ "ifunc", STT_GNU_IFUNC, STB_GLOBAL, 1, 1, VADDR + 9, false },
	{ "undefined", STT_FUNC, STB_GLOBAL, SHN_UNDEF, 1, VADDR + 10, false },
	{ "last", STT_OBJECT, STB_GLOBAL, 1, 1, VADDR + 11, true },
};

static const struct symbol_row other_symbols[] = {
	{ "", 0, 0, 0, 0, 0, false },
	{ "both_tables", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 20, false },
	{ "local_1st", STT_FUNC, STB_LOCAL, 1, 0, VADDR + 21, false },
	{ "local_1st", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 22, true },
	{ "only_local", STT_FUNC, STB_LOCAL, 1, 0, VADDR + 23, true },
	{ "versioned@V1", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 24, false },
	{ "versioned@@V2", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 25, true },
	{ "undefined", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 26, true },
	{ "absolute", STT_OBJECT, STB_GLOBAL, SHN_ABS, 0, VADDR + 27, false },
	{ "common", STT_OBJECT, STB_GLOBAL, SHN_COMMON, 0, VADDR + 28, false },
	{ "no_type", STT_NOTYPE, STB_GLOBAL, 1, 0, VADDR + 29, false },
	{ "not_mapped", STT_FUNC, STB_GLOBAL, 1, 0, NOT_MAPPED, false },
	{ "bss_data", STT_OBJECT, STB_GLOBAL, 1, 0, VADDR + MEMORY - 1, true },
	{ "bss_code", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + MEMORY - 1, false },
	{ "behind_bss", STT_OBJECT, STB_GLOBAL, 1, 0, VADDR + MEMORY, false },
	{ "only_hidden", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 31, false },
	{ "not_mapped_far", STT_FUNC, STB_GLOBAL, 1, 0, VADDR + 31, false },
};

static const char *const names[] = { "hidden_1st",  "default_1st", "only_hidden", "twice",
				     "both_tables", "last",	   "ifunc",	  "undefined",
				     "local_1st",   "only_local",  "versioned",	  "absolute",
				     "common",	    "no_type",	   "not_mapped",  "bss_data",
				     "bss_code",    "behind_bss",  "last" };

enum section { NULL_SECTION, DYNSYM, DYNSTR, VERSYM, SYMTAB, STRTAB, N_SECTIONS };
enum segment { LOAD, DYNAMIC, NOTE, INTERP, N_SEGMENTS };
enum tag { SYMBOLS, STRINGS, STRINGS_SIZE, VERSIONS, GNU_HASH, HASH, END, BEHIND, N_TAGS };

/* A file with one segment, mapped at VADDR. */
struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[N_SEGMENTS];
	Elf64_Shdr sections[N_SECTIONS];
	Elf64_Dyn dynamic[N_TAGS];
	Elf64_Sym dynsym[COUNT(dynamic_symbols)];
	Elf64_Sym symtab[COUNT(other_symbols)];
	uint32_t hash[2];
	uint32_t gnu_hash[8 + COUNT(dynamic_symbols) - 1];
	char interpreter[8];
	uint16_t versions[COUNT(dynamic_symbols)];
	char notes[4100];
	char dynstr[256], strtab[256]; /* the last byte is the file's last */
};

#define AT(member) offsetof(struct image, member)
#define SIZE(member) sizeof(((struct image *)0)->member)

#define SEGMENT(type, member) (type), 0, AT(member), 0, 0, SIZE(member), 0, 8
#define SECTION(type, member, link) 0, (type), 0, 0, AT(member), SIZE(member), (link), 0, 0, 0

/* All but symbols and versions. */
static const struct image blank = {
	.header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_DYN, .e_machine = EM_X86_64,
		.e_phoff = AT(segments), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = N_SEGMENTS,
		.e_shoff = AT(sections), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = N_SECTIONS,
	},
	.segments = {
		[LOAD] = { PT_LOAD, PF_R, 0, VADDR, 0, sizeof(struct image), MEMORY, 1 },
		[DYNAMIC] = { SEGMENT(PT_DYNAMIC, dynamic) },
		[NOTE] = { SEGMENT(PT_NOTE, notes) },
		[INTERP] = { SEGMENT(PT_INTERP, interpreter) },
	},
	.sections = {
		[NULL_SECTION] = { .sh_size = N_SECTIONS },
		[DYNSYM] = { SECTION(SHT_DYNSYM, dynsym, DYNSTR) },
		[DYNSTR] = { SECTION(SHT_STRTAB, dynstr, 0) },
		[VERSYM] = { SECTION(SHT_GNU_versym, versions, DYNSYM) },
		[SYMTAB] = { SECTION(SHT_SYMTAB, symtab, STRTAB) },
		[STRTAB] = { SECTION(SHT_STRTAB, strtab, DYNSYM) },
	},
	.dynamic = {
		[SYMBOLS] = { DT_SYMTAB, { VADDR + AT(dynsym) } },
		[STRINGS] = { DT_STRTAB, { VADDR + AT(dynstr) } },
		[STRINGS_SIZE] = { DT_STRSZ, { SIZE(dynstr) } },
		[VERSIONS] = { DT_VERSYM, { VADDR + AT(versions) } },
		[GNU_HASH] = { DT_GNU_HASH, { VADDR + AT(gnu_hash) } },
		[HASH] = { DT_HASH, { VADDR + AT(hash) } },
		[BEHIND] = { DT_SYMTAB, { NOT_MAPPED } },
	},
	.hash = { 0, COUNT(dynamic_symbols) },
	/* buckets, first symbol, words of bloom filter, shift; filter; buckets; chains */
	.gnu_hash = { 2, 1, 1, 0, 0, 0, 5, 1, [8 + 3] = 1, [8 + COUNT(dynamic_symbols) - 2] = 1 },
	.interpreter = "/lib/ld",
};

static void fill_symbols(const struct symbol_row *rows, size_t n, Elf64_Sym *symbols, char *strings)
{
	size_t end = 1;

	for (size_t i = 1; i < n; i++) {
		symbols[i].st_name = (uint32_t)end;
		symbols[i].st_info = ELF64_ST_INFO(rows[i].bind, rows[i].type);
		symbols[i].st_shndx = rows[i].section;
		symbols[i].st_value = rows[i].vaddr;
		symbols[i].st_size = i;
		strcpy(strings + end, rows[i].name);
		end += strlen(rows[i].name) + 1;
	}
}

static void fill_image(struct image *image)
{
	*image = blank;
	fill_symbols(dynamic_symbols, COUNT(dynamic_symbols), image->dynsym, image->dynstr);
	fill_symbols(other_symbols, COUNT(other_symbols), image->symtab, image->strtab);
	for (size_t i = 0; i < COUNT(dynamic_symbols); i++)
		image->versions[i] = dynamic_symbols[i].version;
}

static int open_bytes(const void *bytes, size_t len, struct elf_file **elf)
{
	int fd __fd = memfd_create("t_elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	return elf_open(fd, elf);
}

static struct elf_file *open_image(const struct image *image)
{
	struct elf_file *elf;

	assert_int_equal(open_bytes(image, sizeof(*image), &elf), 0);
	return elf;
}

static const struct symbol_row *expected(const char *name, bool with_symtab)
{
	static const struct symbol_row none;

	for (size_t i = 0; i < COUNT(dynamic_symbols); i++)
		if (dynamic_symbols[i].found && !strcmp(dynamic_symbols[i].name, name))
			return &dynamic_symbols[i];
	for (size_t i = 0; i < COUNT(other_symbols) && with_symtab; i++)
		if (other_symbols[i].found && !strncmp(other_symbols[i].name, name, strlen(name)))
			return &other_symbols[i];
	return &none;
}

static void find_expected(const struct elf_file *elf, bool with_symtab)
{
	struct elf_symbol found[COUNT(names)];
	size_t n = elf_find(elf, names, COUNT(names), found);

	for (size_t i = 0; i < COUNT(names); i++) {
		const struct symbol_row *row = expected(names[i], with_symtab);
		const bool in_file = row->found && row->vaddr < VADDR + sizeof(struct image);

		if (found[i].vaddr != row->vaddr)
			fail_msg("%s: %#lx", names[i], found[i].vaddr);
		assert_int_equal(found[i].offset, in_file ? row->vaddr - VADDR : 0);
		assert_int_equal(found[i].dynamic, row->found && row->vaddr < OTHER);
		assert_int_equal(found[i].size != 0, row->found);
		n -= row->found;
	}
	assert_int_equal(n, 0);
}

/* Symbols by section headers, as many as e_shnum or the first of them says, or without. */
static void test_find(void **state)
{
	static const struct {
		bool sections, many, dynamic;
		enum tag missing;
	} rows[] = {
		{ true, false, true, END },	  { true, true, false, END },
		{ false, false, true, END },	  { false, false, true, HASH },
		{ false, false, true, GNU_HASH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct image image;
		struct elf_file *elf;

		fill_image(&image);
		if (!rows[i].sections)
			image.header.e_shoff = 0;
		if (!rows[i].sections || rows[i].many)
			image.header.e_shnum = 0;
		if (!rows[i].dynamic)
			image.segments[DYNAMIC].p_type = PT_NULL;
		image.dynamic[rows[i].missing].d_tag = rows[i].missing == END ? DT_NULL : DT_DEBUG;
		elf = open_image(&image);
		assert_int_equal(elf_is_dynamic(elf), rows[i].dynamic);
		find_expected(elf, rows[i].sections);
		elf_free(elf);
	}
}

static void test_notes(void **state)
{
	static const struct {
		size_t start, align;
		Elf64_Nhdr first, second;
		const char *build_id;
	} rows[] = {
		{ 20, 4, { 4, 4, 1 }, { 4, 2, NT_GNU_BUILD_ID }, "0000" },
		{ 24, 8, { 4, 4, 1 }, { 4, 2, NT_GNU_BUILD_ID }, "0000" },
		{ 24, 8, { 4, 4, NT_GNU_BUILD_ID }, { 4, 2, NT_GNU_BUILD_ID }, "00000000" },
		{ 20, 4, { 4, 4, 1 }, { 5, 2, NT_GNU_BUILD_ID }, "" },
		{ 20, 4, { 4, 4, 1 }, { 4, 65, NT_GNU_BUILD_ID }, "" },
		{ 20, 4, { 4, 65, NT_GNU_BUILD_ID }, { 4, 2, NT_GNU_BUILD_ID }, "" },
		{ 20, 4, { 4, 4, 1 }, { 4, UINT32_MAX, NT_GNU_BUILD_ID }, "" },
		{ 4080, 4, { 4, 4064, 1 }, { 4, 64, NT_GNU_BUILD_ID }, "" },
		{ 20, 4, { UINT32_MAX, 4, 1 }, { 4, 2, NT_GNU_BUILD_ID }, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct image image;
		struct elf_file *elf;

		fill_image(&image);
		image.segments[NOTE].p_align = rows[i].align;
		memcpy(image.notes, &rows[i].first, sizeof(Elf64_Nhdr));
		memcpy(image.notes + 12, "GNU", 4);
		memcpy(image.notes + rows[i].start, &rows[i].second, sizeof(Elf64_Nhdr));
		memcpy(image.notes + rows[i].start + 12, "GNU", 4);
		elf = open_image(&image);
		assert_string_equal(elf_build_id(elf), rows[i].build_id);
		elf_free(elf);
	}
}

/* Fields of the image, what they are overwritten with, and what elf_open says to it. */
static void test_refusal(void **state)
{
#define FIELD(member) AT(member), SIZE(member)
	static const struct {
		size_t at, size;
		uint64_t value;
		int error;
	} rows[] = {
		{ FIELD(header.e_ident[EI_MAG0]), 0, -ENOEXEC },
		{ FIELD(header.e_ident[EI_CLASS]), ELFCLASS32, -ENOTSUP },
		{ FIELD(header.e_ident[EI_DATA]), ELFDATA2MSB, -ENOTSUP },
		{ FIELD(header.e_machine), EM_AARCH64, -ENOTSUP },
		{ FIELD(header.e_type), ET_REL, -ENOTSUP },
		{ FIELD(header.e_type), ET_EXEC, 0 },
		{ FIELD(header.e_phentsize), sizeof(Elf32_Phdr), -EBADMSG },
		{ FIELD(header.e_phnum), 0, -EBADMSG },
		{ FIELD(header.e_phnum), 0xffff, -EBADMSG },
		{ FIELD(header.e_phoff), UINT64_MAX - 8, -EBADMSG },
		{ FIELD(header.e_shoff), UINT64_MAX - 8, 0 },
		{ FIELD(segments[LOAD].p_type), PT_NULL, -EBADMSG },
		{ FIELD(segments[LOAD].p_offset), 1, -EBADMSG },
		{ FIELD(segments[LOAD].p_offset), UINT64_MAX, -EBADMSG },
		{ FIELD(segments[LOAD].p_filesz), sizeof(struct image) + 1, -EBADMSG },
		{ FIELD(segments[LOAD].p_memsz), sizeof(struct image) - 1, -EBADMSG },
		{ FIELD(segments[LOAD].p_memsz), UINT64_MAX - VADDR + 1, -EBADMSG },
		{ FIELD(segments[LOAD].p_memsz), UINT64_MAX - VADDR, 0 },
		{ FIELD(segments[INTERP].p_filesz), 1, -EBADMSG },
		{ FIELD(segments[INTERP].p_filesz), 4097, -EBADMSG },
		{ FIELD(segments[INTERP].p_offset), UINT64_MAX, -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct image image;
		struct elf_file *elf;
		int error;

		fill_image(&image);
		memcpy((char *)&image + rows[i].at, &rows[i].value, rows[i].size);
		error = open_bytes(&image, sizeof(image), &elf);
		if (error != rows[i].error || !elf != !!error)
			fail_msg("row %zu: %d", i, error);
		elf_free(elf);
	}
}

static void test_not_elf(void **state)
{
	struct image image;
	struct elf_file *elf;
	int fds[2];

	(void)state;
	fill_image(&image);
	assert_int_equal(open_bytes("", 0, &elf), -ENOEXEC);
	assert_int_equal(open_bytes("#!/bin/sh\nexit 0\n", 17, &elf), -ENOEXEC);
	assert_int_equal(open_bytes(&image, EI_NIDENT - 1, &elf), -ENOEXEC);
	assert_int_equal(open_bytes(&image, EI_NIDENT, &elf), -EBADMSG);
	assert_int_equal(open_bytes(&image, sizeof(image.header), &elf), -EBADMSG);
	assert_int_equal(elf_open(-1, &elf), -EBADF);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(elf_open(fds[0], &elf), -ENOEXEC);
	assert_null(elf);
	close(fds[0]);
	close(fds[1]);
}

static void test_read(void **state)
{
	static char buf[2 * sizeof(struct image)];
	const size_t size = sizeof(struct image);
	struct image image;
	struct elf_file *elf;
	size_t n;

	(void)state;
	fill_image(&image);
	elf = open_image(&image);
	assert_string_equal(elf_interpreter(elf), "/lib/ld");
	assert_true(elf_is_pie(elf));
	assert_int_equal(elf_loads(elf, &n)[0].vaddr, VADDR);
	assert_int_equal(n, 1);
	assert_int_equal(elf_offset(elf, VADDR - 1), -ENOENT);
	assert_int_equal(elf_offset(elf, VADDR), 0);
	assert_int_equal(elf_offset(elf, VADDR + size - 1), size - 1);
	assert_int_equal(elf_offset(elf, VADDR + size), -ENOENT);
	assert_int_equal(elf_read(elf, 0, buf, sizeof(buf)), size);
	assert_memory_equal(buf, &image, size);
	assert_int_equal(elf_read(elf, AT(interpreter), buf, 3), 3);
	assert_memory_equal(buf, "/li", 3);
	assert_int_equal(elf_read(elf, size - 1, buf, 3), 1);
	assert_int_equal(elf_read(elf, size, buf, 3), 0);
	assert_int_equal(elf_read(elf, UINT64_MAX, buf, 3), 0);
	elf_free(elf);
	elf_free(NULL);
}

static void test_many_loads(void **state)
{
	struct image image;
	struct elf_file *elf;

	(void)state;
	fill_image(&image);
	for (size_t i = 0; i < 65; i++)
		memcpy(image.notes + i * sizeof(Elf64_Phdr), &blank.segments[LOAD],
		       sizeof(Elf64_Phdr));
	image.header.e_phoff = AT(notes);
	image.header.e_phnum = 65;
	assert_int_equal(open_bytes(&image, sizeof(image), &elf), -EBADMSG);
	image.header.e_phnum = 64;
	elf_free(open_image(&image));
}

static void survive(const struct image *image, size_t len)
{
	struct elf_symbol found[COUNT(names)];
	struct elf_file *elf;

	if (!open_bytes(image, len, &elf))
		elf_find(elf, names, COUNT(names), found);
	elf_free(elf);
}

/* Any byte of the file overwritten, and any part of its end missing. */
static void test_damage(void **state)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0xff };
	struct image image;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(values) * sizeof(image); i++) {
		fill_image(&image);
		if (i >= COUNT(values) * sizeof(image))
			image.header.e_shoff = 0;
		((uint8_t *)&image)[i / COUNT(values) % sizeof(image)] = values[i % COUNT(values)];
		survive(&image, sizeof(image));
	}
	fill_image(&image);
	image.segments[LOAD].p_filesz = 0;
	for (size_t len = 0; len < sizeof(image); len++)
		survive(&image, len);
}

static struct elf_file *open_path(const char *path)
{
	int fd __fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_file *elf;

	assert_true(fd >= 0);
	assert_int_equal(elf_open(fd, &elf), 0);
	return elf;
}

/* realpath and posix_spawn have a default and a hidden version; dlsym gives the default. */
static void test_libc(void **state)
{
	static const char *const wanted[] = {
		"malloc",   "free",	   "calloc",  "realloc",
		"realpath", "posix_spawn", "environ", "no such name"
	};
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	struct elf_symbol found[COUNT(wanted)];
	struct link_map *map;
	struct elf_file *elf;

	(void)state;
	if (!libc || dlinfo(libc, RTLD_DI_LINKMAP, &map))
		skip();
	elf = open_path(map->l_name);
	assert_int_equal(elf_find(elf, wanted, COUNT(wanted), found), COUNT(wanted) - 1);
	for (size_t i = 0; i < COUNT(wanted) - 1; i++) {
		char bytes[8];
		void *address = dlsym(libc, wanted[i]);

		if (map->l_addr + found[i].vaddr != (uint64_t)address || !found[i].dynamic)
			fail_msg("%s: %#lx", wanted[i], found[i].vaddr);
		if (found[i].offset && found[i].size >= sizeof(bytes) && i < 6) {
			assert_int_equal(elf_read(elf, found[i].offset, bytes, 8), 8);
			assert_memory_equal(bytes, address, 8);
		}
	}
	elf_free(elf);
	dlclose(libc);
}

static int initialized = 0x12345678;
static char uninitialized[64];

static void test_this_program(void **state)
{
	static const char *const wanted[] = { "test_this_program", "initialized", "uninitialized" };
	struct elf_file *elf = open_path("/proc/self/exe");
	struct elf_symbol found[COUNT(wanted)];
	int value = 0;

	(void)state;
	assert_true(elf_is_dynamic(elf));
	assert_non_null(elf_interpreter(elf));
	assert_int_equal(access(elf_interpreter(elf), X_OK), 0);
	if (elf_find(elf, wanted, COUNT(wanted), found) == COUNT(wanted)) {
		assert_int_equal(found[2].vaddr - found[1].vaddr,
				 (uint64_t)uninitialized - (uint64_t)&initialized);
		assert_int_not_equal(found[0].offset, 0);
		assert_int_equal(elf_read(elf, found[1].offset, &value, sizeof(value)), 4);
		assert_int_equal(value, initialized);
		assert_int_equal(found[2].offset, 0);
	}
	elf_free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_loads),   cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_find),	     cmocka_unit_test(test_not_elf),
		cmocka_unit_test(test_read),	     cmocka_unit_test(test_damage),
		cmocka_unit_test(test_notes),	     cmocka_unit_test(test_libc),
		cmocka_unit_test(test_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
