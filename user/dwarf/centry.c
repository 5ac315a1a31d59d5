// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* centry.c - the values that a function was called with. */
#include "dwarf/centry.h"

#include <string.h>

struct centry centry_of(const struct cframes *frames)
{
	const struct recipe_frame *recipe = frames->recipe;

	if (!frames->frame.has_recipe)
		return (struct centry){ .name = "" };
	return (struct centry){ .name = recipe->text + recipe->name,
				.start = recipe->start ? recipe->start + frames->frame.bias : 0,
				.loops = recipe->loops,
				.asks = recipe->asks_entry,
				.passes = recipe->call.asks_entry };
}

/*
 * What returns here may have been called by a jump from what was called: the call must be
 * one of the very function.
 */
static bool is_called(const struct dwarfeval *eval, const struct centry *callee)
{
	const struct recipe_call *call = &eval->frame->call;
	uint64_t target;

	if (call->start && callee->start)
		return call->start + eval->bias == callee->start;
	if (call->name)
		return !strcmp(eval->frame->text + call->name, callee->name);
	return call->target.kind == RECIPE_EXPRESSION && callee->start &&
	       dwarfeval_number(eval, &call->target, &target) && target == callee->start;
}

struct centry_values centry_read(const struct cframes *caller, const struct centry *callee)
{
	const struct dwarfeval eval = cframes_eval(caller);
	const struct recipe_call *call = &caller->recipe->call;
	struct centry_values entry = { .n = 0 };
	uint64_t value;

	if (!caller->frame.has_recipe || callee->loops || !call->n || !is_called(&eval, callee))
		return entry;
	for (uint32_t i = 0; i < call->n; i++)
		if (call->params[i].value.kind == RECIPE_EXPRESSION &&
		    dwarfeval_number(&eval, &call->params[i].value, &value)) {
			entry.at[entry.n].number = call->params[i].number;
			entry.at[entry.n++].value = value;
		}
	return entry;
}
