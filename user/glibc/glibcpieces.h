/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibcpieces.h - the pieces of memory that an arena of glibc has got from the system.
 *
 * The main arena's come from brk, and from mmap where brk gave none; a thread arena's are
 * heaps of at most 64 MiB, each with a header (struct heap_info, malloc/arena.c).
 */
#ifndef MWBPF_GLIBCPIECES_H
#define MWBPF_GLIBCPIECES_H

#include "glibc/glibcheap.h"

/* What pieces are read from and with. */
struct pieces_source {
	pid_t pid;
	const struct segments *segments;
	struct window *window;
	const struct malloc_params *params;
	chunks_visit *visit;
	void *context;
	size_t chunks_most, pieces_most; /* of the arena */
};

/*
 * Read all chunks of an arena whose state is known into arena->pieces, in address order.
 * 0; errors as chunks_read, -E2BIG also for too many pieces; arena->bad is then where, and
 * what was read before stays.
 */
int pieces_read(const struct pieces_source *source, struct heap_arena *arena);

/* Where the program's heap lies, that brk moves the end of; false when there is none. */
bool pieces_brk(const struct segments *segments, uint64_t *start, uint64_t *end);

#endif
