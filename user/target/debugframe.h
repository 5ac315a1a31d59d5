/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugframe.h - what debug information and unwind tables of an ELF file say of the frame of
 * the function at an address, and of global variables.
 *
 * By libdw, as debuginfo.h: only for a process that may die of it.
 */
#ifndef MWBPF_DEBUGFRAME_H
#define MWBPF_DEBUGFRAME_H

#include "target/debuginfo.h"
#include "target/recipe.h"

/*
 * How to go on from a frame whose code is at an address of the file, and its variables in
 * scope there: parameters, locals, and those of calls inlined at the address.
 */
void debugframe_read(struct debuginfo *info, uint64_t vaddr, struct recipe_frame *frame);

/*
 * Variables outside of functions that have an address: those from number `from` on, as many
 * as there is room for; frame->next is where to go on.
 */
void debugframe_globals(struct debuginfo *info, uint64_t from, struct recipe_frame *frame);

#endif
