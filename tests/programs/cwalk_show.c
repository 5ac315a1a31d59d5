// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cwalk_show.c - the heap of a process, a line of fields each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place/place.h"
#include "survey/glibcheap.h"

static void show_arena(const struct heap_arena *arena)
{
	printf("arena 0x%lx main %d system %lu books %lu missing %lu trim %lu there %ld largest %lu top 0x%lx %lu "
	       "pin 0x%lx %lu %s tries %u changed %d error %s bad 0x%lx\n",
	       arena->state.addr, arena->state.main, arena->state.system_mem, arena->books,
	       arena->missing, arena->trim, arena->trim_there, arena->largest, arena->top.start, arena->top.size,
	       arena->pin.start, arena->pin.size, chunk_state_name(arena->pin.state), arena->tries,
	       arena->changed, arena->error ? arena->error : "-", arena->bad);
	for (int i = 0; i < CHUNK_STATES; i++)
		printf("amount 0x%lx %s %lu %lu\n", arena->state.addr, chunk_state_name(i),
		       arena->by_state[i].n, arena->by_state[i].bytes);
	for (size_t i = 0; i < arena->n_pieces; i++) {
		struct chunk chunk;
		size_t index = 0;
		uint64_t at;

		printf("piece 0x%lx 0x%lx %zu\n", arena->pieces[i].start, arena->pieces[i].end,
		       arena->pieces[i].n);
		while (chunks_next(&arena->pieces[i], &index, &at, &chunk))
			printf("chunk 0x%lx %lu %s\n", chunk.start, chunk.size,
			       chunk_state_name(chunk.state));
	}
}

static int show_heap(pid_t pid, const struct space *space)
{
	struct residents residents;
	struct glibcheap heap;
	int err = residents_read(pid, &residents);

	if (!err)
		err = glibcheap_read(pid, &space->segments, &residents, &heap);
	residents_clear(&residents);
	if (err) {
		printf("heap error %s\n", strerror(-err));
		return 1;
	}
	printf("heap arenas %zu mapped %zu %lu caches %u torn %u bad_lists %u\n", heap.n_arenas,
	       heap.n_mapped, heap.mapped_bytes, heap.caches, heap.torn, heap.bad_lists);
	printf("params known %d mmap_threshold %lu trim_threshold %lu dynamic %d n_mmaps %u %lu\n",
	       heap.params.known, heap.params.mmap_threshold, heap.params.trim_threshold,
	       heap.params.dynamic, heap.params.n_mmaps, heap.params.mmapped_bytes);
	for (size_t i = 0; i < heap.n_arenas; i++)
		show_arena(&heap.arenas[i]);
	for (size_t i = 0; i < heap.n_mapped; i++)
		printf("chunk 0x%lx %lu mapped\n", heap.mapped[i].start, heap.mapped[i].size);
	glibcheap_clear(&heap);
	return 0;
}

int main(int argc, char **argv)
{
	const pid_t pid = argc == 2 ? atoi(argv[1]) : 0;
	struct images images = { 0 };
	struct place place;
	struct space *space;
	int err;

	if (!pid) {
		fprintf(stderr, "usage: %s PID\n", argv[0]);
		return 2;
	}
	place_init(&place, &images);
	err = place_add(&place, pid, &space);
	if (err)
		fprintf(stderr, "process %d: %s\n", (int)pid, strerror(-err));
	err = err ? 1 : show_heap(pid, space);
	place_clear(&place);
	images_clear(&images);
	return err;
}
