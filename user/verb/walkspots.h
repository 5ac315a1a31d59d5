/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walkspots.h - internal to the walk: which variable of a thread an address lies in.
 */
#ifndef MWBPF_VERB_WALKSPOTS_H
#define MWBPF_VERB_WALKSPOTS_H

#include "dwarf/cthread.h"

struct walk_spot {
	uint64_t start, end;
	const struct cvar *var; /* the thread's */
	size_t frame;		/* of the thread, from 0 */
};

struct walk_spots {
	struct walk_spot *at; /* by their starts */
	size_t n;
};

/* Those of the thread's variables that lie in memory. Without memory there are none. */
void walk_spots_find(const struct cthread *thread, struct walk_spots *spots);
void walk_spots_clear(struct walk_spots *spots);

/* The variable that holds an address, of two that are one the first; NULL: none. */
const struct walk_spot *walk_spots_at(const struct walk_spots *spots, uint64_t addr);

#endif
