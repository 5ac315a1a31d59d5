/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugmaking.h - internal to what reads debug information: a frame that is put together.
 */
#ifndef MWBPF_DEBUGMAKING_H
#define MWBPF_DEBUGMAKING_H

#include <elfutils/libdw.h>

#include "target/debuginner.h"
#include "target/recipe.h"

struct making {
	struct recipe_frame *frame;
	uint64_t vaddr; /* in the file, of the code at hand */
	unsigned depth; /* levels of members that are wanted */
	const void *enum_place;	 /* in the debug information, of the last one whose words were put */
	struct recipe_enum words; /* of it */
	uint64_t tls_start, tls_size; /* the file's thread-local memory, as debuginner.h */
	bool asks_entry; /* what was put last takes values that the function was called with */
};

/* Begin with an empty frame. */
struct making making_begin(const struct debuginfo *info, struct recipe_frame *frame, uint64_t vaddr,
			   unsigned depth);

/* Where a string is in the frame's text; 0: there is none, or no room. */
uint32_t making_text(struct making *making, const char *string);

/* The same for one that comes again and again: it is there once. */
uint32_t making_word(struct making *making, const char *string);

/*
 * Add an expression. attribute: where it is from, NULL for unwind tables. False when there
 * is no room for it.
 */
bool making_ops(struct making *making, Dwarf_Attribute *attribute, const Dwarf_Op *ops, size_t n,
		struct recipe *recipe);

/*
 * Where a variable lies at the address, by that attribute of its, or its value. Without a
 * place there, it has none. False when there is no room.
 */
bool making_where(struct making *making, Dwarf_Die *die, int name, struct recipe *recipe);

#endif
