// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibcheap.c - glibc's heap of a live process, chunk by chunk. */
#include "glibc/glibcheap.h"

#include <errno.h>
#include <stdlib.h>

#include "glibc/glibccache.h"
#include "glibc/glibcfind.h"
#include "glibc/glibcpieces.h"
#include "glibc/trim.h"
#include "place/glibc.h"
#include "target/mem.h"

#define PIECES_MOST 65536 /* of all arenas */

struct reading {
	pid_t pid;
	const struct segments *segments;
	const struct residents *residents; /* NULL: not known */
	struct glibcheap *heap;
	struct cache_list caches;
	struct window *window;
	size_t n_chunks, n_pieces; /* of the arenas that were read */
};

static void drop_pieces(struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->n_pieces; i++)
		chunks_clear(&arena->pieces[i]);
	free(arena->pieces);
	arena->pieces = NULL;
	arena->n_pieces = 0;
	arena->n_chunks = 0;
	arena->books = arena->in_vain = 0;
}

/* Once: the chunks, between two looks at the record that must not differ. */
static int try_arena(struct reading *reading, struct heap_arena *arena)
{
	const struct pieces_source source = { reading->pid, reading->segments, reading->window,
					      &reading->heap->params, glibccache_look,
					      &reading->caches,
					      CHUNKS_MOST - reading->n_chunks,
					      PIECES_MOST - reading->n_pieces };
	struct arena_state after = arena->state;
	int err;

	drop_pieces(arena);
	window_forget(reading->window);
	err = arena_read(reading->pid, &arena->state);
	if (!err)
		err = pieces_read(&source, arena);
	if (!err)
		err = arena_read(reading->pid, &after);
	arena->changed = !err && after.fingerprint != arena->state.fingerprint;
	return err;
}

static int read_arena(struct reading *reading, struct heap_arena *arena)
{
	int err;

	for (arena->tries = 1;; arena->tries++) {
		const size_t caches = reading->caches.n;

		err = try_arena(reading, arena);
		if (err == -ENOMEM || err == -ESRCH || err == -EPERM)
			return err;
		if ((!err && !arena->changed) || err == -E2BIG || arena->tries == HEAP_TRIES)
			break;
		reading->caches.n = caches;
		reading->heap->torn++;
	}
	if (!err) {
		reading->n_chunks += arena->n_chunks;
		reading->n_pieces += arena->n_pieces;
		return 0;
	}
	drop_pieces(arena);
	arena->error = err == -E2BIG ? "there is too much of it"
		       : err == -EFAULT ? "not all of it can be read"
					: "its chunks do not fit together";
	return 0;
}

static int read_mapped(struct reading *reading)
{
	struct glibcheap *heap = reading->heap;
	uint64_t header[2];

	for (size_t i = 0; i < reading->segments->n; i++) {
		const struct segment *s = &reading->segments->at[i];
		struct chunk *more;

		if (s->kind != SEGMENT_MMAP_CHUNK ||
		    mem_read(reading->pid, s->start, header, sizeof(header)) ||
		    glibc_mapped_size(header[1]) != s->end - s->start)
			continue;
		more = reallocarray(heap->mapped, heap->n_mapped + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		heap->mapped = more;
		heap->mapped[heap->n_mapped++] =
			(struct chunk){ s->start, s->end - s->start, CHUNK_USED };
		heap->mapped_bytes += s->end - s->start;
	}
	return 0;
}

static void sum_piece(struct heap_arena *arena, const struct chunks *piece)
{
	struct chunk chunk, last = { 0 };
	size_t index = 0;
	uint64_t at;

	while (chunks_next(piece, &index, &at, &chunk)) {
		arena->by_state[chunk.state].n++;
		arena->by_state[chunk.state].bytes += chunk.size;
		if (chunk.state == CHUNK_FREE && chunk.size > arena->largest)
			arena->largest = chunk.size;
		if (chunk.state == CHUNK_TOP) {
			arena->top = chunk;
			arena->pin = last;
		}
		last = chunk;
	}
}

static void sum(struct heap_arena *arena)
{
	uint64_t bytes = arena->books;

	for (size_t i = 0; i < arena->n_pieces; i++) {
		sum_piece(arena, &arena->pieces[i]);
		bytes += arena->pieces[i].end - arena->pieces[i].start;
	}
	if (arena->state.system_mem > bytes)
		arena->missing = arena->state.system_mem - bytes;
}

static int by_start(const void *a, const void *b)
{
	const struct heap_piece *x = a, *y = b;

	return (x->chunks->start > y->chunks->start) - (x->chunks->start < y->chunks->start);
}

/* All pieces in address order: a list of free chunks may lead to any of them. */
static int sort_pieces(struct glibcheap *heap)
{
	size_t n = 0;

	for (size_t i = 0; i < heap->n_arenas; i++)
		n += heap->arenas[i].n_pieces;
	heap->pieces = calloc(n + 1, sizeof(*heap->pieces));
	if (!heap->pieces)
		return -ENOMEM;
	for (size_t i = 0; i < heap->n_arenas; i++)
		for (size_t j = 0; j < heap->arenas[i].n_pieces; j++)
			heap->pieces[heap->n_pieces++] = (struct heap_piece){
				&heap->arenas[i], &heap->arenas[i].pieces[j]
			};
	qsort(heap->pieces, n, sizeof(*heap->pieces), by_start);
	return 0;
}

static int read_all(struct reading *reading)
{
	struct glibcheap *heap = reading->heap;
	int err = glibcfind_arenas(reading->pid, reading->segments, reading->residents, heap);

	for (size_t i = 0; i < heap->n_arenas && !err; i++)
		err = read_arena(reading, &heap->arenas[i]);
	if (!err)
		err = read_mapped(reading);
	if (!err)
		err = sort_pieces(heap);
	if (err)
		return err;
	glibccache_mark(heap, &reading->caches);
	for (size_t i = 0; i < heap->n_arenas; i++) {
		sum(&heap->arenas[i]);
		trim_sum(reading->residents, &heap->arenas[i]);
	}
	return 0;
}

int glibcheap_read(pid_t pid, const struct segments *segments, const struct residents *residents,
		   struct glibcheap *heap)
{
	struct reading reading = {
		.pid = pid, .segments = segments, .residents = residents, .heap = heap
	};
	int err = -ENOMEM;

	*heap = (struct glibcheap){ .pid = pid };
	reading.window = malloc(sizeof(*reading.window));
	if (reading.window) {
		window_init(reading.window, pid);
		err = read_all(&reading);
	}
	free(reading.window);
	free(reading.caches.at);
	if (err)
		glibcheap_clear(heap);
	return err;
}

void glibcheap_clear(struct glibcheap *heap)
{
	for (size_t i = 0; i < heap->n_arenas; i++)
		drop_pieces(&heap->arenas[i]);
	free(heap->arenas);
	free(heap->pieces);
	free(heap->mapped);
	*heap = (struct glibcheap){ 0 };
}

/* The last piece that begins at or before an address; NULL. */
static const struct heap_piece *piece_at(const struct glibcheap *heap, uint64_t addr)
{
	size_t lo = 0, hi = heap->n_pieces; /* the first that begins behind it is in [lo, hi] */

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (heap->pieces[mid].chunks->start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &heap->pieces[lo - 1] : NULL;
}

bool glibcheap_find(const struct glibcheap *heap, uint64_t addr, struct heap_found *found)
{
	const struct heap_piece *piece = piece_at(heap, addr);
	int64_t index = piece ? chunks_find(piece->chunks, addr, &found->chunk) : -ENOENT;

	if (index < 0)
		return false;
	found->piece = *piece;
	found->index = (size_t)index;
	return true;
}
