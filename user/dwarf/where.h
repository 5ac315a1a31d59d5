/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * where.h - where the value of a C variable lies, in memory or elsewhere, and its bytes.
 */
#ifndef MWBPF_WHERE_H
#define MWBPF_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/recipe.h"

#define CREGS_VECTOR  17 /* DWARF's number of xmm0: System V ABI, figure 3.36 */
#define CREGS_VECTORS 16

/* Registers of a thread in a frame, by DWARF's numbers. */
struct cregs {
	uint64_t value[RECIPE_REGS];
	uint32_t known;	  /* bits */
	bool has_vectors; /* those below are known: no function keeps them for its caller */
	uint64_t fs_base; /* where the thread's own memory is found; 0: not known */
	uint8_t vectors[CREGS_VECTORS][16];
};

static inline void cregs_set(struct cregs *regs, uint64_t number, uint64_t value)
{
	regs->value[number] = value;
	regs->known |= 1u << number;
}

static inline bool cregs_has(const struct cregs *regs, uint64_t number)
{
	return number < RECIPE_REGS && regs->known >> number & 1;
}

enum where_kind {
	WHERE_MEMORY,	/* addr */
	WHERE_REGISTER, /* addr is its number */
	WHERE_VALUE,	/* it has no place, but its value is known: addr, or bytes */
	WHERE_NOWHERE,	/* the compiler has left it out here */
	WHERE_PIECES,	/* in several places */
	WHERE_UNKNOWN,	/* it has a place, which takes more to find than is known */
	WHERE_KINDS,
};

/* A piece of a variable; the next one follows it. */
struct where_piece {
	enum where_kind kind; /* all but WHERE_PIECES */
	uint32_t size;	      /* bytes */
	uint64_t addr;
};

#define WHERE_MOST_PIECES 8

struct where {
	enum where_kind kind;
	uint32_t n;	 /* pieces; of a value with bytes: how many */
	uint32_t offset; /* of a register or value: its bytes from this one on */
	uint64_t addr;
	const char *why;      /* it is unknown, or nowhere: NULL there: it is left out */
	const uint8_t *bytes; /* of a value; NULL: it is addr; the recipe's */
	struct where_piece pieces[WHERE_MOST_PIECES];
};

/*
 * n bytes at an offset of what lies there, of a process in a frame. False: not all of them
 * are known.
 */
bool where_fetch(const struct where *where, pid_t pid, const struct cregs *regs, uint64_t offset,
		 uint8_t *bytes, size_t n);

/* Where its part with these bytes lies. */
struct where where_part(const struct where *where, uint64_t offset, uint64_t size);

#endif
