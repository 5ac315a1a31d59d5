// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibccache.c - free chunks that look as if they were in use: fastbins and tcache. */
#include "glibc/glibccache.h"

#include <stdlib.h>
#include <string.h>

#include "target/mem.h"

#define BINS_MOST 76
#define BLOCK_MOST 760 /* bytes: all of the chunk's block, which ends in the next one's header */
#define CACHES_MOST (1U << 16)
#define ONE_SIZE   64	/* so many lists, the first, hold chunks of one size each */
#define AT_WORK	   2 /* lists of a cache that its thread may be changing just now */

/* struct tcache_perthread_struct, at the beginning of a block: 2.26, 2.30, 2.42. */
static const struct layout {
	uint16_t chunk_size, n, count_size, entries;
	bool remaining; /* it counts the places that are left, and not what is there */
} layouts[] = {
	{ .chunk_size = 0x290, .n = 64, .count_size = 2, .entries = 128 },
	{ .chunk_size = 0x300, .n = 76, .count_size = 2, .entries = 152, .remaining = true },
	{ .chunk_size = 0x250, .n = 64, .count_size = 1, .entries = 64 },
};

/* A thread's cache: the first block of each list, and what it counts. */
struct cache {
	const struct layout *layout;
	uint64_t first[BINS_MOST];
	uint32_t count[BINS_MOST];
	uint32_t all; /* places of an empty list, where those left are counted */
};

static bool take(const uint8_t *block, const struct layout *l, struct cache *cache)
{
	bool any = false;

	*cache = (struct cache){ .layout = l };
	for (size_t i = 0; i < l->n; i++) {
		memcpy(&cache->count[i], block + i * l->count_size, l->count_size);
		memcpy(&cache->first[i], block + l->entries + 8 * i, 8);
		if (cache->first[i] % 16)
			return false;
		any |= cache->first[i] != 0;
		if (cache->count[i] > cache->all)
			cache->all = cache->count[i];
	}
	return any;
}

/* How many lists have a first block without counting any, or the other way round. */
static unsigned contradictions(const struct cache *cache)
{
	const uint32_t none = cache->layout->remaining ? cache->all : 0;
	unsigned n = 0;

	for (size_t i = 0; i < cache->layout->n; i++)
		n += (cache->count[i] != none) != (cache->first[i] != 0);
	return n;
}

static const struct layout *layout_of(uint64_t size)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		if (layouts[i].chunk_size == size)
			return &layouts[i];
	return NULL;
}

void glibccache_look(void *context, struct window *window, uint64_t chunk, uint64_t size)
{
	const struct layout *l = layout_of(size);
	struct cache_list *list = context;
	const uint8_t *block;
	struct cache cache;

	block = l ? window_at(window, chunk + CHUNK_HEADER, size - 8) : NULL;
	if (!block || list->n == CACHES_MOST || !take(block, l, &cache) ||
	    contradictions(&cache) > AT_WORK)
		return;
	if (list->n == list->room) {
		const size_t room = list->room ? 2 * list->room : 16;
		uint64_t *at = reallocarray(list->at, room, sizeof(*at));

		if (!at)
			return; /* what it holds counts as in use */
		list->at = at;
		list->room = room;
	}
	list->at[list->n++] = chunk;
}

/* A chunk that begins at an address. */
static bool find(const struct glibcheap *heap, uint64_t addr, struct heap_found *found)
{
	return glibcheap_find(heap, addr, found) && found->chunk.start == addr;
}

/* The pointer stored in a free block, plain or not: only one of both can be a chunk or 0. */
static bool follow(const struct glibcheap *heap, uint64_t block, uint64_t to_chunk, uint64_t *next)
{
	struct heap_found found;
	uint64_t stored;

	if (mem_read(heap->pid, block, &stored, sizeof(stored)))
		return false;
	*next = stored ^ block >> 12;
	if (!*next || find(heap, *next - to_chunk, &found))
		return true;
	*next = stored;
	return !stored || find(heap, stored - to_chunk, &found);
}

/* A list of chunks in one state; its pointers point to_chunk bytes into each. */
struct list {
	uint64_t first, to_chunk;
	uint64_t size; /* of each chunk; 0: not the same */
	enum chunk_state state;
};

/* Give the chunks of a list a state. How many there are, or -1 when it does not end well. */
static int64_t mark(const struct glibcheap *heap, const struct list *list)
{
	uint64_t at = list->first;
	int64_t n = 0;

	for (; at; n++) {
		struct heap_found found;

		/* one that is marked already would be the beginning of an endless circle */
		if (!find(heap, at - list->to_chunk, &found) || found.chunk.state != CHUNK_USED ||
		    (list->size && found.chunk.size != list->size))
			return -1;
		chunks_set_state(found.piece.chunks, found.index, list->state);
		if (!follow(heap, found.chunk.start + CHUNK_HEADER, list->to_chunk, &at))
			return -1;
	}
	return n;
}

static void mark_cache(struct glibcheap *heap, const struct cache *cache)
{
	for (size_t i = 0; i < cache->layout->n; i++) {
		const struct list list = { .first = cache->first[i],
					   .to_chunk = CHUNK_HEADER,
					   .size = i < ONE_SIZE ? CHUNK_LEAST + 16 * i : 0,
					   .state = CHUNK_CACHED };
		const uint32_t n = cache->layout->remaining ? cache->all - cache->count[i]
							    : cache->count[i];

		if (list.first && mark(heap, &list) != n)
			heap->bad_lists++;
	}
}

static bool fits(const struct glibcheap *heap, const struct cache *cache, size_t i)
{
	struct heap_found found;

	return find(heap, cache->first[i] - CHUNK_HEADER, &found) &&
	       (i >= ONE_SIZE || found.chunk.size == CHUNK_LEAST + 16 * i);
}

/*
 * Whether it is a cache: first blocks are chunks that can be in such a list. Of a thread
 * that works, some may have become others since their pieces were read.
 */
static bool is_cache(const struct glibcheap *heap, const struct cache *cache)
{
	size_t n = 0, fit = 0;

	for (size_t i = 0; i < cache->layout->n; i++) {
		n += cache->first[i] != 0;
		fit += cache->first[i] && fits(heap, cache, i);
	}
	return fit && 2 * fit >= n;
}

static bool read_cache(const struct glibcheap *heap, uint64_t at, struct cache *cache)
{
	uint8_t block[BLOCK_MOST];
	struct heap_found found;

	return find(heap, at, &found) && found.chunk.state == CHUNK_USED &&
	       layout_of(found.chunk.size) &&
	       !mem_read(heap->pid, at + CHUNK_HEADER, block, found.chunk.size - 8) &&
	       take(block, layout_of(found.chunk.size), cache);
}

static void mark_caches(struct glibcheap *heap, const struct cache_list *caches)
{
	for (size_t i = 0; i < caches->n; i++) {
		struct cache cache;

		if (!read_cache(heap, caches->at[i], &cache) || !is_cache(heap, &cache))
			continue;
		mark_cache(heap, &cache);
		heap->caches++;
	}
}

static void mark_fastbins(struct glibcheap *heap, const struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->state.n_fastbins; i++) {
		const struct list list = { .first = arena->state.fastbins[i],
					   .size = CHUNK_LEAST + 16 * i,
					   .state = CHUNK_FAST };

		if (list.first && arena->n_pieces && mark(heap, &list) < 0)
			heap->bad_lists++;
	}
}

void glibccache_mark(struct glibcheap *heap, const struct cache_list *caches)
{
	for (size_t i = 0; i < heap->n_arenas; i++)
		mark_fastbins(heap, &heap->arenas[i]);
	mark_caches(heap, caches);
}
