/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugglobals.h - what debug information says of variables that are there as long as the
 * program: global ones, and static ones of files, functions and classes.
 *
 * By libdw, as debuginfo.h: only for a process that may die of it.
 */
#ifndef MWBPF_DEBUGGLOBALS_H
#define MWBPF_DEBUGGLOBALS_H

#include "target/debuginfo.h"
#include "target/recipe.h"

/*
 * Those that have an address, or one in each thread, from a place in the debug information
 * on (0: all), as many as there is room for; frame->next is where to go on.
 */
void debugglobals_read(struct debuginfo *info, uint64_t from, unsigned depth,
		       struct recipe_frame *frame);

#endif
