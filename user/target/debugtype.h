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

struct debugtype {
	enum recipe_encoding encoding;
	uint64_t size; /* bytes; 0: not known */
	char name[DEBUGTYPE_NAME]; /* as C writes it: "struct point *", "char[16]" */
};

/* The type of a variable, a parameter or a member. */
void debugtype_of(Dwarf_Die *variable, struct debugtype *type);

struct debugtype_part {
	const char *name; /* of a member; NULL: an element of an array, or a member without */
	enum recipe_encoding encoding;
	uint64_t offset, size; /* bytes */
};

/*
 * The members of the structure, or the elements of the array of one dimension, that the
 * variable is: at most cap; *more: there are others. 0 for what has no parts.
 */
size_t debugtype_parts(Dwarf_Die *variable, struct debugtype_part *parts, size_t cap, bool *more);

#endif
