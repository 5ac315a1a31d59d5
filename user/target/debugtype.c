// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugtype.c - what debug information says of the type of a variable. */
#include "target/debugtype.h"

#include <dwarf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEPTH 16 /* of types made of types */

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static void put(char name[DEBUGTYPE_NAME], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(char name[DEBUGTYPE_NAME], const char *format, ...)
{
	const size_t len = strlen(name);
	va_list args;

	va_start(args, format);
	vsnprintf(name + len, DEBUGTYPE_NAME - len, format, args);
	va_end(args);
}

static void put_type(char name[DEBUGTYPE_NAME], Dwarf_Die *die, int depth);

/* What a type is made of; without one, it is void. */
static void put_target(char name[DEBUGTYPE_NAME], Dwarf_Die *die, int depth)
{
	Dwarf_Die target;

	if (type_of(die, &target))
		put_type(name, &target, depth + 1);
	else
		put(name, "void");
}

/* "int *", "char **", "void (*)()" */
static void put_pointer(char name[DEBUGTYPE_NAME], Dwarf_Die *die, const char *sign, int depth)
{
	Dwarf_Die target;
	char last;

	if (type_of(die, &target) && dwarf_tag(&target) == DW_TAG_subroutine_type) {
		put_target(name, &target, depth + 1);
		put(name, " (%s)()", sign);
		return;
	}
	put_target(name, die, depth);
	last = name[0] ? name[strlen(name) - 1] : 0;
	put(name, "%s%s", last == '*' || last == '&' ? "" : " ", sign);
}

/* How many elements one dimension has; 0: not known. */
static uint64_t count_of(Dwarf_Die *range)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_attr_integrate(range, DW_AT_count, &attribute))
		return dwarf_formudata(&attribute, &value) ? 0 : value;
	if (!dwarf_attr_integrate(range, DW_AT_upper_bound, &attribute) ||
	    dwarf_formudata(&attribute, &value))
		return 0;
	return value + 1;
}

static void put_array(char name[DEBUGTYPE_NAME], Dwarf_Die *die, int depth)
{
	Dwarf_Die range;

	put_target(name, die, depth);
	if (dwarf_child(die, &range))
		return;
	do {
		const uint64_t n = count_of(&range);

		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		if (n)
			put(name, "[%llu]", (unsigned long long)n);
		else
			put(name, "[]");
	} while (!dwarf_siblingof(&range, &range));
}

/*
 * "const char" in front of a plain type, "char *const" behind a pointer; of an array it is
 * the elements that are, which say so themselves.
 */
static void put_qualified(char name[DEBUGTYPE_NAME], Dwarf_Die *die, const char *word, int depth)
{
	Dwarf_Die target;
	const int tag = type_of(die, &target) ? dwarf_tag(&target) : DW_TAG_base_type;

	if (tag != DW_TAG_pointer_type && tag != DW_TAG_array_type)
		put(name, "%s ", word);
	put_target(name, die, depth);
	if (tag == DW_TAG_pointer_type)
		put(name, "%s", word);
}

/* A type with a name, which may need a word in front; without one, it is said what it is. */
static void put_named(char name[DEBUGTYPE_NAME], Dwarf_Die *die, const char *word)
{
	const char *own = dwarf_diename(die);

	put(name, "%s%s%s", word, *word ? " " : "", own ? own : "{...}");
}

static void put_type(char name[DEBUGTYPE_NAME], Dwarf_Die *die, int depth)
{
	if (depth > DEPTH || strlen(name) > DEBUGTYPE_NAME - 8) {
		put(name, "...");
		return;
	}
	switch (dwarf_tag(die)) {
	case DW_TAG_pointer_type: put_pointer(name, die, "*", depth); break;
	case DW_TAG_reference_type: put_pointer(name, die, "&", depth); break;
	case DW_TAG_rvalue_reference_type: put_pointer(name, die, "&&", depth); break;
	case DW_TAG_const_type: put_qualified(name, die, "const", depth); break;
	case DW_TAG_volatile_type: put_qualified(name, die, "volatile", depth); break;
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type: put_target(name, die, depth); break;
	case DW_TAG_array_type: put_array(name, die, depth); break;
	case DW_TAG_structure_type: put_named(name, die, "struct"); break;
	case DW_TAG_union_type: put_named(name, die, "union"); break;
	case DW_TAG_enumeration_type: put_named(name, die, "enum"); break;
	case DW_TAG_subroutine_type:
		put_target(name, die, depth);
		put(name, " ()");
		break;
	default: put_named(name, die, ""); break;
	}
}

/* DW_ATE_* of a base type. */
static enum recipe_encoding encoding_of(Dwarf_Die *type)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr_integrate(type, DW_AT_encoding, &attribute) ||
	    dwarf_formudata(&attribute, &value))
		return RECIPE_BYTES;
	switch (value) {
	case DW_ATE_boolean: return RECIPE_BOOL;
	case DW_ATE_float: return RECIPE_FLOAT;
	case DW_ATE_signed: return RECIPE_SIGNED;
	case DW_ATE_unsigned: return RECIPE_UNSIGNED;
	case DW_ATE_signed_char:
	case DW_ATE_unsigned_char: return RECIPE_CHAR;
	case DW_ATE_address: return RECIPE_POINTER;
	default: return RECIPE_UNSIGNED;
	}
}

/* Whether a type is made of characters. */
static bool of_chars(Dwarf_Die *type)
{
	Dwarf_Die target, peeled;

	return type_of(type, &target) && !dwarf_peel_type(&target, &peeled) &&
	       dwarf_tag(&peeled) == DW_TAG_base_type && encoding_of(&peeled) == RECIPE_CHAR;
}

static enum recipe_encoding encode(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type: return encoding_of(type);
	case DW_TAG_enumeration_type: return RECIPE_SIGNED;
	case DW_TAG_pointer_type: return of_chars(type) ? RECIPE_STRING : RECIPE_POINTER;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type: return RECIPE_POINTER;
	case DW_TAG_array_type: return of_chars(type) ? RECIPE_CHARS : RECIPE_BYTES;
	default: return RECIPE_BYTES;
	}
}

void debugtype_of(Dwarf_Die *variable, struct debugtype *type)
{
	Dwarf_Die die, peeled;
	Dwarf_Word size;

	*type = (struct debugtype){ .encoding = RECIPE_BYTES };
	if (!type_of(variable, &die))
		return;
	put_type(type->name, &die, 0);
	/* bounded by libdw: it follows at most so many modifiers */
	if (!dwarf_aggregate_size(&die, &size))
		type->size = size;
	if (!dwarf_peel_type(&die, &peeled))
		type->encoding = encode(&peeled);
}

static bool take_member(Dwarf_Die *die, struct debugtype_part *part)
{
	struct debugtype type;
	Dwarf_Attribute attribute;
	Dwarf_Word offset = 0;

	if (dwarf_tag(die) != DW_TAG_member || dwarf_hasattr(die, DW_AT_bit_size))
		return false;
	if (dwarf_attr(die, DW_AT_data_member_location, &attribute) &&
	    dwarf_formudata(&attribute, &offset))
		return false;
	debugtype_of(die, &type);
	*part = (struct debugtype_part){ dwarf_diename(die), type.encoding, offset, type.size };
	return part->name && type.size;
}

static size_t members(Dwarf_Die *type, struct debugtype_part *parts, size_t cap, bool *more)
{
	Dwarf_Die die;
	size_t n = 0;

	if (dwarf_child(type, &die))
		return 0;
	do {
		struct debugtype_part part;

		if (n == cap)
			*more = true;
		else if (take_member(&die, &part))
			parts[n++] = part;
		else
			*more |= dwarf_tag(&die) == DW_TAG_member;
	} while (!*more && !dwarf_siblingof(&die, &die));
	return n;
}

static size_t elements(Dwarf_Die *type, struct debugtype_part *parts, size_t cap, bool *more)
{
	struct debugtype of;
	Dwarf_Die range, next;
	uint64_t count;
	size_t n = 0;

	debugtype_of(type, &of); /* of the elements: an array has their type */
	if (!of.size || dwarf_child(type, &range) || dwarf_tag(&range) != DW_TAG_subrange_type ||
	    !dwarf_siblingof(&range, &next))
		return 0;
	count = count_of(&range);
	for (; n < cap && n < count; n++)
		parts[n] = (struct debugtype_part){ NULL, of.encoding, n * of.size, of.size };
	*more = n < count;
	return n;
}

size_t debugtype_parts(Dwarf_Die *variable, struct debugtype_part *parts, size_t cap, bool *more)
{
	Dwarf_Die die, type;

	*more = false;
	if (!type_of(variable, &die) || dwarf_peel_type(&die, &type))
		return 0;
	switch (dwarf_tag(&type)) {
	case DW_TAG_structure_type: return members(&type, parts, cap, more);
	case DW_TAG_array_type: return elements(&type, parts, cap, more);
	default: return 0;
	}
}
