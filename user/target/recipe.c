// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* recipe.c - whether what a reader of debug information says of itself is within its bounds. */
#include "target/recipe.h"

#include <stddef.h>

static bool check_recipe(const struct recipe_frame *frame, const struct recipe *recipe)
{
	if (recipe->kind == RECIPE_EXPRESSION)
		return recipe->first <= frame->n_ops && recipe->n <= frame->n_ops - recipe->first;
	if (recipe->kind == RECIPE_CONTENT)
		return recipe->first < frame->n_text && recipe->number <= frame->n_text - recipe->first;
	return true;
}

static bool check_call(const struct recipe_frame *frame)
{
	const struct recipe_call *call = &frame->call;

	if (call->n > RECIPE_PARAMS || call->name >= frame->n_text ||
	    !check_recipe(frame, &call->target))
		return false;
	for (uint32_t i = 0; i < call->n; i++)
		if (!check_recipe(frame, &call->params[i].value))
			return false;
	return true;
}

static bool check_words(const struct recipe_frame *frame, const struct recipe_enum *words)
{
	return words->first <= frame->n_words && words->n <= frame->n_words - words->first;
}

static bool check_var(const struct recipe_frame *frame, const struct recipe_var *var)
{
	return check_recipe(frame, &var->where) && check_recipe(frame, &var->length.where) &&
	       var->length.load <= sizeof(uint64_t) && var->first <= frame->n_parts &&
	       var->n <= frame->n_parts - var->first && var->name < frame->n_text &&
	       var->type < frame->n_text && var->owner < frame->n_text && var->role < RECIPE_ROLES &&
	       var->encoding < RECIPE_ENCODINGS && check_words(frame, &var->words);
}

static bool check_part(const struct recipe_frame *frame, const struct recipe_part *part)
{
	return part->name < frame->n_text && part->type < frame->n_text &&
	       part->encoding < RECIPE_ENCODINGS && part->depth && part->depth <= RECIPE_DEPTH &&
	       part->bit < 8 && part->bits <= 64 && part->base <= frame->n_bases &&
	       check_words(frame, &part->words);
}

bool recipe_check(struct recipe_frame *frame)
{
	bool good = frame->n_text && frame->n_text <= RECIPE_TEXT &&
		    frame->n_vars <= RECIPE_VARS && frame->n_ops <= RECIPE_OPS &&
		    frame->n_parts <= RECIPE_PARTS && frame->n_words <= RECIPE_WORDS &&
		    frame->n_bases <= RECIPE_BASES && frame->name < frame->n_text &&
		    frame->levels <= RECIPE_VARS + 1 && check_recipe(frame, &frame->cfa) &&
		    check_recipe(frame, &frame->base) && check_call(frame);

	for (int i = 0; good && i < RECIPE_REGS; i++)
		good = check_recipe(frame, &frame->registers[i]);
	for (uint32_t i = 0; good && i < frame->n_vars; i++)
		good = check_var(frame, &frame->vars[i]);
	for (uint32_t i = 0; good && i < frame->n_parts; i++)
		good = check_part(frame, &frame->parts[i]);
	for (uint32_t i = 0; good && i < frame->n_bases; i++)
		good = check_recipe(frame, &frame->bases[i].where) && frame->bases[i].base <= i;
	for (uint32_t i = 0; good && i < frame->n_words; i++)
		good = frame->words[i].name < frame->n_text;
	if (good)
		frame->text[frame->n_text - 1] = '\0';
	return good;
}
