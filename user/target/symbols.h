/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * symbols.h - which function of an ELF file holds an address, by its symbol tables.
 */
#ifndef MWBPF_SYMBOLS_H
#define MWBPF_SYMBOLS_H

#include "target/elf.h"

struct symbols;

#define SYMBOLS_NAME 4096 /* bytes of a name with its NUL; a longer one is cut */

/*
 * Read the functions of .symtab, or of .dynsym where a file has been stripped of it; a
 * separate debug file has them too. 24 bytes are kept for each, names stay in the file.
 * elf must stay as long as *out, which is the caller's. 0; -ENOENT: it has none; -ENOMEM.
 */
int symbols_read(const struct elf_file *elf, struct symbols **out);
void symbols_free(struct symbols *symbols); /* NULL too */

/*
 * The function that holds vaddr: its name, without a version, and where it begins. False
 * when none does: an address behind the last byte of a function is in no function.
 */
bool symbols_find(const struct symbols *symbols, uint64_t vaddr, char name[SYMBOLS_NAME],
		  uint64_t *start);

#endif
