/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * graph.h - live blocks and which of them point to which, as bare numbers.
 *
 * At most 44 bytes a block, 24 more while they are sorted, and 4 a pointer found. It holds what was read of a target, so that what
 * follows from it can be worked out after the target runs again.
 */
#ifndef MWBPF_GRAPH_H
#define MWBPF_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where in a block a pointer points. */
enum graph_spot {
	GRAPH_START,
	GRAPH_AT_8,  /* behind one word, as a pointer to an array that new[] made */
	GRAPH_AT_24, /* behind three, as a string of the C++ library's old ABI */
	GRAPH_INSIDE,
};

/* Who points to a block from outside of all blocks: 1 << spot, and the same shifted by this. */
#define GRAPH_SPOTS   4
#define GRAPH_ROOT    0
#define GRAPH_UNKNOWN GRAPH_SPOTS /* memory of the allocator's of which nothing is known */

/* What the first words of a block look like: bits of graph_block.looks. */
#define GRAPH_COUNTED 1 /* a count or length, then what it counts: trust GRAPH_AT_8 */
#define GRAPH_STRING  2 /* length, capacity, ...: trust GRAPH_AT_24 */

#define GRAPH_BLOCKS_MAX (1U << 30) /* an edge has two bits for the spot */
#define GRAPH_EDGES_MAX	 (1ULL << 28)

struct graph_block {
	uint64_t addr;
	uint64_t size; /* bytes asked for; one of 0 has an address all the same */
	uint32_t site; /* number given by the caller */
	uint8_t roots; /* see GRAPH_ROOT */
	uint8_t looks;
	uint8_t kind; /* filled by leaks.c */
	bool before;  /* likewise */
};

/*
 * Blocks without wide gaps between them, where a block is found at once: of each stretch of
 * 1 << shift bytes from start on it is known which block is the last that begins before it.
 */
struct graph_cluster {
	uint64_t start, end;
	unsigned shift;
	size_t index; /* of its first stretch, in graph.index */
};

struct graph {
	struct graph_block *blocks; /* by address */
	size_t n;
	uint64_t lo, hi;   /* no block lies outside of [lo, hi) */
	struct graph_cluster *clusters; /* by address */
	size_t n_clusters;
	uint32_t *index; /* of all clusters, see there */
	uint64_t *first;   /* n + 1: the edges of block i are edges[first[i]] to first[i + 1] */
	uint32_t *edges;   /* block << 2 | spot */
	size_t n_edges, cap_edges;
	size_t from; /* first edge of the current block */
	int error; /* -ENOMEM once an edge could not be kept, -E2BIG: too many */
};

/* Room for n blocks, for free() or graph_init. NULL without memory. */
struct graph_block *graph_blocks(size_t n);

/*
 * Take blocks over, allocated by graph_blocks, in any order: they are sorted. Empties *graph
 * first; 0, -ENOMEM or -E2BIG, when the blocks are freed.
 */
int graph_init(struct graph *graph, struct graph_block *blocks, size_t n);
void graph_clear(struct graph *graph);

/* The block that holds an address, its number; SIZE_MAX: none. */
size_t graph_find(const struct graph *graph, uint64_t addr);

/*
 * graph_find in three steps, each of many addresses before the next, so that memory is waited
 * for once. With this and large pages, a search of 4 M blocks takes 1.2 s instead of 2.7.
 */
struct graph_hint {
	const uint32_t *index;
	uint64_t addr;
};

void graph_expect(const struct graph *graph, uint64_t addr, struct graph_hint *hint);
void graph_expect_block(const struct graph *graph, const struct graph_hint *hint);
size_t graph_find_expected(const struct graph *graph, const struct graph_hint *hint);

/* What is to be asked first: most words are no pointers. 128 MB of them: 28 ms for 107. */
static inline bool graph_spans(const struct graph *graph, uint64_t addr)
{
	return addr - graph->lo < graph->hi - graph->lo;
}

enum graph_spot graph_spot(const struct graph_block *block, uint64_t addr);

/* From here on edges are those of this block; blocks come in ascending order. */
void graph_from(struct graph *graph, size_t block);

/* The current block points to another. The same again at once is not kept. */
void graph_add(struct graph *graph, size_t to, enum graph_spot spot);

/* Every block has had its turn. */
void graph_end(struct graph *graph);

#endif
