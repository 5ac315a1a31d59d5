// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugframe.c - frames and variables, by debug information and unwind tables. */
#include "target/debugframe.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "target/debuginner.h"
#include "target/debugtype.h"

/* A frame that is put together. */
struct making {
	struct recipe_frame *frame;
	uint32_t text_len;
};

static struct making begin(struct recipe_frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	return (struct making){ frame, 1 };
}

static uint32_t put_text(struct making *making, const char *string)
{
	const uint32_t start = making->text_len;
	const size_t len = string ? strlen(string) + 1 : 0;

	if (!len || len > RECIPE_TEXT - start)
		return 0;
	memcpy(making->frame->text + start, string, len);
	making->text_len += (uint32_t)len;
	return start;
}

/* False when there is no room for it. */
static bool put_ops(struct making *making, const Dwarf_Op *ops, size_t n, struct recipe *recipe)
{
	struct recipe_frame *frame = making->frame;

	if (n > RECIPE_OPS - frame->n_ops)
		return false;
	*recipe = (struct recipe){ .kind = RECIPE_EXPRESSION,
				   .first = (uint16_t)frame->n_ops,
				   .n = (uint16_t)n };
	for (size_t i = 0; i < n; i++)
		frame->ops[frame->n_ops++] = (struct recipe_op){
			ops[i].atom, (uint32_t)ops[i].offset, ops[i].number, ops[i].number2
		};
	return true;
}

static void put_register(struct making *making, Dwarf_Frame *frame, int number)
{
	struct recipe *recipe = &making->frame->registers[number];
	Dwarf_Op room[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, number, room, &ops, &n))
		return;
	if (!n)
		recipe->kind = ops ? RECIPE_NONE : RECIPE_SAME;
	else
		put_ops(making, ops, n, recipe);
}

static void put_rules(struct making *making, struct debuginfo *info, uint64_t vaddr)
{
	Dwarf_CFI *of_debug = info->dwarf ? dwarf_getcfi(info->dwarf) : NULL;
	Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	bool signal = false;
	size_t n;

	if ((!info->cfi || dwarf_cfi_addrframe(info->cfi, vaddr, &frame)) &&
	    (!of_debug || dwarf_cfi_addrframe(of_debug, vaddr, &frame)))
		return;
	dwarf_frame_info(frame, NULL, NULL, &signal);
	if (!dwarf_frame_cfa(frame, &ops, &n) && n && put_ops(making, ops, n, &making->frame->cfa)) {
		making->frame->has_rules = true;
		making->frame->signal = signal;
		for (int i = 0; i < RECIPE_REGS; i++)
			put_register(making, frame, i);
	}
	free(frame);
}

/* A value in place of a place: a number, or the bytes of one. */
static bool put_constant(Dwarf_Die *die, struct recipe *recipe)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Sword number;
	Dwarf_Block block;

	if (!dwarf_attr_integrate(die, DW_AT_const_value, &attribute))
		return false;
	recipe->kind = RECIPE_CONSTANT;
	if (dwarf_whatform(&attribute) == DW_FORM_sdata && !dwarf_formsdata(&attribute, &number))
		recipe->number = (uint64_t)number;
	else if (!dwarf_formudata(&attribute, &value))
		recipe->number = value;
	else if (!dwarf_formblock(&attribute, &block) && block.length <= sizeof(recipe->number))
		memcpy(&recipe->number, block.data, block.length);
	else
		recipe->kind = RECIPE_NONE;
	return recipe->kind == RECIPE_CONSTANT;
}

/* The bytes that an operation has with it take the place of their offset. */
static void put_implicit(struct making *making, Dwarf_Attribute *attribute, const Dwarf_Op *ops,
			 const struct recipe *recipe)
{
	Dwarf_Block block;

	for (uint16_t i = 0; i < recipe->n; i++) {
		struct recipe_op *op = &making->frame->ops[recipe->first + i];

		if (op->atom != DW_OP_implicit_value)
			continue;
		op->number = op->number2 = 0;
		if (!dwarf_getlocation_implicit_value(attribute, &ops[i], &block)) {
			op->number2 = block.length;
			memcpy(&op->number, block.data, block.length < 8 ? block.length : 8);
		}
	}
}

/* False when there is no room. Without a place at the address, it has none. */
static bool put_where(struct making *making, Dwarf_Die *die, int name, uint64_t vaddr,
		      struct recipe *recipe)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	*recipe = (struct recipe){ .kind = RECIPE_NONE };
	if (!dwarf_attr(die, name, &attribute)) {
		put_constant(die, recipe);
		return true;
	}
	if (dwarf_getlocation_addr(&attribute, vaddr, &ops, &n, 1) < 1 || !n)
		return true;
	if (!put_ops(making, ops, n, recipe))
		return false;
	put_implicit(making, &attribute, ops, recipe);
	return true;
}

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	bool flag;

	return dwarf_attr(die, DW_AT_declaration, &attribute) &&
	       !dwarf_formflag(&attribute, &flag) && flag;
}

static bool is_static(const struct making *making, const struct recipe *where)
{
	return where->kind == RECIPE_EXPRESSION && where->n == 1 &&
	       making->frame->ops[where->first].atom == DW_OP_addr;
}

/* What a variable without a simple value is made of. */
static void put_parts(struct making *making, Dwarf_Die *die, struct recipe_var *var)
{
	struct debugtype_part parts[RECIPE_PARTS_EACH];
	struct recipe_frame *frame = making->frame;
	bool more;
	size_t n = debugtype_parts(die, parts, RECIPE_PARTS_EACH, &more);

	if (n > RECIPE_PARTS - frame->n_parts)
		n = 0;
	var->first = (uint16_t)frame->n_parts;
	var->n = (uint16_t)n;
	var->more = more;
	for (size_t i = 0; i < n; i++)
		frame->parts[frame->n_parts++] = (struct recipe_part){
			put_text(making, parts[i].name), (uint16_t)parts[i].encoding,
			parts[i].size < UINT16_MAX ? (uint16_t)parts[i].size : 0,
			(uint32_t)parts[i].offset
		};
}

/* Add a variable; false when there is no room. */
static bool put_var(struct making *making, Dwarf_Die *die, enum recipe_role role, uint32_t level,
		    uint64_t vaddr)
{
	struct recipe_frame *frame = making->frame;
	struct recipe_var *var = &frame->vars[frame->n_vars];
	struct debugtype type;

	if (frame->n_vars == RECIPE_VARS ||
	    !put_where(making, die, DW_AT_location, vaddr, &var->where))
		return false;
	debugtype_of(die, &type);
	var->name = put_text(making, dwarf_diename(die));
	var->type = put_text(making, type.name);
	var->level = level;
	var->role = role == RECIPE_LOCAL && is_static(making, &var->where) ? RECIPE_STATIC : role;
	var->encoding = type.encoding;
	var->size = type.size;
	if (type.encoding == RECIPE_BYTES)
		put_parts(making, die, var);
	if (!var->name)
		return dwarf_diename(die) == NULL; /* the compiler's own */
	frame->n_vars++;
	return true;
}

static bool is_var(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return (tag == DW_TAG_formal_parameter || tag == DW_TAG_variable) && !is_declaration(die);
}

static void put_local(struct making *making, Dwarf_Die *die, uint32_t level, uint64_t vaddr)
{
	const enum recipe_role role =
		dwarf_tag(die) == DW_TAG_variable ? RECIPE_LOCAL : RECIPE_PARAMETER;

	if (!put_var(making, die, role, level, vaddr))
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
static void put_originals(struct making *making, Dwarf_Die *scope, uint64_t vaddr, uint32_t level)
{
	Dwarf_Die original, die;

	if (!origin_of(scope, &original) || dwarf_child(&original, &die))
		return;
	do {
		if (making->frame->cut) /* each is looked for in the copy: not too many */
			return;
		if (is_var(&die) && !is_copied(scope, &die))
			put_local(making, &die, level, vaddr);
	} while (!dwarf_siblingof(&die, &die));
}

/* The variables of a scope, and of those in it that hold the address. */
static void put_scope(struct making *making, Dwarf_Die *scope, uint64_t vaddr, uint32_t level,
		      int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return;
	if (making->frame->levels < level + 1)
		making->frame->levels = level + 1;
	do {
		const int tag = dwarf_tag(&die);

		if (is_var(&die))
			put_local(making, &die, level, vaddr);
		else if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
			 dwarf_haspc(&die, vaddr) > 0)
			put_scope(making, &die, vaddr, level + (tag == DW_TAG_inlined_subroutine),
				  depth + 1);
	} while (!dwarf_siblingof(&die, &die));
	put_originals(making, scope, vaddr, level);
}

void debugframe_read(struct debuginfo *info, uint64_t vaddr, struct recipe_frame *frame)
{
	struct making making = begin(frame);
	Dwarf_Die function;

	frame->levels = 1;
	put_rules(&making, info, vaddr);
	if (!info->dwarf || !debuginfo_function_at(info, vaddr, &function))
		return;
	put_where(&making, &function, DW_AT_frame_base, vaddr, &frame->base);
	put_scope(&making, &function, vaddr, 0, 0);
}

/* What a declaration elsewhere says of it belongs to it, too: its name and type. */
static bool is_global(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	return dwarf_tag(die) == DW_TAG_variable && !is_declaration(die) &&
	       dwarf_attr(die, DW_AT_location, &attribute);
}

/* The globals of a unit; false when there is no room for the next. */
static bool put_unit(struct making *making, Dwarf_Die *unit, uint64_t from, uint64_t *number)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return true;
	do {
		if (!is_global(&die) || (*number)++ < from)
			continue;
		if (!put_var(making, &die, RECIPE_GLOBAL, 0, 0)) {
			--*number;
			return false;
		}
	} while (!dwarf_siblingof(&die, &die));
	return true;
}

void debugframe_globals(struct debuginfo *info, uint64_t from, struct recipe_frame *frame)
{
	struct making making = begin(frame);
	uint64_t number = 0;
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (info->dwarf && !dwarf_get_units(info->dwarf, unit, &unit, NULL, &type, &die, NULL))
		if ((type == DW_UT_compile || type == DW_UT_skeleton) &&
		    !put_unit(&making, &die, from, &number)) {
			/* one that has no room at all would be asked for again and again */
			frame->next = frame->n_vars ? number : number + 1;
			return;
		}
}
