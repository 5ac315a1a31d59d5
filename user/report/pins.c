// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pins.c - fragmentation: which live block keeps malloc's heap and arenas from shrinking. */
#include "report/pins.h"

#include <errno.h>
#include <stdlib.h>

#include "base/page.h"
#include "report/amount.h"

#define CHUNK_HEAD 16 /* bytes of glibc's in front of a block: malloc/malloc.c, struct malloc_chunk */
#define SPAN_MAX   (1ULL << 40) /* bytes of segments that are looked at: 32 MiB of bits */

void pins_segment(struct pins *pins, const struct pinned *segment, bool gone)
{
	struct pinned *kept = hash_get(&pins->by_id, segment->id);
	bool wanted = segment->writable &&
		      (segment->kind == SEGMENT_HEAP || segment->kind == SEGMENT_ARENA);

	if (gone || !wanted || segment->start >= segment->end) {
		free(hash_remove(&pins->by_id, segment->id));
		return;
	}
	if (!kept && pins->by_id.n < PINS_SEGMENTS_MAX) {
		kept = malloc(sizeof(*kept));
		if (kept && hash_set(&pins->by_id, segment->id, kept)) {
			free(kept);
			kept = NULL;
		}
	}
	if (kept)
		*kept = *segment;
}

static void free_found(struct pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		free(pins->found[i].pages);
	free(pins->found);
	pins->found = NULL;
	pins->n = 0;
}

void pins_clear(struct pins *pins)
{
	struct pinned *segment;
	size_t at = 0;

	free_found(pins);
	while ((segment = hash_next(&pins->by_id, &at, NULL)))
		free(segment);
	hash_clear(&pins->by_id);
}

static int compare(const void *left, const void *right)
{
	const struct pinned *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

static size_t page_of(const struct pinned *segment, uint64_t addr)
{
	return (addr - segment->start) / PAGE;
}

/* All segments in order, with bits for their pages, as far as that is not too many. */
static int prepare(struct pins *pins)
{
	const struct pinned *segment;
	uint64_t span = 0;
	size_t at = 0;

	pins->found = calloc(pins->by_id.n + 1, sizeof(*pins->found));
	if (!pins->found)
		return -ENOMEM;
	while ((segment = hash_next(&pins->by_id, &at, NULL))) {
		struct pinned *found = &pins->found[pins->n];

		if (segment->end - segment->start > SPAN_MAX - span)
			continue;
		span += segment->end - segment->start;
		*found = *segment;
		found->pages = calloc(page_of(segment, segment->end) / 64 + 1, sizeof(*found->pages));
		if (!found->pages)
			return -ENOMEM;
		pins->n++;
	}
	qsort(pins->found, pins->n, sizeof(*pins->found), compare);
	return 0;
}

/* The segment that holds an address of a process; NULL. */
static struct pinned *locate(const struct pins *pins, uint32_t pid, uint64_t addr)
{
	size_t lo = 0, hi = pins->n; /* the first that ends behind it is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct pinned *segment = &pins->found[mid];

		if (segment->pid < pid || (segment->pid == pid && segment->end <= addr))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == pins->n || pins->found[lo].pid != pid || pins->found[lo].start > addr)
		return NULL;
	return &pins->found[lo];
}

static uint64_t end_of(const struct pinned *segment, const struct block *block)
{
	uint64_t room = segment->end - block->addr;

	return block->addr + (block->size < room ? block->size : room);
}

/* Whether a block ends last so far; of two that end alike, the one that begins last. */
static bool is_behind(const struct pinned *segment, const struct block *block, uint64_t end)
{
	uint64_t last = segment->pin.addr ? end_of(segment, &segment->pin) : 0;

	return end != last ? end > last : block->addr > segment->pin.addr;
}

static void take_block(struct pinned *segment, const struct block *block)
{
	uint64_t head = block->addr - segment->start < CHUNK_HEAD ? segment->start
								  : block->addr - CHUNK_HEAD;
	uint64_t end = end_of(segment, block);

	if (end <= head) /* of no bytes, at the very start */
		end = head + 1;
	amount_add(&segment->live, block->size);
	if (is_behind(segment, block, end))
		segment->pin = *block;
	for (size_t page = page_of(segment, head); page <= page_of(segment, end - 1); page++)
		segment->pages[page / 64] |= 1ULL << page % 64;
}

static void count_pages(struct pinned *segment)
{
	size_t n = page_of(segment, segment->end), top = 0;

	for (size_t page = 0; page < n; page++)
		if (segment->pages[page / 64] >> page % 64 & 1)
			top = page + 1;
	segment->above = (n - top) * PAGE;
	for (size_t page = 0; page < top; page++)
		if (!(segment->pages[page / 64] >> page % 64 & 1))
			segment->holes += PAGE;
}

int pins_find(struct pins *pins, const struct blocks *blocks,
	      uint32_t (*pid_of)(void *context, const struct block *block), void *context)
{
	const struct block *block;
	struct pinned *segment;
	size_t at = 0;

	if (prepare(pins)) {
		free_found(pins);
		return -ENOMEM;
	}
	while ((block = blocks_next(blocks, &at))) {
		segment = locate(pins, pid_of(context, block), block->addr);
		if (segment)
			take_block(segment, block);
	}
	for (size_t i = 0; i < pins->n; i++)
		count_pages(&pins->found[i]);
	return 0;
}
