/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * elf.h - what a mapped ELF file says of itself: segments, symbols, bytes.
 *
 * The file is the target's and may be hostile: every offset, count and size read
 * from it is checked against the file before use. x86-64 only.
 */
#ifndef MWBPF_ELF_H
#define MWBPF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct elf_file;

/* One PT_LOAD: [vaddr, vaddr + memsz) in memory, the first filesz bytes from offset. */
struct elf_load {
	uint64_t vaddr, memsz;
	uint64_t offset, filesz;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

struct elf_symbol {
	uint64_t vaddr;	 /* 0: the symbol is not defined here */
	uint64_t offset; /* in the file, by PT_LOAD; 0: not defined, or an object in .bss */
	uint64_t size;	 /* bytes; 0 when the symbol does not say */
	bool function;	 /* STT_FUNC; else an object */
	bool dynamic;	 /* from .dynsym, so other files can be bound to it */
};

/*
 * Read the ELF file behind fd, which stays the caller's and may be closed at once.
 * *out is the caller's, ended by elf_free. -ENOEXEC: not ELF; -ENOTSUP: ELF, but
 * not 64-bit little-endian x86-64 (EXEC or DYN); -EBADMSG: damaged.
 */
int elf_open(int fd, struct elf_file **out);
void elf_free(struct elf_file *elf);

/* The PT_LOADs in file order; *n their number. Owned by elf. */
const struct elf_load *elf_loads(const struct elf_file *elf, size_t *n);

/* File offset of a virtual address, by PT_LOAD's file part; -ENOENT if it has none. */
int64_t elf_offset(const struct elf_file *elf, uint64_t vaddr);

/* Whether the file asks for a program interpreter (PT_INTERP): NULL or its path. */
const char *elf_interpreter(const struct elf_file *elf);

bool elf_is_dynamic(const struct elf_file *elf); /* has PT_DYNAMIC */
bool elf_is_pie(const struct elf_file *elf);	 /* ET_DYN */

/* GNU build-id in hex, "" when there is none. Owned by elf. */
const char *elf_build_id(const struct elf_file *elf);

/*
 * Look up n defined function or object symbols by exact name, .dynsym first, then
 * .symtab for those still missing. Versioned symbols: the default version (sym@@V) is
 * taken before a hidden one, and a global symbol before a local one. An IFUNC
 * (STT_GNU_IFUNC) counts as not defined, and so does a symbol outside every PT_LOAD.
 * found[i] answers names[i], all zero when it was not found; returns how many were
 * found. Reads the tables anew in each call, so ask for all names at once.
 */
size_t elf_find(const struct elf_file *elf, const char *const *names, size_t n,
		struct elf_symbol *found);

/* Up to len bytes at a file offset; returns how many, 0 past the end. */
size_t elf_read(const struct elf_file *elf, uint64_t offset, void *buf, size_t len);

#endif
