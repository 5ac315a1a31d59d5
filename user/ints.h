/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ints.h - where the CPython of a target makes its ints: found or remembered, and probed.
 */
#ifndef MWBPF_INTS_H
#define MWBPF_INTS_H

#include "programs.h"
#include "stream.h"
#include "targets.h"

struct ints {
	struct programs *programs;
	struct attach *attach;
	struct stream *stream;
	bool wanted;
	const char *directory; /* where to keep what was found; NULL: nowhere */
	bool chosen;	       /* by the person, who is told when it is of no use */
	bool opened;	       /* or tried to */
	int cache;	       /* of store_open(); -1 */
	struct site_book **books;
	size_t n_books;
};

/*
 * Probe all instructions that make ints in the target's CPython, if it is one and ints are
 * wanted, and say how many there are. Once for each program.
 */
void ints_probe(struct ints *ints, struct target *target);

void ints_clear(struct ints *ints);

/* A probe that is never hit is worth a word, once, when there should be ints. */
void ints_doubt(const struct ints *ints, struct target *target);

#endif
