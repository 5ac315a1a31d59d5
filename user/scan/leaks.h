/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * leaks.h - which blocks are lost: valgrind's four kinds, from who points to whom.
 *
 * As memcheck 3.19 has it (its manual, "Memory leak detection"; mc_leakcheck.c):
 * reachable is what a chain of pointers to starts of blocks leads to from a root; possibly
 * lost what only a chain with a pointer into the middle of a block leads to; of the rest,
 * a block that is found from another lost one is indirectly lost, and what they are found
 * from, the leader, definitely. Leaders are looked for by ascending address: in a cycle the
 * lowest is one. Of memcheck's heuristics, which let a pointer into the middle count as one
 * to the start, there are newarray, length64 and stdstring.
 */
#ifndef MWBPF_LEAKS_H
#define MWBPF_LEAKS_H

#include "scan/graph.h"

enum leaks_kind {
	LEAKS_DEFINITE,
	LEAKS_INDIRECT,
	LEAKS_POSSIBLE,
	LEAKS_REACHABLE,
	LEAKS_KINDS,
};

struct leaks_amount {
	uint64_t blocks, bytes;
};

/* Blocks of one kind from one site. */
struct leaks_record {
	enum leaks_kind kind;
	uint32_t site;
	struct leaks_amount direct;
	struct leaks_amount indirect; /* lost with them; of a definite one */
	struct leaks_amount before; /* of direct: found only from memory nothing is known of */
};

struct leaks {
	struct leaks_amount kinds[LEAKS_KINDS];
	struct leaks_amount before; /* of possible and reachable, found only from such memory */
	struct leaks_record *records; /* by bytes, fewest first, as memcheck */
	size_t n;
};

/* Fills in the kind of every block and sums up. 0 or -ENOMEM. */
int leaks_judge(struct graph *graph, struct leaks *leaks);
void leaks_clear(struct leaks *leaks);

/* "definite", as --show-leak-kinds has it; "definitely lost", as memcheck's summary. */
const char *leaks_kind_name(enum leaks_kind kind);
const char *leaks_kind_words(enum leaks_kind kind);

#endif
