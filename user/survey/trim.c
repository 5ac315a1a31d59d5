// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* trim.c - what a call of malloc_trim(0) would give back to the system. */
#include "survey/trim.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/clean.h"
#include "base/page.h"

#define LINKS	   48  /* bytes of a free chunk that hold its lists: struct malloc_chunk */
#define ENTRIES	   512 /* pages looked at in one go */
#define PAGE_THERE (3ULL << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

static int open_pagemap(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Bytes of [start, end), whole pages, that are there; -1: not known. */
static int64_t there(int pagemap, uint64_t start, uint64_t end)
{
	uint64_t entries[ENTRIES];
	int64_t bytes = 0;

	while (start < end) {
		const uint64_t pages = (end - start) / PAGE;
		const size_t want = 8 * (pages < ENTRIES ? pages : ENTRIES);
		const ssize_t got = pread(pagemap, entries, want, (off_t)(start / PAGE * 8));

		if (got < 8)
			return -1;
		for (ssize_t i = 0; i < got / 8; i++, start += PAGE)
			bytes += entries[i] & PAGE_THERE ? (int64_t)PAGE : 0;
	}
	return bytes;
}

static void add(struct heap_arena *arena, int pagemap, uint64_t start, uint64_t len)
{
	const int64_t bytes = pagemap < 0 ? -1 : there(pagemap, start, start + len);

	arena->trim += len;
	arena->trim_there = bytes < 0 || arena->trim_there < 0 ? -1 : arena->trim_there + bytes;
}

static void add_free(struct heap_arena *arena, int pagemap, const struct chunk *run)
{
	const uint64_t start = PAGE_UP(run->start + LINKS), end = run->start + run->size;

	if (start < end)
		add(arena, pagemap, start, PAGE_DOWN(end - start));
}

/* Its end goes by brk. */
static void add_top(struct heap_arena *arena, int pagemap, const struct chunk *run)
{
	const uint64_t end = run->start + run->size;
	const uint64_t len = PAGE_DOWN(run->size - CHUNK_LEAST - 1);

	if (run->size > CHUNK_LEAST && end % PAGE == 0)
		add(arena, pagemap, end - len, len);
}

/* Chunks that are free and neighbours become one; next to the top, a part of it. */
static void add_piece(struct heap_arena *arena, int pagemap, const struct chunks *piece)
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
			add_top(arena, pagemap, &run);
		else if (!top && run.size && run.start + run.size != at)
			add_free(arena, pagemap, &run);
		if (run.start + run.size != at)
			run.size = 0;
	}
}

void trim_sum(pid_t pid, struct heap_arena *arena)
{
	const int pagemap __fd = open_pagemap(pid);

	for (size_t i = 0; i < arena->n_pieces; i++)
		add_piece(arena, pagemap, &arena->pieces[i]);
}
