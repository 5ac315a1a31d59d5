/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mipage.h - mimalloc's segments and pages from their bytes, in the versions that CPython has
 * had: pure functions.
 *
 * Layouts: Include/internal/mimalloc/mimalloc/types.h of builds without Py_DEBUG, which encodes
 * the lists of free blocks. 3.13 has mimalloc 2.1.2, 3.14.10 and 3.15.2 have 2.5.2.
 */
#ifndef MWBPF_CPYTHON_MIPAGE_H
#define MWBPF_CPYTHON_MIPAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIPAGE_LAYOUTS	  2
#define MIPAGE_SLICE	  65536
#define MIPAGE_SLICES	  512 /* of a segment */
#define MIPAGE_BYTES_MOST 112 /* of a mi_page_t */
#define MIPAGE_HEAD_MOST  288 /* bytes of a mi_segment_t before its slices */
#define MIPAGE_CLASSES	  82  /* up to 16 MiB, and one of all larger */

/* mi_segment_t */
struct misegment {
	uint64_t slices;      /* all: of a huge block more than it has entries */
	uint64_t info_slices; /* that it takes itself */
	uint64_t entries;
	bool huge; /* one block of any size */
};

/* mi_page_t; the first slice of each span has one. */
struct mipage {
	uint64_t block_size;
	uint64_t first; /* address of its first block */
	uint64_t free, local_free, thread_free; /* first of each list of free blocks; 0 */
	uint32_t slices; /* 0: it is none */
	uint32_t used;	 /* blocks; those that other threads have freed are still among them */
	uint16_t capacity, reserved; /* blocks */
	uint8_t heap;	 /* enum mimalloc_heap_id */
};

/* Bytes of a segment before its slices, and from one slice's mi_page_t to the next. */
size_t mipage_slices_at(unsigned layout);
size_t mipage_size(unsigned layout, bool free_threaded);

/* Whether the bytes before the slices, of this layout, are those of a segment in use. */
bool mipage_segment(unsigned layout, const uint8_t *bytes, struct misegment *segment);

/* The mi_page_t of this slice of the segment at an address. */
void mipage_parse(unsigned layout, const uint8_t *bytes, uint64_t segment, size_t slice,
		  struct mipage *page);

/* Whether it is a page in use whose blocks fit into its slices, of a segment at an address. */
bool mipage_is_used(const struct mipage *page, uint64_t segment, size_t slice);

/*
 * The class of blocks of a size, 1 to MIPAGE_CLASSES - 1: four for each power of two from 64
 * bytes on, as mi_bin() has them (Objects/mimalloc/heap.c), which puts the larger ones together.
 */
unsigned mipage_class(uint64_t block_size);

#endif
