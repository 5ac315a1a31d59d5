/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugvar.h - one variable, as debug information has it.
 */
#ifndef MWBPF_DEBUGVAR_H
#define MWBPF_DEBUGVAR_H

#include "target/debugmaking.h"

/*
 * Add a variable of a function inlined so many levels deep. False: there is no room. What
 * is the compiler's own (without a name, __func__) is left out.
 */
bool debugvar_put(struct making *making, Dwarf_Die *die, enum recipe_role role, uint32_t level);

#endif
