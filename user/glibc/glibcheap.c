// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibcheap.c - glibc's heap of a live process, chunk by chunk. */
#include "glibc/glibcheap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/page.h"
#include "glibc/glibccache.h"
#include "glibc/glibcpieces.h"
#include "glibc/trim.h"
#include "place/glibc.h"
#include "target/mem.h"

#define ARENAS_MOST 8192
#define MAINS_MOST  16 /* a libc each */
#define DATA_MOST   (64ULL << 20) /* bytes of a file's data that are looked through */
#define DATA_PIECE  (1ULL << 16)

struct reading {
	pid_t pid;
	const struct segments *segments;
	const struct residents *residents; /* NULL: not known */
	struct glibcheap *heap;
	struct cache_list caches;
	struct window *window;
	unsigned n_mains;
};

static struct heap_arena *add_arena(struct glibcheap *heap, const struct arena_state *state)
{
	struct heap_arena *more;

	more = reallocarray(heap->arenas, heap->n_arenas + 1, sizeof(*more));
	if (!more)
		return NULL;
	heap->arenas = more;
	heap->arenas[heap->n_arenas] = (struct heap_arena){ .state = *state };
	return &heap->arenas[heap->n_arenas++];
}

static bool is_known(const struct glibcheap *heap, uint64_t arena)
{
	for (size_t i = 0; i < heap->n_arenas; i++)
		if (heap->arenas[i].state.addr == arena)
			return true;
	return false;
}

/*
 * A main arena and those that follow it in the circle. -EBADMSG: it is none, or one of
 * another version, for its circle does not lead back to it.
 */
static int add_circle(struct reading *reading, const struct arena_state *first)
{
	struct arena_state at = *first, next;
	int err;

	if (!add_arena(reading->heap, first))
		return -ENOMEM;
	while (reading->heap->n_arenas < ARENAS_MOST) {
		err = arena_next(reading->pid, first->addr, &at, &next);
		if (err)
			return err == -ENOENT ? 0 : err;
		if (is_known(reading->heap, next.addr))
			return -EBADMSG;
		if (!add_arena(reading->heap, &next))
			return -ENOMEM;
		at = next;
	}
	return -EBADMSG;
}

/* The data of a file, in one piece: what it has in it, and what is zeroed behind that. */
struct data {
	uint64_t start, end;
};

static bool next_data(const struct segments *segments, size_t *index, struct data *data)
{
	const struct segment *s;

	for (; *index < segments->n; ++*index) {
		s = &segments->at[*index];
		if (s->kind == SEGMENT_DATA || s->kind == SEGMENT_BSS)
			break;
	}
	if (*index == segments->n)
		return false;
	data->start = segments->at[*index].start;
	do
		data->end = segments->at[(*index)++].end;
	while (*index < segments->n && segments->at[*index].start == data->end &&
	       (segments->at[*index].kind == SEGMENT_DATA ||
		segments->at[*index].kind == SEGMENT_BSS));
	return true;
}

/* Whether there is anything but zeroes, as far as is known: else reading would touch it. */
static bool is_there(const struct reading *reading, uint64_t at, uint64_t len)
{
	struct residency bytes;

	return !reading->residents || !residents_of(reading->residents, at, at + len, &bytes) ||
	       bytes.resident + bytes.swapped;
}

/* Of a part that is there only in part, page by page. */
static void read_pages(const struct reading *reading, uint64_t at, uint8_t *bytes, uint64_t len)
{
	for (; len; len -= PAGE, at += PAGE, bytes += PAGE)
		if (is_there(reading, at, PAGE))
			mem_read(reading->pid, at, bytes, PAGE);
}

/* A page that cannot be read, or that nobody has touched, is zero. NULL: no memory. */
static uint8_t *read_data(const struct reading *reading, const struct data *data)
{
	const uint64_t start = PAGE_DOWN(data->start), end = PAGE_UP(data->end);
	uint8_t *bytes = calloc(1, end - start);
	uint64_t step;

	for (uint64_t at = start; bytes && at < end; at += step) {
		step = end - at < DATA_PIECE ? end - at : DATA_PIECE;
		if (is_there(reading, at, step))
			read_pages(reading, at, bytes + (at - start), step);
	}
	return bytes;
}

/* The parameters lie beside the main arena whose memory is the program's heap. */
static void find_params(struct reading *reading, const uint8_t *bytes, size_t len)
{
	struct data heap;

	if (reading->heap->params.known || !pieces_brk(reading->segments, &heap.start, &heap.end))
		return;
	arena_find_params(bytes, len, heap.start, heap.end, &reading->heap->params);
}

static int look_through(struct reading *reading, const struct data *data)
{
	const size_t len = PAGE_UP(data->end) - PAGE_DOWN(data->start);
	uint8_t *bytes __free = read_data(reading, data);
	struct arena_state arena;
	int64_t at = -(int64_t)sizeof(uint64_t);
	size_t n;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && reading->n_mains < MAINS_MOST) {
		at = arena_find_main(bytes, len, PAGE_DOWN(data->start), at + sizeof(uint64_t), &arena);
		if (at < 0)
			break;
		n = reading->heap->n_arenas;
		err = add_circle(reading, &arena);
		if (!err) {
			reading->n_mains++;
			find_params(reading, bytes, len);
		} else if (err == -EBADMSG || err == -EFAULT) {
			reading->heap->n_arenas = n;
			err = 0;
		}
	}
	return err;
}

static int find_arenas(struct reading *reading)
{
	struct data data;
	size_t index = 0;
	int err = 0;

	while (!err && next_data(reading->segments, &index, &data))
		if (data.end - data.start <= DATA_MOST)
			err = look_through(reading, &data);
	return err ? err : reading->heap->n_arenas ? 0 : -ENOENT;
}

static void drop_pieces(struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->n_pieces; i++)
		chunks_clear(&arena->pieces[i]);
	free(arena->pieces);
	arena->pieces = NULL;
	arena->n_pieces = 0;
	arena->books = 0;
}

/* Once: the chunks, between two looks at the record that must not differ. */
static int try_arena(struct reading *reading, struct heap_arena *arena)
{
	const struct pieces_source source = { reading->pid, reading->segments, reading->window,
					      &reading->heap->params, glibccache_look,
					      &reading->caches };
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
		if ((!err && !arena->changed) || arena->tries == HEAP_TRIES)
			break;
		reading->caches.n = caches;
		reading->heap->torn++;
	}
	if (!err)
		return 0;
	drop_pieces(arena);
	arena->error = err == -E2BIG ? "it has too many chunks"
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

static int read_all(struct reading *reading)
{
	struct glibcheap *heap = reading->heap;
	int err = find_arenas(reading);

	for (size_t i = 0; i < heap->n_arenas && !err; i++)
		err = read_arena(reading, &heap->arenas[i]);
	if (!err)
		err = read_mapped(reading);
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
	free(heap->mapped);
	*heap = (struct glibcheap){ 0 };
}

const struct heap_arena *glibcheap_find(const struct glibcheap *heap, uint64_t addr,
					struct chunk *chunk)
{
	for (size_t i = 0; i < heap->n_arenas; i++)
		for (size_t j = 0; j < heap->arenas[i].n_pieces; j++)
			if (chunks_find(&heap->arenas[i].pieces[j], addr, chunk) >= 0)
				return &heap->arenas[i];
	return NULL;
}
