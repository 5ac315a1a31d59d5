/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pypool.h - one of pymalloc's pools, from its bytes: pure functions.
 */
#ifndef MWBPF_CPYTHON_PYPOOL_H
#define MWBPF_CPYTHON_PYPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PYPOOL_CLASSES 32  /* of 16 to 512 bytes */
#define PYPOOL_UNIT    16
#define PYPOOL_BLOCKS  1024 /* a pool has less */
#define PYPOOL_MAX     16384 /* bytes */

/* struct pool_header: Objects/obmalloc.c, from 3.12 pycore_obmalloc.h */
struct pypool_head {
	uint32_t count; /* blocks in use; 0: the pool is free, and the rest is of before */
	uint32_t unused;
	uint64_t freeblock; /* address of the first that was freed; 0 */
	uint64_t nextpool, prevpool;
	uint32_t arenaindex;
	uint32_t szidx; /* size class: (szidx + 1) * 16 bytes */
	uint32_t nextoffset; /* of the first block that was never used */
	uint32_t maxnextoffset; /* of the last one that fits */
};

struct pypool {
	uint32_t size; /* bytes of a block; 0: the pool is free */
	uint32_t blocks, used;
	uint8_t in_use[PYPOOL_BLOCKS]; /* of each block: 1 or 0 */
};

/* Whether a header agrees with itself. */
bool pypool_is_head(const struct pypool_head *head, uint64_t pool_size);

/*
 * Take apart the bytes of the pool at an address. False when they do not agree with each
 * other: it changed while it was read, or is none.
 */
bool pypool_parse(const uint8_t *bytes, uint64_t pool_size, uint64_t addr, struct pypool *pool);

/* Offset of a block in its pool. */
static inline uint64_t pypool_offset(const struct pypool *pool, uint32_t block)
{
	return sizeof(struct pypool_head) + (uint64_t)block * pool->size;
}

#endif
