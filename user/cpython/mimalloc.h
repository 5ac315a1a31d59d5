/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mimalloc.h - the allocator of a free-threaded build: what its pages hold.
 *
 * Layouts: Include/internal/mimalloc/mimalloc/types.h (3.13), of builds without Py_DEBUG, which
 * encodes the lists of free blocks. 3.14 has another version of it.
 */
#ifndef MWBPF_CPYTHON_MIMALLOC_H
#define MWBPF_CPYTHON_MIMALLOC_H

#include "cpython/cpython.h"

#define MIMALLOC_SEGMENT (32ull << 20) /* bytes; aligned to as many. Of a huge block: more */

/* _Py_mimalloc_heap_id, Include/internal/pycore_mimalloc.h: what a page's blocks are for. */
enum mimalloc_heap_id {
	MIMALLOC_MEM,	 /* PyMem_Malloc() and bodies of objects */
	MIMALLOC_OBJECT, /* objects that the garbage collector need not know */
	MIMALLOC_GC,
	MIMALLOC_GC_PRE, /* with two words in front */
	MIMALLOC_HEAPS,
};

struct mimalloc_heap {
	uint64_t pages;
	uint64_t used; /* blocks */
	uint64_t used_bytes;
	uint64_t free_bytes; /* of blocks that were in use before */
};

struct mimalloc_segment {
	uint64_t start, end;
};

struct mimalloc {
	struct mimalloc_segment *segments;
	size_t n, cap;
	struct mimalloc_heap heaps[MIMALLOC_HEAPS];
	uint64_t torn; /* pages that went on changing: in none of the above */
};

/*
 * Called for each block in use of size bytes, with its first len. Not 0 ends the walk, which
 * returns it.
 */
typedef int mimalloc_block(void *context, enum mimalloc_heap_id heap, uint64_t addr,
			   const uint8_t *bytes, size_t len, uint64_t size);

const char *mimalloc_heap_name(enum mimalloc_heap_id heap);

/*
 * Read all its pages; *mimalloc is the caller's, ended by mimalloc_clear, also after an error.
 * each may be NULL. 0; -ENOENT: there is none of its segments, or their layout is not known;
 * -ENOMEM; as mem_read.
 */
int mimalloc_read(struct cpython *cpython, struct segments *segments, struct mimalloc *mimalloc,
		  mimalloc_block *each, void *context);
void mimalloc_clear(struct mimalloc *mimalloc);

#endif
