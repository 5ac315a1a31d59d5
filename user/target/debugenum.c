// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugenum.c - the words of enumerations, by debug information. */
#include "target/debugenum.h"

#include <dwarf.h>

static bool put_word(struct making *making, Dwarf_Die *die)
{
	struct recipe_frame *frame = making->frame;
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	uint32_t name;

	if (frame->n_words == RECIPE_WORDS || !dwarf_attr(die, DW_AT_const_value, &attribute) ||
	    dwarf_formudata(&attribute, &value))
		return false;
	name = making_word(making, dwarf_diename(die));
	frame->words[frame->n_words++] = (struct recipe_word){ (int64_t)value, name, 0 };
	return true;
}

struct recipe_enum debugenum_put(struct making *making, Dwarf_Die *type)
{
	struct recipe_enum words = { .first = (uint16_t)making->frame->n_words };
	Dwarf_Die die;

	if (dwarf_tag(type) != DW_TAG_enumeration_type || dwarf_child(type, &die))
		return words;
	if (making->enum_place == type->addr)
		return making->words;
	do {
		if (dwarf_tag(&die) == DW_TAG_enumerator && !put_word(making, &die))
			break;
	} while (!dwarf_siblingof(&die, &die));
	words.n = (uint16_t)(making->frame->n_words - words.first);
	making->enum_place = type->addr;
	making->words = words;
	return words;
}
