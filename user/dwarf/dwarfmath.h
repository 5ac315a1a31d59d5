/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * dwarfmath.h - arithmetic of DWARF expressions (DWARF 5, section 2.5.1.4).
 */
#ifndef MWBPF_DWARFMATH_H
#define MWBPF_DWARFMATH_H

#include <stdbool.h>
#include <stdint.h>

/* A value of an expression, as its type makes it: cut, and extended to a word. */
struct dwarfmath {
	uint64_t value;
	uint8_t type; /* recipe.h; never RECIPE_TYPE_OTHER */
};

struct dwarfmath dwarfmath_of(uint64_t value, uint8_t type);

/* a = a OP b. False: it is no such operation, or there is no such result. */
bool dwarfmath_two(uint32_t atom, struct dwarfmath *a, uint64_t b);

/* a = OP a, where an operation may have a number with it. Likewise. */
bool dwarfmath_one(uint32_t atom, struct dwarfmath *a, uint64_t number);

#endif
