/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cmembers.h - what is in one variable of a live frame: value, members, length.
 */
#ifndef MWBPF_CMEMBERS_H
#define MWBPF_CMEMBERS_H

#include "dwarf/clocals.h"

/* Add a variable and its members to vars, for which there is room. */
void cmembers_read(const struct dwarfeval *eval, const struct recipe_var *from,
		   struct cvars *vars);

#endif
