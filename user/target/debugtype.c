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

/*
 * A type without names it was given and qualifiers. Of one that is in a unit of its own
 * (-fdebug-types-section) there is a declaration here with the unit's signature.
 */
static bool peel(Dwarf_Die *type, Dwarf_Die *peeled)
{
	Dwarf_Attribute attribute;
	Dwarf_Die whole;

	if (dwarf_peel_type(type, peeled))
		return false;
	if (dwarf_attr(peeled, DW_AT_signature, &attribute) &&
	    dwarf_formref_die(&attribute, &whole))
		*peeled = whole;
	return true;
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
	case DW_ATE_signed_char: return RECIPE_CHAR;
	case DW_ATE_unsigned_char: return RECIPE_UCHAR;
	case DW_ATE_address: return RECIPE_POINTER;
	default: return RECIPE_UNSIGNED;
	}
}

/* Whether a type is made of characters. */
static bool of_chars(Dwarf_Die *type)
{
	Dwarf_Die target, peeled;
	enum recipe_encoding encoding;

	if (!type_of(type, &target) || !peel(&target, &peeled) ||
	    dwarf_tag(&peeled) != DW_TAG_base_type)
		return false;
	encoding = encoding_of(&peeled);
	return encoding == RECIPE_CHAR || encoding == RECIPE_UCHAR;
}

/* Rows of characters are not one text. */
static bool is_row(Dwarf_Die *array)
{
	Dwarf_Die range;

	return !dwarf_child(array, &range) && dwarf_siblingof(&range, &range);
}

/* As the integers that it is made of; before DWARF 3 it does not say which. */
static enum recipe_encoding encode_enum(Dwarf_Die *type)
{
	Dwarf_Die target, peeled;

	if (!type_of(type, &target) || !peel(&target, &peeled) ||
	    encoding_of(&peeled) != RECIPE_UNSIGNED)
		return RECIPE_SIGNED;
	return RECIPE_UNSIGNED;
}

static enum recipe_encoding encode(Dwarf_Die *type)
{
	switch (dwarf_tag(type)) {
	case DW_TAG_base_type: return encoding_of(type);
	case DW_TAG_enumeration_type: return encode_enum(type);
	case DW_TAG_pointer_type: return of_chars(type) ? RECIPE_STRING : RECIPE_POINTER;
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type: return RECIPE_POINTER;
	case DW_TAG_array_type:
		return of_chars(type) && is_row(type) ? RECIPE_CHARS : RECIPE_BYTES;
	default: return RECIPE_BYTES;
	}
}

/* Of an array whose elements are of a type in a unit of its own, which libdw does not see; 0. */
static uint64_t array_size(Dwarf_Die *array)
{
	Dwarf_Die of, peeled, range;
	Dwarf_Word size;

	if (dwarf_tag(array) != DW_TAG_array_type || !type_of(array, &of) || !peel(&of, &peeled) ||
	    dwarf_aggregate_size(&peeled, &size) || dwarf_child(array, &range))
		return 0;
	do {
		if (dwarf_tag(&range) == DW_TAG_subrange_type &&
		    __builtin_mul_overflow(size, count_of(&range), &size))
			return 0;
	} while (!dwarf_siblingof(&range, &range));
	return size;
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
	if (!peel(&die, &peeled))
		return;
	type->encoding = encode(&peeled);
	if (!dwarf_aggregate_size(&die, &size) || !dwarf_aggregate_size(&peeled, &size))
		type->size = size;
	else
		type->size = array_size(&peeled);
}

bool debugtype_peel(Dwarf_Die *variable, Dwarf_Die *type)
{
	Dwarf_Die die;

	return type_of(variable, &die) && peel(&die, type);
}

bool debugtype_array(Dwarf_Die *type, struct debugtype_array *array)
{
	Dwarf_Die range;

	array->n = 0;
	debugtype_of(type, &array->of); /* an array has the type of its elements */
	if (dwarf_child(type, &range))
		return false;
	do {
		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		if (array->n == DEBUGTYPE_DIMENSIONS)
			return false;
		if (!array->n)
			array->first = range;
		array->counts[array->n++] = count_of(&range);
	} while (!dwarf_siblingof(&range, &range));
	return array->n > 0;
}
