// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* trim.c - what a call of malloc_trim(0) would give back to the system. */
#include "glibc/trim.h"

#include "base/page.h"

#define LINKS 48 /* bytes of a free chunk that hold its lists: struct malloc_chunk */

static void add(struct heap_arena *arena, const struct residents *residents, uint64_t start,
		uint64_t len)
{
	struct residency bytes;

	arena->trim += len;
	if (!residents || !residents_of(residents, start, start + len, &bytes))
		arena->trim_there = -1;
	else if (arena->trim_there >= 0)
		arena->trim_there += (int64_t)(bytes.resident + bytes.swapped);
}

static void add_free(struct heap_arena *arena, const struct residents *residents, const struct chunk *run)
{
	const uint64_t start = PAGE_UP(run->start + LINKS), end = run->start + run->size;

	if (start < end)
		add(arena, residents, start, PAGE_DOWN(end - start));
}

/* Its end goes by brk. */
static void add_top(struct heap_arena *arena, const struct residents *residents, const struct chunk *run)
{
	const uint64_t end = run->start + run->size;
	const uint64_t len = PAGE_DOWN(run->size - CHUNK_LEAST - 1);

	if (run->size > CHUNK_LEAST && end % PAGE == 0)
		add(arena, residents, end - len, len);
}

/* Chunks that are free and neighbours become one; next to the top, a part of it. */
static void add_piece(struct heap_arena *arena, const struct residents *residents, const struct chunks *piece)
{
	struct chunk chunk, run = { 0 };
	size_t index = 0;
	uint64_t at;

	while (chunks_next(piece, &index, &at, &chunk)) {
		const bool top = chunk.state == CHUNK_TOP;

		if (top || chunk.state == CHUNK_FREE || chunk.state == CHUNK_FAST) {
			if (!run.size)
				run.start = chunk.start;
			run.size += chunk.size;
		}
		if (top && arena->state.main)
			add_top(arena, residents, &run);
		else if (!top && run.size && run.start + run.size != at)
			add_free(arena, residents, &run);
		if (run.start + run.size != at)
			run.size = 0;
	}
}

void trim_sum(const struct residents *residents, struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->n_pieces; i++)
		add_piece(arena, residents, &arena->pieces[i]);
}
