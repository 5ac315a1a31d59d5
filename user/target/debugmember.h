/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugmember.h - what a variable is made of, by debug information: members of structures
 * and unions, elements of arrays.
 */
#ifndef MWBPF_DEBUGMEMBER_H
#define MWBPF_DEBUGMEMBER_H

#include "target/debugmaking.h"

#define DEBUGMEMBER_MEMBERS  32 /* shown of one structure, */
#define DEBUGMEMBER_ELEMENTS 8	/* of one array */

/*
 * Add what the variable is made of, as deep as is wanted. Members without a name, and what a
 * C++ class inherits, are members of what they are in. And, of an array, how to find out
 * how long it is. False: there is no room for that.
 */
bool debugmember_put(struct making *making, Dwarf_Die *variable, struct recipe_var *var);

#endif
