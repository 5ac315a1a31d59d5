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

#define ENTRIES	    512	       /* pages looked at in one go */
#define PAGES_MOST  (1U << 20) /* of one mapping */
#define PAGE_THERE  (3ULL << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

uint64_t glibc_mapped_size(uint64_t header)
{
	const uint64_t size = header & ~(uint64_t)CHUNK_FLAGS;

	return size % PAGE == PAGE - 16 ? size + 16 : size % PAGE ? 0 : size;
}

/* Bytes of the block whose mapping begins at this page; 0 when none does. */
static uint64_t chunk_at(pid_t pid, uint64_t page, uint64_t end)
{
	uint64_t header[2], size; /* prev_size, size | flags */

	if (mem_read(pid, page, header, sizeof(header)))
		return 0;
	size = glibc_mapped_size(header[1]);
	if ((header[1] & CHUNK_FLAGS) != IS_MMAPPED || header[0] || size < MMAP_THRESHOLD || size > end - page)
		return 0;
	return size;
}

bool glibc_next_chunk(pid_t pid, uint64_t start, uint64_t end, uint64_t *chunk, uint64_t *chunk_end)
{
	uint64_t entries[ENTRIES], looked = 0;
	char path[64];
	int fd __fd = -1;

	/* of a process with 65,000 small mappings this is most of the time to read its map */
	if (end - start < MMAP_THRESHOLD)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && end - start >= MMAP_THRESHOLD && looked < PAGES_MOST) {
		const uint64_t left = PAGE_UP(end - start) / PAGE;
		const size_t want = left < ENTRIES ? left : ENTRIES;
		ssize_t got = pread(fd, entries, want * sizeof(*entries),
				    start / PAGE * sizeof(*entries));
		size_t n = got > 0 ? got / sizeof(*entries) : 0;

		if (!n)
			return false;
		for (size_t i = 0; i < n; i++, start += PAGE) {
			uint64_t size = entries[i] & PAGE_THERE ? chunk_at(pid, start, end) : 0;

			if (!size)
				continue;
			*chunk = start;
			*chunk_end = start + size;
			return true;
		}
		looked += n;
	}
	return false;
}
