// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_chunks.c - any bytes as malloc's memory: chunks, arenas, caches, parameters. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "glibc/glibcheap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASE 0x200000000000ULL /* the same in each run, so that inputs can point into it */
#define ROOM (1ULL << 18)

static uint8_t *memory;

/* A process of which this is all: half of it data of a file, the rest its heap. */
static void walk(void)
{
	struct segment at[] = {
		{ .start = BASE, .end = BASE + ROOM / 2, .kind = SEGMENT_DATA, .name = "" },
		{ .start = BASE + ROOM / 2, .end = BASE + ROOM, .kind = SEGMENT_HEAP, .name = "" },
	};
	const struct segments segments = { .at = at, .n = 2, .cap = 2 };
	struct glibcheap heap;
	struct heap_found found;

	if (glibcheap_read(getpid(), &segments, NULL, &heap))
		return;
	glibcheap_find(&heap, BASE + ROOM / 2 + 4096, &found);
	glibcheap_clear(&heap);
}

/* Chunks by themselves, and each of them found again. */
static void read_chunks(size_t len)
{
	static struct window window;
	const struct chunk_rules rules = { BASE, BASE + len, BASE + len / 2 / 16 * 16, true,
					   CHUNKS_MOST };
	struct chunks chunks;
	struct chunk chunk, found;
	size_t index = 0;
	uint64_t at, bad;

	window_init(&window, getpid());
	if (chunks_read(&window, &rules, NULL, NULL, &chunks, &bad))
		return;
	while (chunks_next(&chunks, &index, &at, &chunk))
		if (chunk.start < BASE || at > BASE + len ||
		    chunks_find(&chunks, at - 1, &found) != (int64_t)index - 1 ||
		    found.start != chunk.start)
			abort();
	chunks_clear(&chunks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!memory)
		memory = mmap((void *)BASE, ROOM, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	if (len > ROOM / 4)
		len = ROOM / 4;
	memset(memory, 0, ROOM);
	memcpy(memory, data, len);
	read_chunks(len);
	memcpy(memory + ROOM / 2, data, len);
	walk();
	return 0;
}
