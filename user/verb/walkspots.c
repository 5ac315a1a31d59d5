// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkspots.c - which variable of a thread an address lies in. */
#include "verb/walkspots.h"

#include <stdlib.h>

#define LOOK_BACK 16 /* variables that lie in each other */

static int by_start(const void *a, const void *b)
{
	const struct walk_spot *x = a, *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->var > y->var) - (x->var < y->var);
}

static bool has_place(const struct cvar *var)
{
	return !var->depth && var->where.kind == WHERE_MEMORY && var->size &&
	       var->where.addr + var->size > var->where.addr;
}

void walk_spots_find(const struct cthread *thread, struct walk_spots *spots)
{
	*spots = (struct walk_spots){ .at = calloc(thread->n_vars + 1, sizeof(*spots->at)) };
	for (size_t i = 0; i < thread->n && spots->at; i++)
		for (size_t k = 0; k < thread->frames[i].n; k++) {
			const struct cvar *var = &thread->vars[thread->frames[i].first + k];

			if (has_place(var))
				spots->at[spots->n++] = (struct walk_spot){
					var->where.addr, var->where.addr + var->size, var, i
				};
		}
	if (spots->n)
		qsort(spots->at, spots->n, sizeof(*spots->at), by_start);
}

void walk_spots_clear(struct walk_spots *spots)
{
	free(spots->at);
	*spots = (struct walk_spots){ .n = 0 };
}

const struct walk_spot *walk_spots_at(const struct walk_spots *spots, uint64_t addr)
{
	const struct walk_spot *found = NULL;
	size_t lo = 0, hi = spots->n; /* the first that starts above addr is in [lo, hi] */

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (spots->at[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i-- > 0 && lo - i <= LOOK_BACK;)
		if (addr < spots->at[i].end && (!found || spots->at[i].start == found->start))
			found = &spots->at[i];
	return found;
}
