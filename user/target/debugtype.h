/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugtype.h - what debug information says of the type of a variable.
 */
#ifndef MWBPF_DEBUGTYPE_H
#define MWBPF_DEBUGTYPE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#include "target/recipe.h"

#define DEBUGTYPE_NAME 256 /* bytes of a name with its NUL; a longer one is cut */
#define DEBUGTYPE_DIMENSIONS 4

struct debugtype {
	enum recipe_encoding encoding;
	uint64_t size; /* bytes; 0: not known */
	char name[DEBUGTYPE_NAME]; /* as C writes it: "struct point *", "char[16]" */
};

/* The type of a variable, a parameter or a member. */
void debugtype_of(Dwarf_Die *variable, struct debugtype *type);

/* The same, without names it was given and qualifiers. False: it has none. */
bool debugtype_peel(Dwarf_Die *variable, Dwarf_Die *type);

struct debugtype_array {
	struct debugtype of; /* an element */
	uint64_t counts[DEBUGTYPE_DIMENSIONS]; /* 0: known to the running program only, or not */
	size_t n;	     /* dimensions */
	Dwarf_Die first;     /* what is said of the first */
};

/* False: it has none, or too many dimensions. */
bool debugtype_array(Dwarf_Die *type, struct debugtype_array *array);

#endif
