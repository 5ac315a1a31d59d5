// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugcall.c - calls, by debug information: what they call, and with what values. */
#include "target/debugcall.h"

#include <dwarf.h>

#include "target/debuginner.h"

/* Tags and attributes of calls: DWARF 5, section 3.4; gcc's before were numbered otherwise. */
struct words {
	int site, parameter, value, target, origin, tail;
	int left_out; /* a parameter that there is no code for */
};

static const struct words versions[] = {
	{ DW_TAG_call_site, DW_TAG_call_site_parameter, DW_AT_call_value, DW_AT_call_target,
	  DW_AT_call_origin, DW_AT_call_tail_call, DW_AT_call_parameter },
	{ DW_TAG_GNU_call_site, DW_TAG_GNU_call_site_parameter, DW_AT_GNU_call_site_value,
	  DW_AT_GNU_call_site_target, DW_AT_abstract_origin, DW_AT_GNU_tail_call,
	  DW_AT_abstract_origin },
};

static const struct words *words_of(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (versions[i].site == tag)
			return &versions[i];
	return NULL;
}

bool debugcall_is(Dwarf_Die *die)
{
	return words_of(die) != NULL;
}

/* Where it returns to: gcc's older form has that as its own address. */
static bool returns_to(Dwarf_Die *die, uint64_t vaddr)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr addr;

	return (dwarf_attr(die, DW_AT_call_return_pc, &attribute) ||
		dwarf_attr(die, DW_AT_low_pc, &attribute)) &&
	       !dwarf_formaddr(&attribute, &addr) && addr == vaddr;
}

static bool is_tail(Dwarf_Die *die, const struct words *words)
{
	return debuginfo_flag(die, words->tail);
}

/* "reg5", or what is not passed at all; what is passed in memory is not looked for. */
static bool number_of(Dwarf_Die *die, const struct words *words, uint64_t *number)
{
	Dwarf_Attribute attribute;
	Dwarf_Die left_out;
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_attr(die, words->left_out, &attribute) && dwarf_formref_die(&attribute, &left_out)) {
		*number = dwarf_dieoffset(&left_out) | RECIPE_PARAM_PLACE;
		return true;
	}
	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &n) || n != 1 || ops[0].atom < DW_OP_reg0 ||
	    ops[0].atom >= DW_OP_reg0 + RECIPE_REGS)
		return false;
	*number = ops[0].atom - DW_OP_reg0;
	return true;
}

static void put_parameters(struct making *making, Dwarf_Die *site, const struct words *words)
{
	struct recipe_call *call = &making->frame->call;
	Dwarf_Die die;

	if (dwarf_child(site, &die))
		return;
	do {
		struct recipe_param *param = &call->params[call->n];

		if (dwarf_tag(&die) != words->parameter || call->n == RECIPE_PARAMS ||
		    !number_of(&die, words, &param->number) ||
		    !making_where(making, &die, words->value, &param->value))
			continue;
		call->asks_entry |= making->asks_entry;
		call->n++;
	} while (!dwarf_siblingof(&die, &die));
}

/* What it calls: by name and address, or by what leads there. */
static void put_target(struct making *making, Dwarf_Die *site, const struct words *words)
{
	struct recipe_call *call = &making->frame->call;
	Dwarf_Attribute attribute;
	Dwarf_Die function;
	Dwarf_Addr start;

	if (dwarf_attr(site, words->origin, &attribute) &&
	    dwarf_formref_die(&attribute, &function)) {
		call->name = making_text(making, debuginfo_linkage_name(&function));
		call->start = dwarf_entrypc(&function, &start) ? 0 : start;
	}
	making_where(making, site, words->target, &call->target);
	call->asks_entry |= making->asks_entry;
}

void debugcall_put(struct making *making, Dwarf_Die *die)
{
	const struct words *words = words_of(die);

	if (!returns_to(die, making->vaddr + 1) || is_tail(die, words))
		return;
	making->frame->call.n = 0;
	put_target(making, die, words);
	put_parameters(making, die, words);
}

/* Whether a call that is made by a jump is in a scope, or in those in it. */
static bool has_tail(Dwarf_Die *scope, int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return false;
	do {
		const struct words *words = words_of(&die);

		if (words ? is_tail(&die, words) : has_tail(&die, depth + 1))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

void debugcall_function(struct making *making, Dwarf_Die *function)
{
	struct recipe_frame *frame = making->frame;
	Dwarf_Addr start;

	frame->name = making_text(making, debuginfo_linkage_name(function));
	frame->start = dwarf_entrypc(function, &start) ? 0 : start;
	frame->loops = has_tail(function, 0);
}
