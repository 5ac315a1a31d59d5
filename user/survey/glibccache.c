// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibccache.c - free chunks that look as if they were in use: fastbins and tcache. */
#include "survey/glibccache.h"

#include <stdlib.h>
#include <string.h>

#include "target/mem.h"

#define BINS_MOST 76
#define SIZE_MOST 0x300
#define CACHES_MOST (1U << 16)

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

/* A list has its first block where it counts any. */
static bool agrees(const struct cache *cache)
{
	for (size_t i = 0; i < cache->layout->n; i++) {
		const uint32_t none = cache->layout->remaining ? cache->all : 0;

		if ((cache->count[i] != none) != (cache->first[i] != 0))
			return false;
	}
	return true;
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

	block = l ? window_at(window, chunk + CHUNK_HEADER, size - CHUNK_HEADER) : NULL;
	if (!block || list->n == CACHES_MOST || !take(block, l, &cache) || !agrees(&cache))
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

/* A chunk as it was read, and where its state is kept. */
struct found {
	struct heap_arena *arena;
	struct chunks *piece;
	size_t index;
	struct chunk chunk;
};

static bool find(const struct glibcheap *heap, uint64_t addr, struct found *found)
{
	for (size_t i = 0; i < heap->n_arenas; i++) {
		found->arena = &heap->arenas[i];
		for (size_t j = 0; j < found->arena->n_pieces; j++) {
			int64_t index;

			found->piece = &found->arena->pieces[j];
			index = chunks_find(found->piece, addr, &found->chunk);
			if (index < 0)
				continue;
			found->index = (size_t)index;
			return found->chunk.start == addr;
		}
	}
	return false;
}

/* The pointer stored in a free block, plain or not: only one of both can be a chunk or 0. */
static bool follow(const struct glibcheap *heap, uint64_t block, uint64_t to_chunk, uint64_t *next)
{
	struct found found;
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
		struct found found;

		/* one that is marked already would be the beginning of an endless circle */
		if (!find(heap, at - list->to_chunk, &found) || found.chunk.state != CHUNK_USED ||
		    (list->size && found.chunk.size != list->size))
			return -1;
		chunks_set_state(found.piece, found.index, list->state);
		if (!follow(heap, found.chunk.start + CHUNK_HEADER, list->to_chunk, &at))
			return -1;
	}
	return n;
}

static void mark_cache(struct glibcheap *heap, const struct cache *cache)
{
	for (size_t i = 0; i < cache->layout->n; i++) {
		/* the first 64 hold chunks of one size each */
		const struct list list = { .first = cache->first[i],
					   .to_chunk = CHUNK_HEADER,
					   .size = i < 64 ? CHUNK_LEAST + 16 * i : 0,
					   .state = CHUNK_CACHED };
		const uint32_t n = cache->layout->remaining ? cache->all - cache->count[i]
							    : cache->count[i];

		if (list.first && mark(heap, &list) != n)
			heap->bad_lists++;
	}
}

/* Whether all first blocks are chunks that can be in such a list: else it is no cache. */
static bool is_cache(const struct glibcheap *heap, const struct cache *cache)
{
	for (size_t i = 0; i < cache->layout->n; i++) {
		struct found found;

		if (!cache->first[i])
			continue;
		if (!find(heap, cache->first[i] - CHUNK_HEADER, &found) ||
		    (i < 64 && found.chunk.size != CHUNK_LEAST + 16 * i))
			return false;
	}
	return true;
}

static void mark_caches(struct glibcheap *heap, const struct cache_list *caches)
{
	for (size_t i = 0; i < caches->n; i++) {
		struct found found;
		struct cache cache;
		uint8_t block[SIZE_MOST];
		const uint64_t at = caches->at[i];

		if (!find(heap, at, &found) || found.chunk.state != CHUNK_USED ||
		    found.chunk.size > sizeof(block) || !layout_of(found.chunk.size) ||
		    mem_read(heap->pid, at + CHUNK_HEADER, block, found.chunk.size - CHUNK_HEADER) ||
		    !take(block, layout_of(found.chunk.size), &cache) || !is_cache(heap, &cache))
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
