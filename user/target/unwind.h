/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind.h - where the functions of an ELF file begin and end, by its unwind tables.
 *
 * They are in every C program, stripped or not, since .eh_frame is loaded with it. A
 * function that the compiler has split has a range for each of its parts.
 */
#ifndef MWBPF_UNWIND_H
#define MWBPF_UNWIND_H

#include "target/elf.h"

struct elf_range {
	uint64_t vaddr, size;
};

/*
 * The ranges in order of address, none empty and none overlapping (of two that do, the
 * one that starts later loses what the other has). *out is the caller's to free, NULL
 * when there are none. 0; -ENOENT: no unwind tables; -ENOMEM.
 */
int unwind_ranges(const struct elf_file *elf, struct elf_range **out, size_t *n);

#endif
