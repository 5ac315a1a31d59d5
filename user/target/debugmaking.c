// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugmaking.c - expressions of debug information, made free of what they refer to. */
#include "target/debugmaking.h"

#include <dwarf.h>
#include <string.h>

struct making making_begin(const struct debuginfo *info, struct recipe_frame *frame, uint64_t vaddr,
			   unsigned depth)
{
	memset(frame, 0, sizeof(*frame));
	frame->n_text = 1;
	return (struct making){ .frame = frame,
				.vaddr = vaddr,
				.depth = depth,
				.tls_start = info->tls_start,
				.tls_size = info->tls_size };
}

/* Where bytes are in the text, with a NUL behind them; 0: there is no room. */
static uint32_t put_bytes(struct making *making, const void *bytes, size_t n)
{
	struct recipe_frame *frame = making->frame;
	const uint32_t start = frame->n_text;

	if (n >= RECIPE_TEXT - start)
		return 0;
	memcpy(frame->text + start, bytes, n);
	frame->n_text += (uint32_t)n + 1;
	return start;
}

uint32_t making_text(struct making *making, const char *string)
{
	return string ? put_bytes(making, string, strlen(string)) : 0;
}

uint32_t making_word(struct making *making, const char *string)
{
	const struct recipe_frame *frame = making->frame;
	const size_t len = string ? strlen(string) + 1 : 0;

	for (uint32_t at = 1; len && at + len <= frame->n_text;) {
		if (!memcmp(frame->text + at, string, len))
			return at;
		at += (uint32_t)strnlen(frame->text + at, frame->n_text - at) + 1;
	}
	return making_text(making, string);
}

/* Bytes, and whether they are signed, of a type that an expression names: recipe.h. */
static uint64_t type_of(Dwarf_Attribute *attribute, const Dwarf_Op *op, uint64_t offset)
{
	Dwarf_Attribute of;
	Dwarf_Word encoding;
	Dwarf_Die type;
	int size;

	if (!offset)
		return 0;
	if (dwarf_getlocation_die(attribute, op, &type) ||
	    !dwarf_attr(&type, DW_AT_encoding, &of) || dwarf_formudata(&of, &encoding))
		return RECIPE_TYPE_OTHER;
	size = dwarf_bytesize(&type);
	if (size < 1 || size > 8)
		return RECIPE_TYPE_OTHER;
	switch (encoding) {
	case DW_ATE_signed:
	case DW_ATE_signed_char: return (unsigned)size | RECIPE_TYPE_SIGNED;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_boolean:
	case DW_ATE_address: return (unsigned)size;
	default: return RECIPE_TYPE_OTHER;
	}
}

/* The register that an expression about the function's beginning is about. */
static uint64_t entry_register(Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	Dwarf_Attribute inner;
	Dwarf_Op *ops;
	size_t n;

	if (dwarf_getlocation_attr(attribute, op, &inner) || dwarf_getlocation(&inner, &ops, &n) ||
	    n != 1 || ops[0].atom < DW_OP_reg0 || ops[0].atom >= DW_OP_reg0 + RECIPE_REGS)
		return RECIPE_REGS;
	return ops[0].atom - DW_OP_reg0;
}

/* The parameter that was left out of the code, and is not passed. */
static uint64_t parameter_of(Dwarf_Attribute *attribute, const Dwarf_Op *op)
{
	Dwarf_Die parameter;

	return dwarf_getlocation_die(attribute, op, &parameter) ?
		       RECIPE_REGS :
		       dwarf_dieoffset(&parameter) | RECIPE_PARAM_PLACE;
}

/* A number of the table that an operation has the index of. */
static void take_number(Dwarf_Attribute *attribute, const Dwarf_Op *op, uint32_t atom,
			struct recipe_op *put)
{
	Dwarf_Attribute entry;
	Dwarf_Addr number;

	if (dwarf_getlocation_attr(attribute, op, &entry) ||
	    (dwarf_formaddr(&entry, &number) && dwarf_formudata(&entry, &number)))
		return; /* an operation that is not understood */
	put->atom = atom;
	put->number = number;
}

static void take_bytes(struct making *making, Dwarf_Attribute *attribute, const Dwarf_Op *op,
		       struct recipe_op *put)
{
	Dwarf_Block block;

	put->number = put->number2 = 0;
	if (dwarf_getlocation_implicit_value(attribute, op, &block))
		return;
	put->number = put_bytes(making, block.data, block.length);
	put->number2 = put->number ? block.length : 0;
}

/*
 * The place of a variable in thread-local memory. gcc 12 with -gsplit-dwarf has in the table
 * of numbers where in the file its first bytes are, which is more than that memory is large.
 */
static void take_tls(struct making *making, const struct recipe_op *first, struct recipe_op *put)
{
	struct recipe_op *place = put - 1;

	making->frame->asks_tls = 1;
	if (put > first && place->atom == DW_OP_const8u && place->number >= making->tls_size &&
	    place->number - making->tls_start < making->tls_size)
		place->number -= making->tls_start;
}

/* What an operation refers to, in its place. */
static void resolve(struct making *making, Dwarf_Attribute *attribute, const Dwarf_Op *op,
		    const struct recipe_op *first, struct recipe_op *put)
{
	switch (op->atom) {
	case DW_OP_implicit_value: take_bytes(making, attribute, op, put); break;
	case DW_OP_entry_value:
	case DW_OP_GNU_entry_value:
		put->number = entry_register(attribute, op);
		making->asks_entry = true;
		break;
	case DW_OP_GNU_parameter_ref:
		put->number = parameter_of(attribute, op);
		making->asks_entry = true;
		break;
	case DW_OP_addrx:
	case DW_OP_GNU_addr_index: take_number(attribute, op, DW_OP_addr, put); break;
	case DW_OP_constx:
	case DW_OP_GNU_const_index: take_number(attribute, op, DW_OP_const8u, put); break;
	case DW_OP_form_tls_address:
	case DW_OP_GNU_push_tls_address: take_tls(making, first, put); break;
	case DW_OP_regval_type:
	case DW_OP_GNU_regval_type:
	case DW_OP_deref_type:
	case DW_OP_GNU_deref_type: put->number2 = type_of(attribute, op, op->number2); break;
	case DW_OP_convert:
	case DW_OP_GNU_convert:
	case DW_OP_reinterpret:
	case DW_OP_GNU_reinterpret: put->number = type_of(attribute, op, op->number); break;
	default: break;
	}
}

bool making_ops(struct making *making, Dwarf_Attribute *attribute, const Dwarf_Op *ops, size_t n,
		struct recipe *recipe)
{
	struct recipe_frame *frame = making->frame;

	if (n > RECIPE_OPS - frame->n_ops)
		return false;
	*recipe = (struct recipe){ .kind = RECIPE_EXPRESSION,
				   .first = (uint16_t)frame->n_ops,
				   .n = (uint16_t)n };
	for (size_t i = 0; i < n; i++) {
		struct recipe_op *put = &frame->ops[frame->n_ops++];

		*put = (struct recipe_op){ ops[i].atom, (uint32_t)ops[i].offset, ops[i].number,
					   ops[i].number2 };
		if (attribute)
			resolve(making, attribute, &ops[i], &frame->ops[recipe->first], put);
	}
	return true;
}

/* A value in place of a place: a number, or the bytes of one. */
static void put_constant(struct making *making, Dwarf_Die *die, struct recipe *recipe)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	Dwarf_Sword number;
	Dwarf_Block block;

	if (!dwarf_attr_integrate(die, DW_AT_const_value, &attribute))
		return;
	recipe->kind = RECIPE_CONSTANT;
	if (dwarf_whatform(&attribute) == DW_FORM_sdata && !dwarf_formsdata(&attribute, &number)) {
		recipe->number = (uint64_t)number;
	} else if (!dwarf_formudata(&attribute, &value)) {
		recipe->number = value;
	} else if (!dwarf_formblock(&attribute, &block)) {
		recipe->first = (uint16_t)put_bytes(making, block.data, block.length);
		recipe->number = block.length;
		recipe->kind = recipe->first ? RECIPE_CONTENT : RECIPE_NONE;
	} else {
		recipe->kind = RECIPE_NONE;
	}
}

bool making_where(struct making *making, Dwarf_Die *die, int name, struct recipe *recipe)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	*recipe = (struct recipe){ .kind = RECIPE_NONE };
	making->asks_entry = false;
	if (!dwarf_attr(die, name, &attribute)) {
		if (name == DW_AT_location)
			put_constant(making, die, recipe);
		return true;
	}
	if (dwarf_getlocation_addr(&attribute, making->vaddr, &ops, &n, 1) < 1 || !n)
		return true;
	return making_ops(making, &attribute, ops, n, recipe);
}
