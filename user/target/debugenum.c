// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugenum.c - the words of enumerations, by debug information. */
#include "target/debugenum.h"

#include <dwarf.h>

/* The value of a word: its form says whether it is signed. */
static bool value_of(Dwarf_Die *die, int64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Sword number;
	Dwarf_Word word;

	if (!dwarf_attr(die, DW_AT_const_value, &attribute))
		return false;
	if (dwarf_whatform(&attribute) == DW_FORM_sdata ||
	    dwarf_whatform(&attribute) == DW_FORM_implicit_const) {
		*value = dwarf_formsdata(&attribute, &number) ? 0 : number;
		return true;
	}
	if (dwarf_formudata(&attribute, &word))
		return false;
	*value = (int64_t)word;
	return true;
}

static bool put_word(struct making *making, Dwarf_Die *die)
{
	struct recipe_frame *frame = making->frame;
	struct recipe_word word;

	if (frame->n_words == RECIPE_WORDS)
		return false;
	word = (struct recipe_word){ .name = making_word(making, dwarf_diename(die)) };
	if (!word.name || !value_of(die, &word.value))
		return false;
	frame->words[frame->n_words++] = word;
	return true;
}

struct recipe_enum debugenum_put(struct making *making, Dwarf_Die *type)
{
	struct recipe_enum words = { .first = (uint16_t)making->frame->n_words };
	Dwarf_Die die;

	if (dwarf_tag(type) != DW_TAG_enumeration_type || dwarf_child(type, &die))
		return words;
	if (making->enum_place == dwarf_dieoffset(type))
		return making->words;
	do {
		if (dwarf_tag(&die) == DW_TAG_enumerator && !put_word(making, &die))
			break;
	} while (!dwarf_siblingof(&die, &die));
	words.n = (uint16_t)(making->frame->n_words - words.first);
	making->enum_place = dwarf_dieoffset(type);
	making->words = words;
	return words;
}
