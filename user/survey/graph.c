// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* graph.c - live blocks and which of them point to which, as bare numbers. */
#include "survey/graph.h"

#include <errno.h>
#include <stdlib.h>

#define SAMPLE 64 /* blocks for one sampled address */

static int by_address(const void *a, const void *b)
{
	const struct graph_block *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* A block of no bytes is taken to have one, so that it can be pointed to. */
static uint64_t end_of(const struct graph_block *block)
{
	return block->addr + (block->size ? block->size : 1);
}

/* The blocks of one process: those that come out of malloc are mostly in order already. */
static void sort(struct graph_block *blocks, size_t n)
{
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = blocks[i - 1].addr < blocks[i].addr;
	if (!sorted)
		qsort(blocks, n, sizeof(*blocks), by_address);
}

int graph_init(struct graph *graph, struct graph_block *blocks, size_t n)
{
	*graph = (struct graph){ .blocks = blocks, .n = n };
	graph->sampled = malloc((n / SAMPLE + 1) * sizeof(*graph->sampled));
	graph->first = malloc((n + 1) * sizeof(*graph->first));
	if (n >= GRAPH_BLOCKS_MAX || !graph->sampled || !graph->first) {
		graph_clear(graph);
		return n >= GRAPH_BLOCKS_MAX ? -E2BIG : -ENOMEM;
	}
	sort(blocks, n);
	graph->lo = n ? blocks[0].addr : 0;
	for (size_t i = 0; i < n; i++) {
		if (i % SAMPLE == 0)
			graph->sampled[i / SAMPLE] = blocks[i].addr;
		if (end_of(&blocks[i]) > graph->hi)
			graph->hi = end_of(&blocks[i]);
	}
	graph->first[0] = 0;
	return 0;
}

void graph_clear(struct graph *graph)
{
	free(graph->blocks);
	free(graph->sampled);
	free(graph->first);
	free(graph->edges);
	*graph = (struct graph){ 0 };
}

/* The last of n ascending addresses, stride bytes apart, that is not above addr; the first
 * one must not be. Without branches that depend on memory: a third faster. */
static size_t last_below(const void *at, size_t stride, size_t n, uint64_t addr)
{
	size_t low = 0;

	while (n > 1) {
		size_t half = n / 2;
		const uint64_t *middle =
			(const void *)((const char *)at + (low + half) * stride);

		low = *middle <= addr ? low + half : low;
		n -= half;
	}
	return low;
}

size_t graph_find(const struct graph *graph, uint64_t addr)
{
	size_t from, n;

	if (addr < graph->lo || addr >= graph->hi)
		return SIZE_MAX;
	from = last_below(graph->sampled, sizeof(*graph->sampled), (graph->n + SAMPLE - 1) / SAMPLE,
			  addr) * SAMPLE;
	n = graph->n - from < SAMPLE ? graph->n - from : SAMPLE;
	from += last_below(&graph->blocks[from].addr, sizeof(*graph->blocks), n, addr);
	return addr < end_of(&graph->blocks[from]) ? from : SIZE_MAX;
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
