/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugframe.h - what debug information and unwind tables of an ELF file say of the frame of
 * the function at an address.
 *
 * By libdw, as debuginfo.h: only for a process that may die of it.
 */
#ifndef MWBPF_DEBUGFRAME_H
#define MWBPF_DEBUGFRAME_H

#include "target/debuginfo.h"
#include "target/recipe.h"

/*
 * How to go on from a frame whose code is at an address of the file, its variables in scope
 * there (parameters, locals, and those of calls inlined at the address) with so many levels
 * of members, and the call that returns behind the address.
 */
void debugframe_read(struct debuginfo *info, uint64_t vaddr, unsigned depth,
		     struct recipe_frame *frame);

#endif
