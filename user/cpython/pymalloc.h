/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pymalloc.h - what pymalloc's arenas hold: pools by size class, blocks in use and free.
 */
#ifndef MWBPF_CPYTHON_PYMALLOC_H
#define MWBPF_CPYTHON_PYMALLOC_H

#include "cpython/pyarenas.h"
#include "cpython/pypool.h"

struct pymalloc_class {
	uint32_t size; /* bytes of a block */
	uint64_t pools, used, free; /* blocks */
};

struct pymalloc_arena {
	uint64_t start, end;
	uint32_t pools;	     /* it has room for */
	uint32_t used_pools; /* with blocks in use */
	uint64_t used, free; /* bytes of blocks, in pools in use */
	uint32_t torn;	     /* pools that went on changing: in none of the above but pools */
};

struct pymalloc {
	struct pyarenas arenas;
	struct pymalloc_arena *at; /* as many, in the order of their addresses */
	struct pymalloc_class classes[PYPOOL_CLASSES];
	uint64_t torn; /* pools */
};

/* Called for each block in use. Not 0 ends the walk, which returns it. */
typedef int pymalloc_block(void *context, uint64_t addr, const uint8_t *bytes, uint32_t size);

/*
 * Read the pools of all arenas; *pymalloc is the caller's, ended by pymalloc_clear, also after
 * an error. each may be NULL. As pyarenas_find.
 */
int pymalloc_read(struct cpython *cpython, struct segments *segments, struct pymalloc *pymalloc,
		  pymalloc_block *each, void *context);
void pymalloc_clear(struct pymalloc *pymalloc);

#endif
