// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibc.c - what glibc's malloc keeps in anonymous mappings that were there before. */
#include "place/glibc.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/page.h"
#include "target/mem.h"

#define HEAP_MAX_SIZE (64ULL << 20) /* arena.c: 2 * DEFAULT_MMAP_THRESHOLD_MAX on 64 bits */

/* struct heap_info of arena.c, the part that all versions share */
struct heap_info {
	uint64_t ar_ptr;
	uint64_t prev;
	uint64_t size;
	uint64_t mprotect_size;
};

bool glibc_is_arena(pid_t pid, uint64_t start, uint64_t end)
{
	struct heap_info heap, of_arena;
	uint64_t arena_heap;

	if (start % HEAP_MAX_SIZE || end - start > HEAP_MAX_SIZE ||
	    mem_read(pid, start, &heap, sizeof(heap)))
		return false;
	if (heap.size > heap.mprotect_size || heap.mprotect_size > end - start ||
	    heap.size < sizeof(heap) || heap.ar_ptr % 16)
		return false;
	/* the arena's header is in its first heap, right behind that heap's own */
	arena_heap = heap.ar_ptr & ~(HEAP_MAX_SIZE - 1);
	if (arena_heap == start)
		return heap.ar_ptr - start <= 64;
	return !mem_read(pid, arena_heap, &of_arena, sizeof(of_arena)) &&
	       of_arena.ar_ptr == heap.ar_ptr;
}

#define IS_MMAPPED  2
#define CHUNK_FLAGS 7 /* PREV_INUSE, IS_MMAPPED, NON_MAIN_ARENA */

/*
 * Blocks below this share the heap unless M_MMAP_THRESHOLD was lowered; a header that
 * says less is more likely to be other data.
 */
#define MMAP_THRESHOLD (128ULL << 10)

#define ENTRIES	    MEM_EACH   /* pages looked at in one go */
#define PAGES_MOST  (1U << 20) /* of one mapping */

/* Of an entry: Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT (1ULL << 63)
#define PAGE_SWAPPED (1ULL << 62)
#define PAGE_THERE   (PAGE_PRESENT | PAGE_SWAPPED)

uint64_t glibc_mapped_size(uint64_t header)
{
	const uint64_t size = header & ~(uint64_t)CHUNK_FLAGS;

	return size % PAGE == PAGE - 16 ? size + 16 : size % PAGE ? 0 : size;
}

/* At the beginning of a block's mapping; flags are in the low bits of size. */
struct header {
	uint64_t prev_size, size;
};

/* Bytes of the block whose mapping begins at this page; 0 when none does. */
static uint64_t chunk_size(const struct header *header, uint64_t page, uint64_t end)
{
	const uint64_t size = glibc_mapped_size(header->size);

	if ((header->size & CHUNK_FLAGS) != IS_MMAPPED || header->prev_size ||
	    size < MMAP_THRESHOLD || size > end - page)
		return 0;
	return size;
}

/*
 * Whether to look at a page. One that is swapped out would be brought back into RAM: of those
 * that follow each other only the first is, for there a block is most likely to begin.
 */
static bool may_begin(uint64_t entry, uint64_t before)
{
	return entry & PAGE_PRESENT || (entry & PAGE_SWAPPED && !(before & PAGE_THERE));
}

/* The first of these pages at which a block's mapping begins. */
static bool find_chunk(pid_t pid, const uint64_t *pages, size_t n, uint64_t end, uint64_t *chunk,
		       uint64_t *chunk_end)
{
	struct header headers[ENTRIES];

	mem_read_each(pid, pages, n, sizeof(*headers), headers);
	for (size_t i = 0; i < n; i++) {
		const uint64_t size = chunk_size(&headers[i], pages[i], end);

		if (!size)
			continue;
		*chunk = pages[i];
		*chunk_end = pages[i] + size;
		return true;
	}
	return false;
}

bool glibc_next_chunk(pid_t pid, uint64_t start, uint64_t end, uint64_t *chunk, uint64_t *chunk_end)
{
	const uint64_t begin = start;
	uint64_t entries[ENTRIES], pages[ENTRIES], before = 0, looked = 0;
	char path[64];
	int fd __fd = -1;

	/* of a process with 65,000 small mappings this is most of the time to read its map */
	if (end - start < MMAP_THRESHOLD)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && end - start >= MMAP_THRESHOLD && looked < PAGES_MOST) {
		const uint64_t left = (end - start) / PAGE;
		const size_t want = left < ENTRIES ? left : ENTRIES;
		ssize_t got = pread(fd, entries, want * sizeof(*entries),
				    start / PAGE * sizeof(*entries));
		size_t n = got > 0 ? got / sizeof(*entries) : 0, n_pages = 0;

		if (!n)
			return false;
		for (size_t i = 0; i < n; i++, start += PAGE) {
			if (may_begin(entries[i], before))
				pages[n_pages++] = start;
			before = entries[i];
		}
		/* one behind the other, more often than not: then the rest is inside of it */
		if (n_pages && pages[0] == begin && find_chunk(pid, pages, 1, end, chunk, chunk_end))
			return true;
		if (find_chunk(pid, pages, n_pages, end, chunk, chunk_end))
			return true;
		looked += n;
	}
	return false;
}
