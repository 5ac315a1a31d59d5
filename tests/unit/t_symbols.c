// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_symbols.c - functions of this program and of the C library, by their addresses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target/raw.h"
#include "target/symbols.h"

int shown_function(int n);
static char name[SYMBOLS_NAME];

__attribute__((noinline)) int shown_function(int n)
{
	return n + 1;
}

static __attribute__((noinline)) int hidden_function(int n)
{
	return n + 2;
}

/* no type, no size: as assembly often is */
__asm__(".text\n"
	".p2align 6\n"
	"label_function:\n\tnop\n\tnop\n\tret\n"
	".p2align 6\n"
	".type after_label,@function\nafter_label:\n\tret\n.size after_label,1\n"
	".p2align 6\n");
void label_function(void) __attribute__((visibility("hidden")));
void after_label(void) __attribute__((visibility("hidden")));

static uint64_t own_bias(void)
{
	Dl_info info;
	struct link_map *map;

	assert_true(dladdr1((void *)(uintptr_t)shown_function, &info, (void **)&map,
			    RTLD_DL_LINKMAP));
	return map->l_addr;
}

static struct elf_file *open_elf(const char *path)
{
	struct elf_file *elf;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(elf_open(fd, &elf), 0);
	close(fd);
	return elf;
}

static void this_program(void **state)
{
	struct elf_file *elf = open_elf("/proc/self/exe");
	const uint64_t bias = own_bias();
	struct symbols *symbols;
	uint64_t start;

	(void)state;
	assert_int_equal(symbols_read(elf, &symbols), 0);
	assert_int_equal(shown_function(1) + hidden_function(1), 5);
#define AT(function, plus) ((uintptr_t)(function) - bias + (plus))
	assert_true(symbols_find(symbols, AT(shown_function, 0), name, &start));
	assert_string_equal(name, "shown_function");
	assert_int_equal(start, AT(shown_function, 0));
	assert_true(symbols_find(symbols, AT(shown_function, 1), name, &start));
	assert_string_equal(name, "shown_function");
	assert_true(symbols_find(symbols, AT(hidden_function, 2), name, &start));
	assert_string_equal(name, "hidden_function");
	/* a label reaches to the next function, which does not reach behind its end */
	assert_true(symbols_find(symbols, AT(label_function, 2), name, &start));
	assert_string_equal(name, "label_function");
	assert_true(symbols_find(symbols, AT(after_label, 0), name, &start));
	assert_string_equal(name, "after_label");
	assert_false(symbols_find(symbols, AT(after_label, 1), name, &start) &&
		     !strcmp(name, "after_label"));
	assert_false(symbols_find(symbols, 0, name, &start));
	assert_false(symbols_find(symbols, UINT64_MAX, name, &start));
	symbols_free(symbols);
	elf_free(elf);
}

/* Aliases: the name without underscores, and none with a version. */
static void the_c_library(void **state)
{
	static const char *const known[] = { "malloc", "fopen", "strdup", "qsort", "getenv" };
	struct link_map *map;
	struct symbols *symbols;
	struct elf_file *elf;
	uint64_t start;
	Dl_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		void *function = dlsym(RTLD_DEFAULT, known[i]);

		assert_non_null(function);
		assert_true(dladdr1(function, &info, (void **)&map, RTLD_DL_LINKMAP));
		elf = open_elf(info.dli_fname);
		assert_int_equal(symbols_read(elf, &symbols), 0);
		assert_true(symbols_find(symbols, (uintptr_t)function - map->l_addr + 1, name,
					 &start));
		assert_string_equal(name + strspn(name, "_"), known[i]);
		assert_int_equal(start, (uintptr_t)function - map->l_addr);
		symbols_free(symbols);
		elf_free(elf);
	}
}

static void sections_by_name(void **state)
{
	struct elf_file *elf = open_elf("/proc/self/exe");
	Elf64_Shdr section;

	(void)state;
	assert_true(raw_section_named(elf, ".text", &section));
	assert_true(own_bias() + section.sh_addr <= (uintptr_t)shown_function);
	assert_false(raw_section_named(elf, ".tex", &section));
	assert_false(raw_section_named(elf, ".bss", &section)); /* not in the file */
	elf_free(elf);
}

static void nothing(void **state)
{
	/* a file without sections */
	static const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_DYN, .e_machine = EM_X86_64, .e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
	};
	static const Elf64_Phdr load = { .p_type = PT_LOAD, .p_filesz = 64, .p_memsz = 64 };
	int fd = memfd_create("t_symbols", MFD_CLOEXEC);
	struct symbols *symbols;
	struct elf_file *elf;
	Elf64_Shdr section;

	(void)state;
	assert_int_equal(write(fd, &header, sizeof(header)), sizeof(header));
	assert_int_equal(write(fd, &load, sizeof(load)), sizeof(load));
	assert_int_equal(elf_open(fd, &elf), 0);
	assert_int_equal(symbols_read(elf, &symbols), -ENOENT);
	assert_null(symbols);
	symbols_free(symbols);
	assert_false(raw_section_named(elf, ".text", &section));
	elf_free(elf);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_program),
		cmocka_unit_test(the_c_library),
		cmocka_unit_test(sections_by_name),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
