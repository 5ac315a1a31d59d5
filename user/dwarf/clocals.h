/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * clocals.h - the variables of C functions, by the debug information of their files.
 */
#ifndef MWBPF_CLOCALS_H
#define MWBPF_CLOCALS_H

#include "dwarf/cframes.h"

#define CVALUE_TEXT 128

struct cvar {
	const char *name, *type; /* as C writes it; "": it has none */
	enum recipe_role role;
	uint32_t level; /* calls inlined at that place: 0: of the function itself, 1: of the first */
	uint64_t size;	/* bytes; 0: not known */
	struct where where;
	char value[CVALUE_TEXT]; /* in short; "": not known */

	/* its neighbour: the variable that begins next above it in the same frame */
	const char *above; /* NULL: none */
	uint64_t distance; /* bytes from this one's beginning to that one's */
};

struct cvars {
	size_t n;
	uint32_t cut; /* left out: there were too many */
	struct cvar at[RECIPE_VARS];
};

const char *cvar_role_name(enum recipe_role role);

/*
 * The parameters and variables of the frame at hand that are in scope there. Strings are
 * good until the next frame.
 */
void clocals_read(const struct cframes *frames, struct cvars *vars);

/*
 * Variables outside of functions of the file a segment shows, as many as fit from number
 * *from on; *from is then where to go on, 0 at the end. Strings are in *recipe. False: the
 * file has no debug information that can be read; *why says why, or is NULL.
 */
bool cglobals_read(struct native *native, struct space *space, const struct segment *segment,
		   uint64_t *from, struct recipe_frame *recipe, struct cvars *vars,
		   const char **why);

/* A register's name by DWARF's number. */
const char *cregs_name(uint64_t number);

#endif
