// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugframe.c - frames and variables, by debug information and unwind tables. */
#include "target/debugframe.h"

#include <dwarf.h>
#include <stdlib.h>

#include "target/debugcall.h"
#include "target/debuginner.h"
#include "target/debugvar.h"

/*
 * elfutils 0.188 has the number of %rax where it lists %rbx among registers that stay the
 * same when an unwind table does not say otherwise (x86_64_abi_cfi).
 */
static uint16_t rule_without_ops(int number, bool undefined)
{
	if (number == 0)
		return RECIPE_NONE;
	return undefined && number != 3 ? RECIPE_NONE : RECIPE_SAME;
}

static void put_register(struct making *making, Dwarf_Frame *frame, int number)
{
	struct recipe *recipe = &making->frame->registers[number];
	Dwarf_Op room[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, number, room, &ops, &n))
		return;
	if (!n)
		recipe->kind = rule_without_ops(number, ops != NULL);
	else
		making_ops(making, NULL, ops, n, recipe);
}

static void put_rules(struct making *making, struct debuginfo *info)
{
	Dwarf_CFI *of_debug = info->dwarf ? dwarf_getcfi(info->dwarf) : NULL;
	Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	bool signal = false;
	size_t n;

	if ((!info->cfi || dwarf_cfi_addrframe(info->cfi, making->vaddr, &frame)) &&
	    (!of_debug || dwarf_cfi_addrframe(of_debug, making->vaddr, &frame)))
		return;
	dwarf_frame_info(frame, NULL, NULL, &signal);
	if (!dwarf_frame_cfa(frame, &ops, &n) && n &&
	    making_ops(making, NULL, ops, n, &making->frame->cfa)) {
		making->frame->has_rules = true;
		making->frame->signal = signal;
		for (int i = 0; i < RECIPE_REGS; i++)
			put_register(making, frame, i);
	}
	free(frame);
}

static bool is_var(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return (tag == DW_TAG_formal_parameter || tag == DW_TAG_variable) &&
	       !debuginfo_flag(die, DW_AT_declaration);
}

static void put_local(struct making *making, Dwarf_Die *die, uint32_t level)
{
	const enum recipe_role role =
		dwarf_tag(die) == DW_TAG_variable ? RECIPE_LOCAL : RECIPE_PARAMETER;

	if (!debugvar_put(making, die, role, level))
		making->frame->cut++;
}

/* What a copy of a function, or of a scope in it, was made from. */
static bool origin_of(Dwarf_Die *die, Dwarf_Die *origin)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_abstract_origin, &attribute) &&
	       dwarf_formref_die(&attribute, origin);
}

static bool is_copied(Dwarf_Die *scope, Dwarf_Die *original)
{
	Dwarf_Die die, origin;

	if (dwarf_child(scope, &die))
		return false;
	do {
		if (origin_of(&die, &origin) &&
		    dwarf_dieoffset(&origin) == dwarf_dieoffset(original))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

/* Variables that only the original has: static ones, and what was left out of the copy. */
static void put_originals(struct making *making, Dwarf_Die *scope, uint32_t level)
{
	Dwarf_Die original, die;

	if (!origin_of(scope, &original) || dwarf_child(&original, &die))
		return;
	do {
		if (making->frame->cut) /* each is looked for in the copy: not too many */
			return;
		if (is_var(&die) && !is_copied(scope, &die))
			put_local(making, &die, level);
	} while (!dwarf_siblingof(&die, &die));
}

/* The variables of a scope, and of those in it that hold the address. */
static void put_scope(struct making *making, Dwarf_Die *scope, uint32_t level, int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return;
	if (making->frame->levels < level + 1)
		making->frame->levels = level + 1;
	do {
		const int tag = dwarf_tag(&die);

		if (is_var(&die))
			put_local(making, &die, level);
		else if (debugcall_is(&die))
			debugcall_put(making, &die);
		else if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
			 dwarf_haspc(&die, making->vaddr) > 0)
			put_scope(making, &die, level + (tag == DW_TAG_inlined_subroutine),
				  depth + 1);
	} while (!dwarf_siblingof(&die, &die));
	put_originals(making, scope, level);
}

void debugframe_read(struct debuginfo *info, uint64_t vaddr, unsigned depth,
		     struct recipe_frame *frame)
{
	struct making making = making_begin(info, frame, vaddr, depth);
	Dwarf_Die function;

	frame->levels = 1;
	put_rules(&making, info);
	if (!info->dwarf || !debuginfo_function_at(info, vaddr, &function))
		return;
	making_where(&making, &function, DW_AT_frame_base, &frame->base);
	put_scope(&making, &function, 0, 0);
	if (frame->asks_entry || frame->call.asks_entry)
		debugcall_function(&making, &function);
}
