// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sweep.c - what looks like a pointer to a live block, in roots and in the blocks themselves. */
#include "scan/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/page.h"

#define GAP   4096		/* bytes between two blocks that are read along with them */
#define WORD  sizeof(uint64_t)

#define SMALLEST_CHUNK 32 /* glibc's MINSIZE */

int sweep_open(struct sweep *sweep, const struct sweep_source *source, struct graph *graph)
{
	*sweep = (struct sweep){ .source = source, .graph = graph, .buf = malloc(SWEEP_PIECE) };
	return sweep->buf ? 0 : -ENOMEM;
}

void sweep_close(struct sweep *sweep)
{
	free(sweep->buf);
	sweep->buf = NULL;
}

/* Fill the buffer; what cannot be read is zero. */
static void fetch(struct sweep *sweep, uint64_t addr, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t got = sweep->source->read(sweep->source->context, addr + done,
						sweep->buf + done, len - done);
		size_t hole;

		done += got;
		if (done == len)
			break;
		hole = PAGE_DOWN(addr + done) + PAGE - (addr + done);
		if (hole > len - done)
			hole = len - done;
		memset(sweep->buf + done, 0, hole);
		sweep->unreadable += hole;
		done += hole;
	}
	sweep->bytes += len;
}

/*
 * glibc's lists of free memory lead to the header of a chunk, whose first word belongs to
 * the block in front of it: what its own memory says of the last word of a block is such a
 * pointer, and none of the program's (malloc.c, "prev_size").
 */
static bool is_header(const struct graph_block *block, uint64_t addr)
{
	return addr % 16 == 0 && addr != block->addr && block->addr + block->size - addr <= WORD;
}

void sweep_words(struct sweep *sweep, const uint64_t *words, size_t n, unsigned root)
{
	const struct graph *graph = sweep->graph;

	for (size_t i = 0; i < n; i++) {
		size_t at = graph_spans(graph, words[i]) ? graph_find(graph, words[i]) : SIZE_MAX;
		struct graph_block *block;

		if (at == SIZE_MAX)
			continue;
		block = &graph->blocks[at];
		if (root == GRAPH_ROOT || !is_header(block, words[i]))
			block->roots |= 1 << (root + graph_spot(block, words[i]));
	}
}

/* Up to this block all have had their turn; blocks come in ascending order. */
static void begin_blocks(struct sweep *sweep, size_t upto)
{
	while (sweep->begun < upto)
		graph_from(sweep->graph, sweep->begun++);
}

/* Words that wait become edges. */
static void settle(struct sweep *sweep)
{
	struct graph *graph = sweep->graph;

	for (size_t i = 0; i < sweep->n_waiting; i++)
		graph_expect_block(graph, &sweep->waiting[i].hint);
	for (size_t i = 0; i < sweep->n_waiting; i++) {
		const struct sweep_word *word = &sweep->waiting[i];
		size_t to = graph_find_expected(graph, &word->hint);

		begin_blocks(sweep, word->from + 1);
		if (to != SIZE_MAX && to != word->from)
			graph_add(graph, to, graph_spot(&graph->blocks[to], word->hint.addr));
	}
	sweep->n_waiting = 0;
}

/* Words of a block, which are looked up when there are enough of them. */
static void add_edges(struct sweep *sweep, const uint64_t *words, size_t n, size_t from)
{
	const struct graph *graph = sweep->graph;

	for (size_t i = 0; i < n; i++) {
		if (!graph_spans(graph, words[i]))
			continue;
		sweep->waiting[sweep->n_waiting].from = from;
		graph_expect(graph, words[i], &sweep->waiting[sweep->n_waiting].hint);
		if (++sweep->n_waiting == SWEEP_BATCH)
			settle(sweep);
	}
}

/* What memcheck's heuristics look at: newarray and length64, stdstring. */
static void look_at(struct graph_block *block, const uint64_t words[3])
{
	uint64_t size = block->size, first = words[0];

	if (size > WORD && first && ((size - WORD) % first == 0 || first == size - WORD))
		block->looks |= GRAPH_COUNTED;
	if (size > 3 * WORD && first <= words[1] && words[1] < size &&
	    size - 3 * WORD - 1 == words[1])
		block->looks |= GRAPH_STRING;
}

/* Part of a range that may hold something, at most a piece long. False: there is none. */
static bool next_piece(const struct sweep *sweep, uint64_t *start, uint64_t end, uint64_t *stop)
{
	*stop = end;
	if (*start >= end)
		return false;
	if (sweep->source->used && !sweep->source->used(sweep->source->context, start, stop))
		return false;
	if (*stop - *start > SWEEP_PIECE)
		*stop = *start + SWEEP_PIECE;
	return true;
}

/* The first block that ends behind addr; n: none. */
static size_t first_behind(const struct graph *graph, uint64_t addr)
{
	size_t low = 0, high = graph->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct graph_block *block = &graph->blocks[middle];

		if (block->addr + block->size <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Whether there can be a chunk in a gap between two blocks, not only their headers and padding.
 * A gap with which a piece begins may have begun before.
 */
static bool may_be_chunk(uint64_t offset, uint64_t bytes)
{
	return bytes && (!offset || bytes >= SMALLEST_CHUNK);
}

/* Words of [start, end), of no block, in the buffer that begins at base. */
static void sweep_gap(struct sweep *sweep, uint64_t base, uint64_t start, uint64_t end, unsigned root)
{
	uint64_t from = (start + WORD - 1) & ~(WORD - 1), to = end & ~(WORD - 1);

	if (from < to)
		sweep_words(sweep, (const uint64_t *)(sweep->buf + (from - base)), (to - from) / WORD,
			   root);
}

/* What is in the buffer, without what lies in blocks. */
static void sweep_piece(struct sweep *sweep, uint64_t start, uint64_t end, unsigned root)
{
	const struct graph *graph = sweep->graph;
	uint64_t base = start;

	for (size_t i = first_behind(graph, start); i < graph->n && graph->blocks[i].addr < end;
	     i++) {
		const struct graph_block *block = &graph->blocks[i];

		if (block->addr > start &&
		    (root != GRAPH_UNKNOWN || may_be_chunk(start - base, block->addr - start)))
			sweep_gap(sweep, base, start, block->addr, root);
		if (block->addr + block->size > start)
			start = block->addr + block->size;
	}
	if (start < end) /* it may go on in the next piece */
		sweep_gap(sweep, base, start, end, root);
}

/* Whether anything of [start, end) is to be looked at; where blocks are dense, nothing is. */
static bool has_gap(const struct graph *graph, uint64_t start, uint64_t end, unsigned root)
{
	uint64_t base = start;

	if (root != GRAPH_UNKNOWN)
		return true;
	for (size_t i = first_behind(graph, start); i < graph->n && graph->blocks[i].addr < end;
	     i++) {
		const struct graph_block *block = &graph->blocks[i];

		if (block->addr > start && may_be_chunk(start - base, block->addr - start))
			return true;
		if (block->addr + block->size > start)
			start = block->addr + block->size;
	}
	return start < end; /* it may go on in the next piece */
}

static void sweep_between(struct sweep *sweep, uint64_t start, uint64_t end, unsigned root)
{
	uint64_t stop;

	start = (start + WORD - 1) & ~(WORD - 1);
	end &= ~(WORD - 1);
	while (next_piece(sweep, &start, end, &stop)) {
		if (has_gap(sweep->graph, start, stop, root)) {
			fetch(sweep, start, stop - start);
			sweep_piece(sweep, start, stop, root);
		}
		start = stop;
	}
}

void sweep_root(struct sweep *sweep, const struct sweep_range *range)
{
	uint64_t skip = range->skip_end ? range->skip_start : range->end;

	sweep_between(sweep, range->start, skip, range->root);
	if (range->skip_end)
		sweep_between(sweep, range->skip_end, range->end, range->root);
}

/* A block that does not fit the buffer, piece by piece. */
static void sweep_large(struct sweep *sweep, size_t number)
{
	struct graph_block *block = &sweep->graph->blocks[number];
	uint64_t start = (block->addr + WORD - 1) & ~(WORD - 1);
	uint64_t end = (block->addr + block->size) & ~(WORD - 1), stop;

	while (next_piece(sweep, &start, end, &stop)) {
		fetch(sweep, start, stop - start);
		if (start == block->addr && stop - start >= 3 * WORD)
			look_at(block, (const uint64_t *)sweep->buf);
		add_edges(sweep, (const uint64_t *)sweep->buf, (stop - start) / WORD, number);
		start = stop;
	}
}

/* Words of a block that is in the buffer, which begins at base. */
static void sweep_small(struct sweep *sweep, size_t number, uint64_t base)
{
	struct graph_block *block = &sweep->graph->blocks[number];
	uint64_t start = (block->addr + WORD - 1) & ~(WORD - 1);
	uint64_t end = (block->addr + block->size) & ~(WORD - 1);
	const uint64_t *words = (const uint64_t *)(sweep->buf + (start - base));
	uint64_t first[3] = { 0 };

	if (start >= end)
		return;
	memcpy(first, words, end - start < sizeof(first) ? end - start : sizeof(first));
	if (start == block->addr)
		look_at(block, first);
	add_edges(sweep, words, (end - start) / WORD, number);
}

/* The last of the blocks from one on that fit the buffer together. */
static size_t run_of(const struct graph *graph, size_t from, uint64_t base, uint64_t *end)
{
	size_t last = from;

	*end = graph->blocks[from].addr + graph->blocks[from].size;
	for (size_t i = from + 1; i < graph->n; i++) {
		const struct graph_block *block = &graph->blocks[i];

		if ((block->addr > *end && block->addr - *end > GAP) ||
		    block->addr + block->size - base > SWEEP_PIECE)
			break;
		if (block->addr + block->size > *end)
			*end = block->addr + block->size;
		last = i;
	}
	return last;
}

void sweep_blocks(struct sweep *sweep)
{
	struct graph *graph = sweep->graph;

	for (size_t i = 0; i < graph->n; i++) {
		const struct graph_block *block = &graph->blocks[i];
		uint64_t base = block->addr & ~(WORD - 1), end;
		size_t last;

		if (block->addr + block->size - base > SWEEP_PIECE) {
			sweep_large(sweep, i);
			continue;
		}
		last = run_of(graph, i, base, &end);
		fetch(sweep, base, end - base);
		for (; i < last; i++)
			sweep_small(sweep, i, base);
		sweep_small(sweep, last, base);
	}
	settle(sweep);
	begin_blocks(sweep, graph->n);
	graph_end(graph);
}
