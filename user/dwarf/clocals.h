/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * clocals.h - the variables of C functions, by the debug information of their files.
 */
#ifndef MWBPF_CLOCALS_H
#define MWBPF_CLOCALS_H

#include "dwarf/cframes.h"

#define CVALUE_TEXT 128
#define CVARS_TEXT  65536 /* bytes of names that are put together */

/* A variable, or a member or element of the variable in front of it. */
struct cvar {
	const char *name; /* of a member, from its variable on: "from.x", "[2].y" */
	const char *type; /* as C writes it; "": it has none */
	const char *owner; /* of a static one among globals: its function; "": none */
	enum recipe_role role;
	enum recipe_encoding encoding;
	uint32_t level; /* calls inlined at that place: 0: of the function itself, 1: of the first */
	uint64_t size;	/* bytes; 0: not known */
	struct where where;
	char value[CVALUE_TEXT]; /* in short; "": not known */
	bool thread_local;	 /* each thread has its own */
	bool points;		 /* it is a pointer, to target */
	uint64_t target;

	unsigned depth;	 /* of a member: 1: of the variable itself */
	uint64_t offset; /* of a member: bytes from the variable's beginning */
	uint8_t bit, bits; /* of a bit field: above offset, and how many; bits 0: it is none */
	uint32_t more;	 /* members of it that are left out */

	/* its neighbour: the variable that begins next above it in the same frame */
	const char *above; /* NULL: none */
	uint64_t distance; /* bytes from this one's beginning to that one's */
};

struct cvars {
	size_t n;
	uint32_t cut; /* variables left out: there were too many */
	struct cvar at[RECIPE_VARS + RECIPE_PARTS]; /* members behind their variable */
	char text[CVARS_TEXT];
	size_t len;
};

const char *cvar_role_name(enum recipe_role role);

/*
 * The parameters and variables of the frame at hand that are in scope there. Strings are
 * good until the next frame, or as long as vars.
 */
void clocals_read(struct cframes *frames, struct cvars *vars);

/*
 * Find variables outside of functions, and static ones, of the file a segment shows, as many
 * as fit from *from on; *from is then where to go on, 0 at the end. False: the file has no
 * debug information that can be read; *why says why, or is NULL.
 */
bool cglobals_find(struct native *native, struct space *space, const struct segment *segment,
		   uint64_t *from, struct recipe_frame *recipe, const char **why);

/*
 * Read what was found. Of what each thread has its own, that of the thread with this fs
 * base; 0: of none. Strings are in *recipe, or as long as vars.
 */
void cglobals_read(struct space *space, const struct segment *segment, uint64_t fs_base,
		   const struct recipe_frame *recipe, struct cvars *vars);

/* A register's name by DWARF's number. */
const char *cregs_name(uint64_t number);

#endif
