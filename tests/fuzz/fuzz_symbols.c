// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_symbols.c - any bytes as an ELF file: symbols, sections and links stay in bounds. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clean.h"
#include "target/debugfile.h"
#include "target/raw.h"
#include "target/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void use(const struct elf_file *elf, int fd)
{
	static char name[SYMBOLS_NAME];
	struct symbols *symbols;
	uint64_t start = 0;
	Elf64_Shdr section;

	if (!symbols_read(elf, &symbols)) {
		for (uint64_t vaddr = 0; vaddr < 0x2000; vaddr += 61)
			if (symbols_find(symbols, vaddr, name, &start))
				check(start <= vaddr && name[0] && strlen(name) < SYMBOLS_NAME);
		symbols_find(symbols, UINT64_MAX, name, &start);
	}
	symbols_free(symbols);
	if (raw_section_named(elf, ".gnu_debuglink", &section))
		check(section.sh_type != SHT_NOBITS);
	check(debugfile_open(elf, getpid(), "/nowhere/file", "/nowhere") < 0);
	check(debugfile_open_common(fd, getpid(), "/nowhere") < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_file *elf;
	int fd __fd = memfd_create("fuzz_symbols", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!elf_open(fd, &elf)) {
		use(elf, fd);
		elf_free(elf);
	}
	return 0;
}
