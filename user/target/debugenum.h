/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugenum.h - the words of enumerations, by debug information.
 */
#ifndef MWBPF_DEBUGENUM_H
#define MWBPF_DEBUGENUM_H

#include "target/debugmaking.h"

/* Add the words of a type; none for what is no enumeration, or when there is no room. */
struct recipe_enum debugenum_put(struct making *making, Dwarf_Die *type);

#endif
