/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * roots.h - where a program keeps what it has not lost: every segment that is or was writable
 * but the allocator's, of stacks the part in use, and the registers.
 */
#ifndef MWBPF_ROOTS_H
#define MWBPF_ROOTS_H

#include "place/space.h"
#include "scan/sweep.h"
#include "survey/freeze.h"

struct roots {
	struct sweep_range *at;
	size_t n, cap;
	int error; /* -ENOMEM once one could not be kept */
};

/*
 * Of a process that is held. unknown: memory of the allocator's may be in blocks that are
 * not known, and what it holds counts, too. The caller clears them.
 */
int roots_find(const struct space *space, const struct frozen *frozen,
	       const struct sweep_source *source, bool unknown, struct roots *roots);
void roots_clear(struct roots *roots);

/* The registers of all threads, as roots. */
void roots_sweep_registers(struct sweep *sweep, const struct frozen *frozen);

#endif
