/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mimalloc.h - the allocator of a free-threaded build, and of any other from 3.13 on that
 * PYTHONMALLOC=mimalloc asks for it: what its pages hold.
 */
#ifndef MWBPF_CPYTHON_MIMALLOC_H
#define MWBPF_CPYTHON_MIMALLOC_H

#include "cpython/cpython.h"
#include "cpython/mipage.h"

#define MIMALLOC_SEGMENT (32ull << 20) /* bytes; aligned to as many. Of a huge block: more */

/*
 * _Py_mimalloc_heap_id, Include/internal/pycore_mimalloc.h: what a page's blocks are for in a
 * free-threaded build. Any other has all in the first.
 */
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

/* Of one class of sizes. */
struct mimalloc_class {
	uint64_t size; /* bytes of the largest blocks in it; up to 16 MiB all have it */
	uint64_t pages, used, free; /* blocks */
};

struct mimalloc_segment {
	uint64_t start, end;
};

struct mimalloc {
	struct mimalloc_segment *segments;
	size_t n, cap;
	struct mimalloc_heap heaps[MIMALLOC_HEAPS];
	struct mimalloc_class classes[MIPAGE_CLASSES];
	bool cut;      /* there is more memory than is looked through */
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
 * each may be NULL. 0; -ENOENT: there is none of its segments, or none whose layout is known;
 * -ENOMEM; as mem_read.
 */
int mimalloc_read(struct cpython *cpython, struct segments *segments, struct mimalloc *mimalloc,
		  mimalloc_block *each, void *context);
void mimalloc_clear(struct mimalloc *mimalloc);

#endif
