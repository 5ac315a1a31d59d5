/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * coverage.h - whether the ints of a CPython are seen, judged by what else it does.
 *
 * A probe that is never hit looks like a program that makes no ints. What tells them apart
 * is evidence: Python code that allocates a lot from many places and makes no int is
 * hardly to be found, and a constructor that returns an int which no probe saw being made,
 * though it is none of the cached small ones, is proof.
 */
#ifndef MWBPF_COVERAGE_H
#define MWBPF_COVERAGE_H

#include "place/place.h"

/* How much Python code must have done before none of its ints is worth a word. */
#define COVERAGE_CALLS	10000 /* allocations and frees ... */
#define COVERAGE_PLACES 64    /* ... from so many different stacks */
#define COVERAGE_STRAYS 16    /* ints that came from nowhere */

/* Of one process, since its last exec. */
struct coverage {
	uint64_t by_sites;     /* ints seen where they are made */
	uint64_t by_functions; /* by exported constructors */
	uint64_t cached;       /* small ones given out */
	uint64_t strays;       /* given out as such, but they are none */
	uint64_t calls;	       /* allocations and frees by Python code */
	uint64_t places;       /* its different stacks */
};

struct coverages {
	struct hash by_pid;
};

/* Take one event into account, a STACK too. */
void coverages_apply(struct coverages *coverages, const struct placed *placed);

/* Of a process; all 0 when nothing of it was seen. */
struct coverage coverages_of(const struct coverages *coverages, pid_t pid);

/* Why ints may be missing, one clause; NULL: nothing speaks for it. */
const char *coverage_doubt(const struct coverage *coverage);

void coverages_clear(struct coverages *coverages);

#endif
