/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walking.h - internal to the walk: what its steps hand to each other.
 */
#ifndef MWBPF_VERB_WALKING_H
#define MWBPF_VERB_WALKING_H

#include "options.h"
#include "survey/cpython.h"
#include "survey/resident.h"
#include "targets.h"
#include "view/walkview.h"

struct walk {
	const struct options *options;
	struct targets targets;
	struct target *target;
	struct place place;
	struct space *space;
	struct residents residents;
	struct cpython cpython;
	bool python; /* its objects can be read */
	struct hash seen; /* address of an object -> the first variable that it was */
	struct out out;
	struct view view;
	struct walk_head head;
	struct walk_end end;
};

/* The segment that holds an address. */
struct walk_place walk_place(struct walk *walk, uint64_t addr);

/* Python's threads, their frames and variables. 0, -ESRCH, -ENOMEM. */
int walk_threads(struct walk *walk);

/* One sentence, to the view. */
void walk_note(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
