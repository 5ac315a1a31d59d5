/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debuginfo.h - what debug information and unwind tables of an ELF file say of an address.
 *
 * It is libdw that reads them, which trusts counts and offsets more than a target's file
 * deserves: to be used only by a process that may die of it (reader.h). Addresses are
 * those of the file.
 */
#ifndef MWBPF_DEBUGINFO_H
#define MWBPF_DEBUGINFO_H

#include <stddef.h>
#include <stdint.h>

struct debuginfo;

/* What %rbp is to the function at an address. */
enum frame_rule {
	FRAME_UNKNOWN,	 /* no unwind table says */
	FRAME_POINTER,	 /* its frame pointer: the caller's is at 0(%rbp), the return address at 8 */
	FRAME_KEPT,	 /* still what it was to its caller */
	FRAME_NONE,	 /* a register like others */
	FRAME_OUTERMOST, /* nothing called it: the first function of a thread */
};

/* One function at an address; several when calls were inlined. */
struct debuginfo_function {
	const char *name; /* as the linker knows it, else as in the source; NULL: no name */
	const char *file; /* of the line; NULL: not known */
	const char *dir;  /* that a relative file was compiled in; NULL: not known */
	uint32_t line;	  /* 0: none */
	uint64_t start;	  /* of the one that is not inlined; 0: not known */
};

/*
 * The file itself, the file with its debug information and the file common to several of
 * those; -1: there is none. The descriptors stay the caller's, and open. NULL when the
 * first is not readable.
 */
struct debuginfo *debuginfo_open(int file, int debug, int common);
void debuginfo_close(struct debuginfo *info);

/*
 * The first file that a unit's debug information was moved to (-gsplit-dwarf) and that could
 * not be had, or was not of that unit; NULL: none so far. It is info's.
 */
const char *debuginfo_lacking(const struct debuginfo *info);

enum frame_rule debuginfo_rule(struct debuginfo *info, uint64_t vaddr);

/*
 * The functions at an address, innermost first, the last the one that was not inlined
 * unless there are more than cap. 0 when there is no debug information of the address.
 * Strings belong to info.
 */
size_t debuginfo_functions(struct debuginfo *info, uint64_t vaddr,
			   struct debuginfo_function *functions, size_t cap);

#endif
