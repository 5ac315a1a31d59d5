/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugcall.h - calls, by debug information: what they call, and with what values.
 */
#ifndef MWBPF_DEBUGCALL_H
#define MWBPF_DEBUGCALL_H

#include "target/debugmaking.h"

/* Whether this is a call, as DWARF 5 says it or as gcc did before. */
bool debugcall_is(Dwarf_Die *die);

/* Add the call if it is the one that returns to the byte behind the address. */
void debugcall_put(struct making *making, Dwarf_Die *die);

/*
 * The function's name and beginning, and whether jumps may have led to it: it ends in calls
 * that are made by a jump, and what they call may do so, too. (Which those are would have
 * to be followed from file to file: so any such call counts.)
 */
void debugcall_function(struct making *making, Dwarf_Die *function);

#endif
