/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pystatic.h - objects that are part of the interpreter's file: types, and those there is one of.
 */
#ifndef MWBPF_CPYTHON_PYSTATIC_H
#define MWBPF_CPYTHON_PYSTATIC_H

#include "cpython/pytype.h"

#define PYSTATIC_SINGLETONS 5

struct pysingleton {
	const char *name; /* as Python calls it */
	uint64_t addr;	  /* 0: not found */
	uint64_t bytes;
};

struct pystatic {
	uint64_t types;	 /* types written in C that are in use, by the data of all files */
	uint64_t types_bytes;
	uint64_t own_types; /* of these, the interpreter's file's */
	struct pysingleton singletons[PYSTATIC_SINGLETONS];
};

void pystatic_read(struct cpython *cpython, const struct segments *segments,
		   struct pystatic *statics);

#endif
