/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * blocks.h - the table of live blocks: by process and address.
 *
 * At most 64 bytes a block at any moment once there are 10,000, growth included: open
 * addressing with robin hood probing in independent shards, each growing by a quarter when
 * it is 85 % full and shrinking when more than a third of it is empty.
 */
#ifndef MWBPF_BLOCKS_H
#define MWBPF_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_THREAD_BITS 20
#define BLOCK_REALLOCS_MAX 127

struct block {
	uint64_t addr;	  /* 0: an empty slot */
	uint64_t size;	  /* bytes asked for */
	uint64_t born_ns; /* time of the event that made it */
	uint32_t process; /* number given by the caller */
	uint32_t site;	  /* likewise: the stack that made it; 0: not known */
	uint32_t birth;	  /* which allocation of its thread it was, modulo 2^32 */
	uint32_t thread : BLOCK_THREAD_BITS; /* number given by the caller; 0: not known */
	uint32_t segment : 5;		     /* likewise */
	uint32_t reallocs : 7;		     /* made by so many in a row, saturating */
};

struct blocks;

struct blocks *blocks_new(void); /* NULL without memory */
void blocks_free(struct blocks *blocks);

/*
 * Add a block, or replace the one of the same process and address, which is then
 * copied to *old with *replaced set. 0, -ENOMEM or -EINVAL for address 0 (both: nothing
 * changed).
 */
int blocks_put(struct blocks *blocks, const struct block *block, struct block *old, bool *replaced);

/* Look up; NULL when there is none. Valid until the next put, take or drop. */
const struct block *blocks_find(const struct blocks *blocks, uint32_t process, uint64_t addr);

/* Remove and copy to *block; false when there is none. */
bool blocks_take(struct blocks *blocks, uint32_t process, uint64_t addr, struct block *block);

/* Remove all blocks of a process. Returns how many. */
size_t blocks_drop(struct blocks *blocks, uint32_t process);

size_t blocks_count(const struct blocks *blocks);
size_t blocks_memory(const struct blocks *blocks); /* bytes held now */

/* Visit every block in no order: *at begins as 0; NULL at the end. */
const struct block *blocks_next(const struct blocks *blocks, size_t *at);

#endif
