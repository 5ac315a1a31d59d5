// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* graph.c - live blocks and which of them point to which, as bare numbers. */
#include "scan/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define GAP (16ULL << 20) /* bytes without a block that part two clusters */

/* A block of no bytes is taken to have one, so that it can be pointed to. */
static uint64_t end_of(const struct graph_block *block)
{
	return block->addr + (block->size ? block->size : 1);
}

#define HUGE ((size_t)2 << 20)

/* For free(). Large tables are looked up at random, and filled while a target is held. */
static void *get(size_t bytes)
{
	void *at;

	if (bytes < HUGE)
		return malloc(bytes ? bytes : 1);
	at = aligned_alloc(HUGE, (bytes + HUGE - 1) & ~(HUGE - 1));
	if (at)
		madvise(at, bytes, MADV_HUGEPAGE);
	return at;
}

struct graph_block *graph_blocks(size_t n)
{
	return get(n * sizeof(struct graph_block));
}

#define DIGIT  12 /* bits of an address sorted by at once */
#define DIGITS (48 / DIGIT)

/* One pass of a radix sort, stable: by one digit of the address. */
static void sort_by(struct graph_block *to, const struct graph_block *from, size_t n, unsigned shift)
{
	uint32_t at[1 << DIGIT] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].addr >> shift & ((1 << DIGIT) - 1)]++;
	for (size_t i = 0; i < 1 << DIGIT; i++) {
		uint32_t count = at[i];

		at[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].addr >> shift & ((1 << DIGIT) - 1)]++] = from[i];
}

/*
 * A target is held meanwhile: 1 M blocks in random order take less than 60 ms, and 280 with
 * qsort. 0 or -ENOMEM.
 */
static int sort(struct graph_block *blocks, size_t n)
{
	struct graph_block *other = graph_blocks(n);

	if (!other)
		return -ENOMEM;
	for (unsigned pass = 0; pass < DIGITS; pass += 2) {
		sort_by(other, blocks, n, pass * DIGIT);
		sort_by(blocks, other, n, (pass + 1) * DIGIT);
	}
	free(other);
	return 0;
}

/* Where the cluster of a block ends: behind its last one, in *last. */
static uint64_t cluster_end(const struct graph *graph, size_t first, size_t *last)
{
	uint64_t end = end_of(&graph->blocks[first]);
	size_t i = first + 1;

	for (; i < graph->n && graph->blocks[i].addr < end + GAP; i++)
		if (end_of(&graph->blocks[i]) > end)
			end = end_of(&graph->blocks[i]);
	*last = i - 1;
	return end;
}

/* As many stretches as blocks, or fewer: at most 2 n for all and one more for each cluster. */
static unsigned shift_for(uint64_t bytes, size_t blocks)
{
	unsigned shift = 4;

	while (bytes >> shift > blocks)
		shift++;
	return shift;
}

static void fill_index(struct graph *graph, const struct graph_cluster *cluster, size_t first,
		       size_t last)
{
	size_t stretches = ((cluster->end - cluster->start) >> cluster->shift) + 1, block = first;

	for (size_t i = 0; i < stretches; i++) {
		uint64_t start = cluster->start + ((uint64_t)i << cluster->shift);

		while (block < last && graph->blocks[block + 1].addr <= start)
			block++;
		graph->index[cluster->index + i] = block;
	}
	graph->index[cluster->index + stretches] = last;
}

static int add_cluster(struct graph *graph, size_t first, size_t *used, size_t *cap, size_t *last)
{
	struct graph_cluster *cluster, *more;

	if (graph->n_clusters == *cap) {
		*cap = *cap ? *cap * 2 : 16;
		more = reallocarray(graph->clusters, *cap, sizeof(*more));
		if (!more)
			return -ENOMEM;
		graph->clusters = more;
	}
	cluster = &graph->clusters[graph->n_clusters++];
	cluster->start = graph->blocks[first].addr;
	cluster->end = cluster_end(graph, first, last);
	cluster->shift = shift_for(cluster->end - cluster->start, *last - first + 1);
	cluster->index = *used;
	fill_index(graph, cluster, first, *last);
	*used += ((cluster->end - cluster->start) >> cluster->shift) + 2;
	graph->hi = cluster->end;
	return 0;
}

static int make_index(struct graph *graph)
{
	size_t used = 0, cap = 0, last;
	int err = 0;

	/* a cluster has at most a stretch for each block, the begun one, and the end */
	graph->index = get((3 * graph->n + 2) * sizeof(*graph->index));
	graph->first = get((graph->n + 1) * sizeof(*graph->first));
	if (!graph->index || !graph->first)
		return -ENOMEM;
	graph->lo = graph->n ? graph->blocks[0].addr : 0;
	for (size_t i = 0; i < graph->n && !err; i = last + 1)
		err = add_cluster(graph, i, &used, &cap, &last);
	graph->first[0] = 0;
	return err;
}

int graph_init(struct graph *graph, struct graph_block *blocks, size_t n)
{
	int err = n >= GRAPH_BLOCKS_MAX ? -E2BIG : sort(blocks, n);

	*graph = (struct graph){ .blocks = blocks, .n = n };
	if (!err)
		err = make_index(graph);
	if (err)
		graph_clear(graph);
	return err;
}

void graph_clear(struct graph *graph)
{
	free(graph->blocks);
	free(graph->clusters);
	free(graph->index);
	free(graph->first);
	free(graph->edges);
	*graph = (struct graph){ 0 };
}

static const struct graph_cluster *find_cluster(const struct graph *graph, uint64_t addr)
{
	size_t low = 0, high = graph->n_clusters;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph->clusters[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < graph->n_clusters && graph->clusters[low].start <= addr
		       ? &graph->clusters[low]
		       : NULL;
}

void graph_expect(const struct graph *graph, uint64_t addr, struct graph_hint *hint)
{
	const struct graph_cluster *cluster = find_cluster(graph, addr);

	*hint = (struct graph_hint){ .addr = addr };
	if (!cluster)
		return;
	hint->index = &graph->index[cluster->index + ((addr - cluster->start) >> cluster->shift)];
	__builtin_prefetch(hint->index);
}

void graph_expect_block(const struct graph *graph, const struct graph_hint *hint)
{
	if (hint->index)
		__builtin_prefetch(&graph->blocks[*hint->index]);
}

size_t graph_find_expected(const struct graph *graph, const struct graph_hint *hint)
{
	uint64_t addr = hint->addr;
	size_t low, high;

	if (!hint->index)
		return SIZE_MAX;
	low = hint->index[0];
	high = hint->index[1];
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (graph->blocks[middle].addr <= addr)
			low = middle;
		else
			high = middle - 1;
	}
	return addr < end_of(&graph->blocks[low]) ? low : SIZE_MAX;
}

size_t graph_find(const struct graph *graph, uint64_t addr)
{
	struct graph_hint hint;

	graph_expect(graph, addr, &hint);
	return graph_find_expected(graph, &hint);
}

enum graph_spot graph_spot(const struct graph_block *block, uint64_t addr)
{
	switch (addr - block->addr) {
	case 0: return GRAPH_START;
	case 8: return GRAPH_AT_8;
	case 24: return GRAPH_AT_24;
	}
	return GRAPH_INSIDE;
}

void graph_from(struct graph *graph, size_t block)
{
	graph->first[block] = graph->from = graph->n_edges;
}

static bool make_room(struct graph *graph)
{
	size_t cap = graph->cap_edges ? graph->cap_edges * 2 : 4096;
	uint32_t *more;

	if (graph->n_edges < graph->cap_edges)
		return true;
	more = cap > GRAPH_EDGES_MAX ? NULL : reallocarray(graph->edges, cap, sizeof(*more));
	if (!more) {
		graph->error = cap > GRAPH_EDGES_MAX ? -E2BIG : -ENOMEM;
		return false;
	}
	graph->edges = more;
	graph->cap_edges = cap;
	return true;
}

void graph_add(struct graph *graph, size_t to, enum graph_spot spot)
{
	uint32_t edge = to << 2 | spot;

	if (graph->n_edges > graph->from && graph->edges[graph->n_edges - 1] == edge)
		return;
	if (make_room(graph))
		graph->edges[graph->n_edges++] = edge;
}

void graph_end(struct graph *graph)
{
	graph->first[graph->n] = graph->n_edges;
}
