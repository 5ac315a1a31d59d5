/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * raw.h - copies of parts of an ELF file, for those who read its tables; all checked.
 */
#ifndef MWBPF_RAW_H
#define MWBPF_RAW_H

#include <elf.h>
#include "target/elf.h"

/* The first program header of a type (PT_GNU_EH_FRAME...). False when there is none. */
bool raw_segment(const struct elf_file *elf, uint32_t type, Elf64_Phdr *out);

/* The first section of a type (SHT_SYMTAB...), and the one it links to. False: none. */
bool raw_section(const struct elf_file *elf, uint32_t type, Elf64_Shdr *out, Elf64_Shdr *link);

/* The first section of a name; what it holds is in the file. False: none. */
bool raw_section_named(const struct elf_file *elf, const char *name, Elf64_Shdr *out);

/*
 * Up to size bytes from an offset, or from the file part of the PT_LOAD that holds an
 * address; *len says how many. NULL when there are none. The caller frees the copy.
 */
void *raw_copy(const struct elf_file *elf, uint64_t offset, uint64_t size, size_t *len);
void *raw_copy_at(const struct elf_file *elf, uint64_t vaddr, uint64_t size, size_t *len);

#endif
