// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugglobals.c - variables that are there as long as the program, by debug information. */
#include "target/debugglobals.h"

#include <dwarf.h>

#include "target/debuginner.h"
#include "target/debugvar.h"

/* One that is on the stack, or at a place that changes, is none. */
static bool is_global(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_tag(die) != DW_TAG_variable || debuginfo_flag(die, DW_AT_declaration) ||
	    !dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &n) || !n)
		return false;
	switch (ops[0].atom) {
	case DW_OP_addr:
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index: return true;
	default:
		return ops[n - 1].atom == DW_OP_form_tls_address ||
		       ops[n - 1].atom == DW_OP_GNU_push_tls_address;
	}
}

/* Add it, and the function that it is in; false when there is no room. */
static bool put_global(struct making *making, Dwarf_Die *die, Dwarf_Die *function)
{
	struct recipe_frame *frame = making->frame;
	const uint32_t before = frame->n_vars;

	frame->next = dwarf_dieoffset(die);
	if (!debugvar_put(making, die, function ? RECIPE_STATIC : RECIPE_GLOBAL, 0))
		return false;
	if (function && frame->n_vars > before)
		frame->vars[before].owner = making_word(making, dwarf_diename(function));
	return true;
}

/*
 * What is in a scope from a place on; calls inlined have none of their own, their function
 * has. False when there is no room for the next, which is where to go on.
 */
static bool put_scope(struct making *making, Dwarf_Die *scope, Dwarf_Die *function, uint64_t from,
		      int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return true;
	do {
		const int tag = dwarf_tag(&die);
		bool put = true;

		if (tag == DW_TAG_subprogram)
			put = put_scope(making, &die, &die, from, depth + 1);
		else if (tag == DW_TAG_lexical_block || tag == DW_TAG_namespace ||
			 tag == DW_TAG_module)
			put = put_scope(making, &die, function, from, depth + 1);
		else if (dwarf_dieoffset(&die) >= from && is_global(&die))
			put = put_global(making, &die, function);
		if (!put)
			return false;
	} while (!dwarf_siblingof(&die, &die));
	return true;
}

/* The number of a global: its unit's, and in so many bits its place in the file it is in. */
#define PLACE_BITS 32

void debugglobals_read(struct debuginfo *info, uint64_t from, unsigned depth,
		       struct recipe_frame *frame)
{
	struct making making = making_begin(info, frame, 0, depth);
	Dwarf_CU *unit = NULL;
	uint64_t number = 0, base;
	Dwarf_Die die;
	uint8_t type;

	for (; info->dwarf && !dwarf_get_units(info->dwarf, unit, &unit, NULL, &type, &die, NULL);
	     number++) {
		base = number << PLACE_BITS;
		if ((type != DW_UT_compile && type != DW_UT_skeleton) ||
		    number < from >> PLACE_BITS)
			continue;
		debugsplit_go_in(info, &die);
		if (put_scope(&making, &die, NULL, from > base ? from - base : 0, 0))
			continue;
		/* one that has no room at all would be asked for again and again */
		frame->next += base + !frame->n_vars;
		return;
	}
	frame->next = 0;
}
