// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* heapblocks.c - the blocks in use of glibc's heap. */
#include "glibc/heapblocks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "glibc/glibcheap.h"

/* A block may use the first 8 bytes of the next chunk, unless its chunk is a mapping. */
#define USABLE(chunk) ((chunk)->size - CHUNK_HEADER / 2)

struct visit {
	struct window *window;
	heapblock *each;
	void *context;
};

static int visit_chunk(const struct visit *visit, const struct chunk *chunk)
{
	const uint64_t addr = chunk->start + CHUNK_HEADER, size = USABLE(chunk);
	const size_t len = size < HEAPBLOCKS_HEAD ? size : HEAPBLOCKS_HEAD;
	const uint8_t *bytes;

	if (chunk->state != CHUNK_USED || chunk->size < CHUNK_LEAST)
		return 0;
	bytes = window_at(visit->window, addr, len);
	/* what cannot be read any more was given back just now */
	return bytes ? visit->each(visit->context, addr, bytes, len, size) : 0;
}

static int visit_piece(const struct visit *visit, const struct chunks *piece)
{
	struct chunk chunk;
	size_t index = 0;
	uint64_t at = 0;
	int err = 0;

	while (!err && chunks_next(piece, &index, &at, &chunk))
		err = visit_chunk(visit, &chunk);
	return err;
}

static int visit_heap(const struct visit *visit, const struct glibcheap *heap)
{
	int err = 0;

	for (size_t i = 0; i < heap->n_arenas; i++)
		if (heap->arenas[i].error)
			return -EBADMSG;
	for (size_t i = 0; i < heap->n_arenas; i++)
		for (size_t j = 0; j < heap->arenas[i].n_pieces && !err; j++)
			err = visit_piece(visit, &heap->arenas[i].pieces[j]);
	for (size_t i = 0; i < heap->n_mapped && !err; i++)
		err = visit_chunk(visit, &heap->mapped[i]);
	return err;
}

int heapblocks_visit(pid_t pid, const struct segments *segments, heapblock *each, void *context)
{
	struct window *window __free = malloc(sizeof(*window));
	const struct visit visit = { window, each, context };
	struct glibcheap heap;
	int err = window ? glibcheap_read(pid, segments, NULL, &heap) : -ENOMEM;

	if (err)
		return err;
	window_init(window, pid);
	err = visit_heap(&visit, &heap);
	glibcheap_clear(&heap);
	return err;
}
