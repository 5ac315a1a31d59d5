// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* dwarfmath.c - arithmetic of DWARF expressions. */
#include "dwarf/dwarfmath.h"

#include <dwarf.h>

#include "target/recipe.h"

struct dwarfmath dwarfmath_of(uint64_t value, uint8_t type)
{
	const unsigned size = type & ~RECIPE_TYPE_SIGNED;
	const unsigned unused = size && size < 8 ? 64 - 8 * size : 0;

	value <<= unused;
	value = type & RECIPE_TYPE_SIGNED ? (uint64_t)((int64_t)value >> unused) : value >> unused;
	return (struct dwarfmath){ value, type };
}

/* Values without a type are compared and divided as signed ones. */
static bool is_unsigned(const struct dwarfmath *a)
{
	return a->type && !(a->type & RECIPE_TYPE_SIGNED);
}

/* -1, 0, 1 */
static int compare(const struct dwarfmath *a, uint64_t b)
{
	if (is_unsigned(a))
		return (a->value > b) - (a->value < b);
	return ((int64_t)a->value > (int64_t)b) - ((int64_t)a->value < (int64_t)b);
}

/* A remainder without a type is that of an unsigned division. */
static bool divide(uint32_t atom, const struct dwarfmath *a, uint64_t b, uint64_t *result)
{
	const bool plain = is_unsigned(a) || (atom == DW_OP_mod && !a->type);
	const int64_t dividend = (int64_t)a->value, divisor = (int64_t)b;

	if (!b)
		return false;
	if (plain)
		*result = atom == DW_OP_div ? a->value / b : a->value % b;
	else if (divisor == -1) /* of the least number, it would trap */
		*result = atom == DW_OP_div ? -a->value : 0;
	else
		*result = (uint64_t)(atom == DW_OP_div ? dividend / divisor : dividend % divisor);
	return true;
}

/* What was extended to a word by its sign is not, to be moved down. */
static uint64_t shift_down(const struct dwarfmath *a, uint64_t b)
{
	const struct dwarfmath plain =
		dwarfmath_of(a->value, (uint8_t)(a->type & ~RECIPE_TYPE_SIGNED));

	return b < 64 ? plain.value >> b : 0;
}

bool dwarfmath_two(uint32_t atom, struct dwarfmath *a, uint64_t b)
{
	uint64_t result = a->value;

	switch (atom) {
	case DW_OP_plus: result += b; break;
	case DW_OP_minus: result -= b; break;
	case DW_OP_mul: result *= b; break;
	case DW_OP_and: result &= b; break;
	case DW_OP_or: result |= b; break;
	case DW_OP_xor: result ^= b; break;
	case DW_OP_shl: result = b < 64 ? result << b : 0; break;
	case DW_OP_shr: result = shift_down(a, b); break;
	case DW_OP_shra: result = (uint64_t)((int64_t)result >> (b < 64 ? b : 63)); break;
	case DW_OP_eq: result = result == b; break;
	case DW_OP_ne: result = result != b; break;
	case DW_OP_lt: result = compare(a, b) < 0; break;
	case DW_OP_le: result = compare(a, b) <= 0; break;
	case DW_OP_gt: result = compare(a, b) > 0; break;
	case DW_OP_ge: result = compare(a, b) >= 0; break;
	case DW_OP_div:
	case DW_OP_mod:
		if (!divide(atom, a, b, &result))
			return false;
		break;
	default: return false;
	}
	*a = dwarfmath_of(result, a->type);
	return true;
}

bool dwarfmath_one(uint32_t atom, struct dwarfmath *a, uint64_t number)
{
	uint64_t result = a->value;

	switch (atom) {
	case DW_OP_neg: result = -result; break;
	case DW_OP_not: result = ~result; break;
	case DW_OP_abs: result = (int64_t)result < 0 ? -result : result; break;
	case DW_OP_plus_uconst: result += number; break;
	default: return false;
	}
	*a = dwarfmath_of(result, a->type);
	return true;
}
