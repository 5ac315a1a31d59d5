/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debuginner.h - internal to what reads debug information: it, opened.
 */
#ifndef MWBPF_DEBUGINNER_H
#define MWBPF_DEBUGINNER_H

#include <elfutils/libdw.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/debuginfo.h"

#define DEBUG_DEPTH 64 /* of scopes inside each other */

/* The code of a unit or function, or a part of it. */
struct range {
	uint64_t start, end;
	Dwarf_Off die;
	size_t unit; /* of a unit: which */
};

struct ranges {
	struct range *at;
	size_t n, room;
};

/* A compilation unit; its functions are gathered at the first address in it. */
struct unit {
	bool gathered;
	struct ranges functions;
};

struct debuginfo {
	Elf *elf, *debug_elf, *common_elf;
	Dwarf *dwarf, *common;
	Dwarf_CFI *cfi;
	struct ranges code; /* of all units */
	struct unit *units;
	size_t n_units;
	uint64_t tls_start, tls_size; /* of PT_TLS: an address of the file, and bytes */
	char lacking[PATH_MAX]; /* as debuginfo_lacking; "" */
};

/*
 * From a unit to the one with what is in it, which is in another file when it was compiled
 * with -gsplit-dwarf; it stays the same where that cannot be had.
 */
void debugsplit_go_in(struct debuginfo *info, Dwarf_Die *unit);

/* A name as the linker knows it, else as the source has it; NULL. */
const char *debuginfo_linkage_name(Dwarf_Die *die);

/* Whether a flag of a die's own is there and set. */
bool debuginfo_flag(Dwarf_Die *die, int name);

/* The function at an address that was not inlined; false: none is known. */
bool debuginfo_function_at(struct debuginfo *info, uint64_t vaddr, Dwarf_Die *function);

#endif
