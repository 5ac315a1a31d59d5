/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * refs.h - which words of an ELF file's image hold an address, and what lies at one.
 */
#ifndef MWBPF_REFS_H
#define MWBPF_REFS_H

#include "target/elf.h"

/*
 * Addresses of 8-byte words that hold vaddr as long as the file is mapped: entries of the
 * GOT and other data that is read-only once relocated. In order; *out is the caller's to
 * free, NULL when there are none. 0 or -ENOMEM.
 */
int refs_to(const struct elf_file *elf, uint64_t vaddr, uint64_t **out, size_t *n);

/*
 * The names of the functions that hold n addresses, in ascending order, by .symtab or
 * else .dynsym; names[i] is NULL when no symbol says. The names lie in *strings, which
 * the caller frees.
 */
void refs_names(const struct elf_file *elf, const uint64_t *vaddrs, size_t n, const char **names,
		char **strings);

#endif
