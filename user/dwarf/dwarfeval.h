/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * dwarfeval.h - DWARF expressions (DWARF 5, section 2.5) worked out for a live frame.
 *
 * They come from a target's file and may be hostile: so many steps and no more, and
 * memory is only read.
 */
#ifndef MWBPF_DWARFEVAL_H
#define MWBPF_DWARFEVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/recipe.h"

/* Registers of a thread in a frame, by DWARF's numbers. */
struct cregs {
	uint64_t value[RECIPE_REGS];
	uint32_t known; /* bits */
};

static inline void cregs_set(struct cregs *regs, unsigned number, uint64_t value)
{
	regs->value[number] = value;
	regs->known |= 1u << number;
}

static inline bool cregs_has(const struct cregs *regs, unsigned number)
{
	return number < RECIPE_REGS && regs->known >> number & 1;
}

/* What an expression is worked out with. */
struct dwarfeval {
	pid_t pid;
	uint64_t bias; /* where vaddr 0 of the file lies */
	const struct recipe_frame *frame;
	const struct cregs *regs;
	bool has_cfa;
	uint64_t cfa;
};

enum where_kind {
	WHERE_MEMORY,	/* addr */
	WHERE_REGISTER, /* addr is its number */
	WHERE_VALUE,	/* it has no place, but its value is known: addr */
	WHERE_NOWHERE,	/* the compiler has left it out here */
	WHERE_PIECES,	/* in several places */
	WHERE_UNKNOWN,	/* it has a place, which takes more to find than is known */
	WHERE_KINDS,
};

struct where {
	enum where_kind kind;
	uint64_t addr;
	const char *why; /* it is unknown */
};

/* Where the value of an expression lies. */
struct where dwarfeval_where(const struct dwarfeval *eval, const struct recipe *recipe);

/* The value of an expression that is a number, as a frame's base or its CFA. False: unknown. */
bool dwarfeval_number(const struct dwarfeval *eval, const struct recipe *recipe, uint64_t *value);

#endif
