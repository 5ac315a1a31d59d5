// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugvar.c - one variable, as debug information has it. */
#include "target/debugvar.h"

#include <dwarf.h>

#include "target/debugmember.h"
#include "target/debugtype.h"

/* At the same address in each call, or in each thread at its own. */
static bool is_static(const struct making *making, const struct recipe *where)
{
	const struct recipe_op *ops = &making->frame->ops[where->first];
	uint32_t last;

	if (where->kind != RECIPE_EXPRESSION || !where->n)
		return false;
	last = ops[where->n - 1].atom;
	return (where->n == 1 && last == DW_OP_addr) || last == DW_OP_form_tls_address ||
	       last == DW_OP_GNU_push_tls_address;
}

bool debugvar_put(struct making *making, Dwarf_Die *die, enum recipe_role role, uint32_t level)
{
	struct recipe_frame *frame = making->frame;
	struct recipe_var *var = &frame->vars[frame->n_vars];
	const char *name = dwarf_diename(die);
	struct debugtype type;
	bool asks_entry;

	if (!name || (role != RECIPE_PARAMETER && dwarf_hasattr_integrate(die, DW_AT_artificial)))
		return true;
	if (frame->n_vars == RECIPE_VARS)
		return false;
	*var = (struct recipe_var){ .level = level };
	if (!making_where(making, die, DW_AT_location, &var->where))
		return false;
	asks_entry = making->asks_entry;
	debugtype_of(die, &type);
	var->name = making_text(making, name);
	var->type = making_word(making, type.name);
	var->role = role == RECIPE_LOCAL && is_static(making, &var->where) ? RECIPE_STATIC : role;
	var->encoding = type.encoding;
	var->size = type.size;
	if (!var->name || !debugmember_put(making, die, var))
		return false;
	frame->asks_entry |= asks_entry || making->asks_entry;
	frame->n_vars++;
	return true;
}
