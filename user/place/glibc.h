/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibc.h - what glibc's malloc keeps in anonymous mappings that were there before the
 * trace. Layouts: glibc 2.3 to 2.43, malloc/arena.c and malloc/malloc.c.
 */
#ifndef MWBPF_GLIBC_H
#define MWBPF_GLIBC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Whether a mapping is (a heap of) a thread arena: it begins with a heap_info whose
 * fields agree with the mapping and with the arena they point to.
 */
bool glibc_is_arena(pid_t pid, uint64_t start, uint64_t end);

/*
 * The next block with a mapping of its own in [start, end), which the kernel may have
 * merged with its neighbours: a page that begins with the header of such a block, and
 * room for the block behind it. False when there is none. Pages that the process has not
 * touched are not touched by this either.
 */
bool glibc_next_chunk(pid_t pid, uint64_t start, uint64_t end, uint64_t *chunk, uint64_t *chunk_end);

/*
 * Bytes of the mapping of a block that has one of its own, by the size in its header, which
 * from glibc 2.43 on leaves out 16 bytes at the end; 0: it is no such size.
 */
uint64_t glibc_mapped_size(uint64_t header);

#endif
