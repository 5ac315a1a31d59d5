// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugmember.c - what a variable is made of, by debug information. */
#include "target/debugmember.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "target/debugenum.h"
#include "target/debugtype.h"

#define VIRTUAL 8 /* base classes of one object */

/* Where parts are added: those of one structure or array. */
struct adding {
	struct making *making;
	uint64_t base;	/* bytes from the beginning of the variable, or of a virtual base */
	uint32_t in;	/* that one, as in recipe_part */
	const void *seen[VIRTUAL]; /* virtual bases are there once, by whatever way */
	unsigned n_seen;
	unsigned depth; /* of these parts; 1: of the variable */
	unsigned hops;	/* of nameless structures in each other */
	uint32_t n;	/* added */
	uint32_t more;	/* left out */
	bool open;	/* an array whose length the running program knows */
};

/* The place of a member: bytes, and of a bit field its lowest bit above them. */
struct spot {
	uint64_t offset;
	uint8_t bit, bits;
};

static bool number_of(Dwarf_Die *die, int name, uint64_t *number)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word;

	if (!dwarf_attr_integrate(die, name, &attribute) || dwarf_formudata(&attribute, &word))
		return false;
	*number = word;
	return true;
}

/*
 * Up to DWARF 3, and by gcc up to 4, the distance of a bit field is counted from the highest
 * bit of the member that its bytes are read as (DWARF 2, section 5.5.4); it may be negative.
 */
static bool old_bits(Dwarf_Die *die, uint64_t size, uint64_t bits, uint64_t *at)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword from_top;

	if (!dwarf_attr(die, DW_AT_bit_offset, &attribute) ||
	    dwarf_formsdata(&attribute, &from_top))
		return false;
	number_of(die, DW_AT_byte_size, &size);
	*at += 8 * size - (uint64_t)from_top - bits;
	return true;
}

/* Bytes from the beginning; in DWARF 2 an expression that adds them to where that is. */
static bool member_location(Dwarf_Die *die, uint64_t *offset)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	*offset = 0;
	if (!dwarf_attr(die, DW_AT_data_member_location, &attribute) ||
	    number_of(die, DW_AT_data_member_location, offset))
		return true;
	if (dwarf_getlocation(&attribute, &ops, &n) || n != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*offset = ops[0].number;
	return true;
}

/* False: it is no part of each such structure, or is not at the same place in each. */
static bool find_spot(Dwarf_Die *die, uint64_t size, struct spot *spot)
{
	uint64_t bits = 0, at = 0, from;

	*spot = (struct spot){ 0 };
	if (!member_location(die, &spot->offset))
		return false;
	if (!number_of(die, DW_AT_bit_size, &bits))
		return true;
	at = 8 * spot->offset;
	if (number_of(die, DW_AT_data_bit_offset, &from))
		at += from;
	else if (dwarf_hasattr(die, DW_AT_bit_offset) && !old_bits(die, size, bits, &at))
		return false;
	spot->offset = at / 8;
	spot->bit = at % 8;
	spot->bits = (uint8_t)bits;
	return bits && bits <= 64;
}

/* Add a part; NULL: there is no room. */
static struct recipe_part *put_part(struct adding *adding, const struct debugtype *type,
				    const char *name, uint64_t offset)
{
	struct recipe_frame *frame = adding->making->frame;
	struct recipe_part *part = &frame->parts[frame->n_parts];
	const uint32_t named = making_text(adding->making, name);

	offset += adding->base;
	if (frame->n_parts == RECIPE_PARTS || offset > UINT32_MAX || type->size > UINT32_MAX ||
	    (name && !named)) {
		adding->more++;
		return NULL;
	}
	*part = (struct recipe_part){ .name = named,
				      .type = making_word(adding->making, type->name),
				      .index = adding->n,
				      .offset = (uint32_t)offset,
				      .size = (uint32_t)type->size,
				      .encoding = (uint8_t)type->encoding,
				      .depth = (uint8_t)adding->depth,
				      .base = adding->in };
	frame->n_parts++;
	adding->n++;
	return part;
}

static void add_parts(struct adding *adding, Dwarf_Die *type);

/* The parts of a part, one level deeper. */
static void go_in(const struct adding *adding, Dwarf_Die *type, struct recipe_part *part)
{
	struct adding inner = { .making = adding->making,
				.base = part->offset,
				.in = part->base,
				.depth = adding->depth + 1 };

	if (adding->depth < adding->making->depth && adding->depth < RECIPE_DEPTH)
		add_parts(&inner, type);
	part->more = inner.more;
}

static bool is_structure(Dwarf_Die *type)
{
	const int tag = dwarf_tag(type);

	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

static void add_members(struct adding *adding, Dwarf_Die *type);

/* Its members are those of what it is in. */
static void add_nameless(struct adding *adding, Dwarf_Die *type, uint64_t offset)
{
	if (adding->hops == RECIPE_DEPTH) {
		adding->more++;
		return;
	}
	adding->base += offset;
	adding->hops++;
	add_members(adding, type);
	adding->hops--;
	adding->base -= offset;
}

static bool is_seen(const struct adding *adding, Dwarf_Die *type)
{
	for (unsigned i = 0; i < adding->n_seen; i++)
		if (adding->seen[i] == type->addr)
			return true;
	return false;
}

/* Add a virtual base; NULL: there is no room, or it is not known where it is. */
static struct recipe_base *put_base(const struct adding *adding, Dwarf_Die *die)
{
	struct recipe_frame *frame = adding->making->frame;
	struct recipe_base *base = &frame->bases[frame->n_bases];
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	if (frame->n_bases == RECIPE_BASES || adding->base > UINT32_MAX ||
	    !dwarf_attr(die, DW_AT_data_member_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &n) || !n ||
	    !making_ops(adding->making, &attribute, ops, n, &base->where))
		return NULL;
	base->offset = (uint32_t)adding->base;
	base->base = adding->in;
	return base;
}

/* The members of a virtual base (DWARF 5, section 5.7.3) are those of the object. */
static void add_virtual(struct adding *adding, Dwarf_Die *die, Dwarf_Die *type)
{
	const struct recipe_base *base;

	if (is_seen(adding, type))
		return;
	base = adding->n_seen < VIRTUAL && adding->hops < RECIPE_DEPTH ? put_base(adding, die) : NULL;
	if (!base) {
		adding->more++;
		return;
	}
	adding->seen[adding->n_seen++] = type->addr;
	adding->in = ++adding->making->frame->n_bases;
	adding->base = 0;
	adding->hops++;
	add_members(adding, type);
	adding->hops--;
	adding->in = base->base;
	adding->base = base->offset;
}

static void add_member(struct adding *adding, Dwarf_Die *die)
{
	const char *name = dwarf_tag(die) == DW_TAG_member ? dwarf_diename(die) : NULL;
	struct recipe_part *part = NULL;
	struct debugtype type;
	struct spot spot;
	Dwarf_Die peeled;
	const bool typed = debugtype_peel(die, &peeled);

	if (typed && dwarf_tag(die) == DW_TAG_inheritance &&
	    dwarf_hasattr(die, DW_AT_virtuality)) {
		add_virtual(adding, die, &peeled);
		return;
	}
	debugtype_of(die, &type);
	if (!typed || !find_spot(die, type.size, &spot) || adding->n >= DEBUGMEMBER_MEMBERS)
		adding->more++;
	else if (name)
		part = put_part(adding, &type, name, spot.offset);
	else if (is_structure(&peeled))
		add_nameless(adding, &peeled, spot.offset);
	if (!part)
		return;
	part->bit = spot.bit;
	part->bits = spot.bits;
	part->words = debugenum_put(adding->making, &peeled);
	if (type.encoding == RECIPE_BYTES)
		go_in(adding, &peeled, part);
}

/* Members of a class that all of its objects share are none of an object. */
static bool is_member(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return tag == DW_TAG_inheritance ||
	       (tag == DW_TAG_member && !dwarf_hasattr(die, DW_AT_external) &&
		!dwarf_hasattr(die, DW_AT_declaration));
}

static void add_members(struct adding *adding, Dwarf_Die *type)
{
	Dwarf_Die die;

	if (dwarf_child(type, &die))
		return;
	do {
		if (is_member(&die))
			add_member(adding, &die);
	} while (!dwarf_siblingof(&die, &die));
}

/* What the elements of a dimension are: rows of the next one, or what all is made of. */
static struct debugtype element_of(const struct debugtype_array *array, size_t dimension)
{
	struct debugtype type = array->of;

	for (size_t i = dimension + 1; i < array->n; i++) {
		char *name = type.name;
		const size_t len = strlen(name);

		if (__builtin_mul_overflow(type.size, array->counts[i], &type.size))
			type.size = 0;
		snprintf(name + len, DEBUGTYPE_NAME - len, "[%llu]",
			 (unsigned long long)array->counts[i]);
	}
	if (dimension + 1 < array->n)
		type.encoding = dimension + 2 == array->n && (array->of.encoding == RECIPE_CHAR ||
							      array->of.encoding == RECIPE_UCHAR) ?
					RECIPE_CHARS :
					RECIPE_BYTES;
	return type;
}

static void add_elements(struct adding *adding, Dwarf_Die *type,
			 const struct debugtype_array *array, size_t dimension)
{
	const struct debugtype element = element_of(array, dimension);
	const uint64_t count = array->counts[dimension];
	const uint64_t known = adding->open ? DEBUGMEMBER_ELEMENTS : count; /* or to be cut */
	const uint64_t most = known < DEBUGMEMBER_ELEMENTS ? known : DEBUGMEMBER_ELEMENTS;
	Dwarf_Die of;

	for (uint64_t i = 0; i < most && element.size; i++) {
		struct recipe_part *part = put_part(adding, &element, NULL, i * element.size);
		struct adding inner = { .making = adding->making,
					.in = adding->in,
					.depth = adding->depth + 1 };

		if (!part)
			break;
		if (element.encoding != RECIPE_BYTES || adding->depth >= adding->making->depth)
			continue;
		inner.base = part->offset;
		if (dimension + 1 < array->n)
			add_elements(&inner, type, array, dimension + 1);
		else if (debugtype_peel(type, &of))
			add_parts(&inner, &of);
		part->more = inner.more;
	}
	if (count > adding->n)
		adding->more = (uint32_t)(count - adding->n < UINT32_MAX ? count - adding->n :
									  UINT32_MAX);
}

static void add_parts(struct adding *adding, Dwarf_Die *type)
{
	struct debugtype_array array;

	if (is_structure(type))
		add_members(adding, type);
	else if (dwarf_tag(type) == DW_TAG_array_type && debugtype_array(type, &array))
		add_elements(adding, type, &array, 0);
}

/* The number of elements, or of the last one, is in a variable, or worked out from others. */
static bool put_length(struct making *making, const struct debugtype_array *array,
		       struct recipe_length *length)
{
	Dwarf_Die range = array->first, variable;
	const bool counted = dwarf_hasattr(&range, DW_AT_count);
	const int name = counted ? DW_AT_count : DW_AT_upper_bound;
	struct debugtype type;
	Dwarf_Attribute attribute;

	length->element = element_of(array, 0).size;
	length->last = !counted;
	if (!dwarf_attr(&range, name, &attribute))
		return true;
	if (!dwarf_formref_die(&attribute, &variable))
		return making_where(making, &range, name, &length->where);
	debugtype_of(&variable, &type);
	length->load = type.size <= sizeof(uint64_t) ? (uint32_t)type.size : 0;
	return making_where(making, &variable, DW_AT_location, &length->where);
}

bool debugmember_put(struct making *making, Dwarf_Die *variable, struct recipe_var *var)
{
	struct adding adding = { .making = making, .depth = 1 };
	struct debugtype_array array;
	Dwarf_Die type;

	var->first = (uint16_t)making->frame->n_parts;
	if (!debugtype_peel(variable, &type))
		return true;
	if (dwarf_tag(&type) == DW_TAG_array_type && debugtype_array(&type, &array) &&
	    !array.counts[0]) {
		if (!put_length(making, &array, &var->length))
			return false;
		adding.open = var->length.where.kind != RECIPE_NONE;
	}
	var->words = debugenum_put(making, &type);
	if (var->encoding == RECIPE_BYTES && making->depth)
		add_parts(&adding, &type);
	var->n = (uint16_t)(making->frame->n_parts - var->first);
	var->more = adding.more;
	return true;
}
