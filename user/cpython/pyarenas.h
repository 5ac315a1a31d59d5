/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyarenas.h - where pymalloc's arenas are: Objects/obmalloc.c (3.6 to 3.11), from 3.12 also
 * Include/internal/pycore_obmalloc.h.
 */
#ifndef MWBPF_CPYTHON_PYARENAS_H
#define MWBPF_CPYTHON_PYARENAS_H

#include "cpython/cpython.h"

#define PYARENAS_MAX 262144 /* 256 GiB from 3.10 on */

/* struct arena_object */
struct pyarena_object {
	uint64_t address;      /* of the arena; 0: this one is not in use */
	uint64_t pool_address; /* of the first pool that was never used */
	uint32_t nfreepools;   /* never used, or free again */
	uint32_t ntotalpools;
	uint64_t freepools;    /* address of the first that is free again; 0 */
	uint64_t nextarena;
	uint64_t prevarena;
};

struct pyarenas {
	struct pyarena_object *at; /* those in use, by address */
	size_t n, room;
	size_t overlaps; /* left out: they say they lie where another one does */
	uint64_t looks;	 /* what was looked at to find them */
	bool cut;	 /* it was too much: there may be more of them, or others */
	uint64_t pool_size, arena_size; /* bytes */
	char how[64];	  /* where the tables are */
};

/*
 * The arenas of all interpreters of a process that pymalloc has; *arenas is the caller's,
 * ended by pyarenas_clear, also after an error. 0; -ENOENT: no table of arenas was found (as
 * with PYTHONMALLOC=malloc, where there is none); -ENOMEM; as mem_read.
 */
int pyarenas_find(struct cpython *cpython, struct segments *segments, struct pyarenas *arenas);
void pyarenas_clear(struct pyarenas *arenas);

/* The first pool of an arena: pools are aligned, arenas need not be. */
uint64_t pyarenas_first_pool(const struct pyarenas *arenas, uint64_t address);

#endif
