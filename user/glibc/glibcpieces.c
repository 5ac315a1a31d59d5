// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibcpieces.c - the pieces of memory that an arena of glibc has got from the system. */
#include "glibc/glibcpieces.h"

#include <errno.h>
#include <stdlib.h>

#include "target/mem.h"

#define HEAPS_MOST  4096 /* of one arena */
#define LOOK_FOR    (1ULL << 20) /* bytes behind memory of others, in which chunks may go on */
#define VAIN_MOST   (1ULL << 30) /* bytes of an arena walked in vain, where a try costs at least */
#define VAIN_TRY    1024	 /* so many */
#define ALIGN(addr) (((addr) + 15) & ~UINT64_C(15))

bool pieces_brk(const struct segments *segments, uint64_t *start, uint64_t *end)
{
	*start = *end = 0;
	for (size_t i = 0; i < segments->n; i++) {
		if (segments->at[i].kind != SEGMENT_HEAP)
			continue;
		if (!*start)
			*start = segments->at[i].start;
		*end = segments->at[i].end;
	}
	return *start != *end;
}

/* Read one piece and keep it. */
static int add_piece(const struct pieces_source *source, struct heap_arena *arena, uint64_t start,
		     uint64_t end)
{
	const struct chunk_rules rules = { start, end, arena->state.top, arena->state.main,
					   source->chunks_most - arena->n_chunks };
	struct chunks *more;
	int err;

	if (arena->n_pieces >= source->pieces_most)
		return -E2BIG;
	more = reallocarray(arena->pieces, arena->n_pieces + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	arena->pieces = more;
	more += arena->n_pieces;
	err = chunks_read(source->window, &rules, source->visit, source->context, more,
			  &arena->bad);
	if (err)
		return err;
	arena->n_pieces++;
	arena->n_chunks += more->n;
	return 0;
}

/* The first piece that can be read from one of the addresses behind start. */
static int look_for_piece(const struct pieces_source *source, struct heap_arena *arena,
			  uint64_t start, uint64_t end)
{
	const uint64_t most = end - start < LOOK_FOR ? end : start + LOOK_FOR;
	int err = -EBADMSG;

	for (uint64_t at = ALIGN(start); at < most && err == -EBADMSG; at += 16) {
		if (arena->in_vain >= VAIN_MOST)
			return -E2BIG;
		err = add_piece(source, arena, at, end);
		if (err == -EBADMSG)
			arena->in_vain += arena->bad - at + VAIN_TRY;
	}
	return err;
}

static bool has_top(const struct heap_arena *arena)
{
	const struct chunks *last = arena->n_pieces ? &arena->pieces[arena->n_pieces - 1] : NULL;

	return last && arena->state.top >= last->start && arena->state.top < last->end;
}

/*
 * All pieces in [start, end). Where somebody else moved the end of the heap, a piece ends
 * in a fence and the next begins behind the other's memory.
 */
static int read_range(const struct pieces_source *source, struct heap_arena *arena,
		      uint64_t start, uint64_t end)
{
	int err = add_piece(source, arena, start, end);

	while (!err && !has_top(arena) && arena->state.top > arena->pieces[arena->n_pieces - 1].end &&
	       arena->state.top < end)
		err = look_for_piece(source, arena, arena->pieces[arena->n_pieces - 1].end, end);
	return err;
}

static const struct segment *segment_at(const struct segments *segments, uint64_t addr)
{
	size_t index;
	const struct segment *s = segments_from(segments, addr, &index);

	return s && s->start <= addr ? s : NULL;
}

/* Memory from brk; behind it, when that gave no more, a mapping with the top. */
static int read_main(const struct pieces_source *source, struct heap_arena *arena)
{
	const struct malloc_params *params = source->params;
	const struct segment *s = segment_at(source->segments, arena->state.top);
	uint64_t start, end;
	int err = 0;

	if (!arena->state.system_mem)
		return 0;
	if (pieces_brk(source->segments, &start, &end) && params->known &&
	    params->sbrk_base >= start && params->sbrk_base < end)
		err = read_range(source, arena, ALIGN(params->sbrk_base), end);
	else if (arena->state.top >= start && arena->state.top < end)
		err = look_for_piece(source, arena, start, end);
	if (err || has_top(arena) || !s)
		return err ? err : has_top(arena) ? 0 : -EBADMSG;
	return read_range(source, arena, s->start, s->end);
}

/* struct heap_info of malloc/arena.c, the part that all versions share. */
struct heap_info {
	uint64_t arena, prev, size, usable;
};

static int add_heap(const struct pieces_source *source, struct heap_arena *arena, uint64_t at,
		    struct heap_info *info)
{
	const uint64_t of_arena = arena->state.addr & ~(ARENA_HEAP_MOST - 1);
	uint64_t start = at + (arena->state.addr - of_arena);
	int err = mem_read(source->pid, at, info, sizeof(*info));

	arena->bad = at;
	if (err)
		return err;
	/* a heap that is its own predecessor would be read for ever */
	for (size_t i = 0; i < arena->n_pieces; i++)
		if (arena->pieces[i].start - at < ARENA_HEAP_MOST)
			return -EBADMSG;
	if (info->arena != arena->state.addr || info->size > ARENA_HEAP_MOST)
		return -EBADMSG;
	if (at == of_arena)
		start = ALIGN(start + arena->state.size);
	arena->books += start - at;
	return add_piece(source, arena, start, at + info->size);
}

static int by_start(const void *a, const void *b)
{
	const struct chunks *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Its heaps, from the one with the top back to the first. */
static int read_thread(const struct pieces_source *source, struct heap_arena *arena)
{
	uint64_t at = arena->state.top & ~(ARENA_HEAP_MOST - 1);
	struct heap_info info = { 0 };
	int err = 0;

	for (unsigned i = 0; at && !err; i++) {
		err = i < HEAPS_MOST ? add_heap(source, arena, at, &info) : -EBADMSG;
		at = info.prev & ~(ARENA_HEAP_MOST - 1);
	}
	if (!err)
		qsort(arena->pieces, arena->n_pieces, sizeof(*arena->pieces), by_start);
	return err;
}

int pieces_read(const struct pieces_source *source, struct heap_arena *arena)
{
	return arena->state.main ? read_main(source, arena) : read_thread(source, arena);
}
