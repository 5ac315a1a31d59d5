/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * dwarfeval.h - DWARF expressions (DWARF 5, section 2.5) worked out for a live frame.
 *
 * They come from a target's file and may be hostile: so many steps and no more, and
 * memory is only read.
 */
#ifndef MWBPF_DWARFEVAL_H
#define MWBPF_DWARFEVAL_H

#include "dwarf/where.h"

/* Where a thread has its own copy of a file's thread-local variables. */
struct ctls {
	uint64_t block;	 /* address of the first; only if why is NULL */
	const char *why; /* it is not known */
};

/* What a function was called with, as far as its caller says: numbers as in recipe_param. */
struct centry_values {
	uint32_t n;
	struct {
		uint64_t number, value;
	} at[RECIPE_PARAMS];
};

/* What an expression is worked out with. */
struct dwarfeval {
	pid_t pid;
	uint64_t bias; /* where vaddr 0 of the file lies */
	const struct recipe_frame *frame;
	const struct cregs *regs;
	const struct centry_values *entry; /* NULL: not known */
	const struct ctls *tls; /* NULL: not known */
	bool has_cfa;
	uint64_t cfa;
};

/* Where the value of an expression lies. */
struct where dwarfeval_where(const struct dwarfeval *eval, const struct recipe *recipe);

/* The address that an expression makes of another one, of an object in memory. False: none. */
bool dwarfeval_from(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t object,
		    uint64_t *addr);

/* The value of an expression that is a number, as a frame's base or its CFA. False: unknown. */
bool dwarfeval_number(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t *value);

#endif
