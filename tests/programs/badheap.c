// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * badheap.c - data and mappings that glibc's malloc might have made and has not, so that who
 * reads them would read for ever, or keep more than there is.
 *
 *   badheap circles   at each 16 bytes of the program's data begins what looks like a main arena;
 *                     each leads to thousands of thread arenas, and none of these back to it
 *   badheap mirrors   a thread arena of 4096 heaps, the chunks of which are in the same memory,
 *                     as often as it fits
 *
 * Says "ready" and waits for a line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP   (64UL << 20) /* where heaps of thread arenas begin, and how large they may be */
#define ARENAS 9000
#define HEAPS  4096
#define SHARED (8UL << 20) /* bytes of the memory that is mapped again and again */
#define HEADER 4096

#define BINS_AT 112 /* in struct malloc_state of glibc 2.27 to 2.42 */
#define TOP_AT	96
#define NEXT_AT (BINS_AT + 127 * 16 + 16)

#define FIRST_CHUNK 2240 /* of the heap that the arena's record is in: behind that */

static uint64_t data[4 << 20] __attribute__((aligned(4096)));

static void *must(void *at)
{
	if (at == MAP_FAILED || !at)
		exit(1);
	return at;
}

/* Address space for so many heaps, of which nothing is there yet. */
static uint64_t reserve(size_t heaps)
{
	char *at = must(mmap(NULL, (heaps + 1) * HEAP, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	return ((uint64_t)at + HEAP - 1) & ~(HEAP - 1);
}

/* One page and a header: struct heap_info, and behind it what every arena begins with. */
static uint64_t *make_heap(uint64_t at, uint64_t arena, uint64_t previous, uint64_t size)
{
	uint64_t *words = must(mmap((void *)at, HEADER, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));

	words[0] = arena;
	words[1] = previous;
	words[2] = words[3] = size;
	return words;
}

static void put(uint64_t *words, size_t offset, uint64_t value)
{
	words[4 + offset / 8] = value;
}

/* Any of its words may be a bin, a top, the next arena; every 64th stands for an empty bin. */
static void circles(void)
{
	const uint64_t first = reserve(ARENAS);
	const size_t n = sizeof(data) / sizeof(*data);

	for (size_t i = 0; i < ARENAS; i++) {
		const uint64_t at = first + i * HEAP;
		uint64_t *words = make_heap(at, at + 32, 0, HEADER);

		put(words, TOP_AT, 0x10000);
		put(words, NEXT_AT, i + 1 < ARENAS ? at + HEAP + 32 : first + 32);
	}
	for (size_t i = 0; i < n; i++)
		data[i] = first + 32;
	for (size_t i = 64; i < n; i += 64)
		data[i] = data[i + 1] = (uint64_t)&data[i] - 16;
}

/* The one chunk between a header and the shared memory. */
static void put_chunk(uint64_t *words, size_t at)
{
	words[at / 8 + 1] = (HEADER - at) | 1;
}

/* A main arena without memory, and one whose heaps are one in front of the other. */
static void mirrors(void)
{
	const int memory = memfd_create("chunks", 0);
	const uint64_t first = reserve(HEAPS), last = first + (HEAPS - 1) * HEAP;
	uint64_t *words;

	if (memory < 0 || ftruncate(memory, SHARED))
		exit(1);
	for (size_t i = 0; i < HEAPS; i++) {
		const uint64_t at = first + i * HEAP;

		words = make_heap(at, first + 32, i ? at - HEAP : 0, HEADER + SHARED);
		put_chunk(words, i ? 32 : FIRST_CHUNK);
		if (!i) {
			put(words, TOP_AT, last + HEAP / 2);
			put(words, NEXT_AT, (uint64_t)data);
		}
		words = must(mmap((void *)(at + HEADER), SHARED, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, memory, 0));
	}
	for (size_t i = 0; i < SHARED / 8; i += 4)
		words[i + 1] = 32 | 1;
	words[SHARED / 8 - 3] = words[SHARED / 8 - 1] = 16 | 1; /* two fences */
	for (size_t i = BINS_AT; i < BINS_AT + 127 * 16; i += 16)
		data[i / 8] = data[i / 8 + 1] = (uint64_t)data + i - 16;
	data[TOP_AT / 8] = 0x10000;
	data[NEXT_AT / 8] = first + 32;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "circles"))
		circles();
	else
		mirrors();
	printf("ready\n");
	fflush(stdout);
	getchar();
	return 0;
}
