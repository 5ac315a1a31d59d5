/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibcheap.h - glibc's heap of a live process, chunk by chunk.
 *
 * The process is not stopped: what does not fit together is read again, and what still
 * does not is said and not shown. A heap that is written to meanwhile is one of the time
 * of reading; an arena whose record changed while its chunks were read says so.
 */
#ifndef MWBPF_GLIBCHEAP_H
#define MWBPF_GLIBCHEAP_H

#include "glibc/chunks.h"
#include "glibc/glibcarena.h"
#include "place/segment.h"
#include "survey/residency.h"

struct heap_amount {
	uint64_t n, bytes; /* chunks, with their headers */
};

struct heap_arena {
	struct arena_state state;
	struct chunks *pieces; /* in address order */
	size_t n_pieces, n_chunks;
	struct heap_amount by_state[CHUNK_STATES];
	uint64_t books;	     /* bytes of its records, among the chunks' memory */
	uint64_t in_vain;    /* bytes that were read as chunks and were none */
	uint64_t missing;    /* of state.system_mem, in no piece: others got it by brk, too */
	uint64_t trim;	     /* bytes in whole pages that malloc_trim(0) could give back */
	int64_t trim_there;  /* of these, in memory or swapped out; -1: not known */
	uint64_t largest;    /* bytes of the largest free chunk but the top */
	struct chunk top;    /* size 0: none */
	struct chunk pin;    /* what keeps the top from being larger; size 0: nothing */
	unsigned tries;	     /* times it was read, from 1 */
	bool changed;	     /* while it was read the last time */
	const char *error;   /* why its chunks are not known; NULL */
	uint64_t bad;	     /* the address the error is about */
};

/* Chunks that lie behind each other, and whose they are. */
struct heap_piece {
	const struct heap_arena *arena;
	struct chunks *chunks;
};

struct glibcheap {
	pid_t pid;
	struct heap_arena *arenas; /* each main one before the others of its circle */
	size_t n_arenas;
	struct heap_piece *pieces; /* of all arenas, in address order */
	size_t n_pieces;
	struct malloc_params params;
	struct chunk *mapped; /* blocks with a mapping of their own, in address order */
	size_t n_mapped;
	uint64_t mapped_bytes;
	unsigned caches;     /* of threads, that hold anything */
	unsigned torn;	     /* readings that were thrown away: it changed meanwhile */
	unsigned bad_lists;  /* of free chunks, that could not be followed to their ends */
};

#define HEAP_TRIES 5 /* of reading an arena */

/*
 * Read the heap of a process with these segments; residents: what is resident of it, NULL:
 * not known. 0, and the caller clears *heap; -ENOENT: there is no arena of glibc, for it
 * uses another allocator, or none yet; -ENOMEM; -ESRCH: it has ended; -EPERM.
 */
int glibcheap_read(pid_t pid, const struct segments *segments, const struct residents *residents,
		   struct glibcheap *heap);
void glibcheap_clear(struct glibcheap *heap);

/* A chunk, and where it is kept. */
struct heap_found {
	struct heap_piece piece;
	size_t index; /* in the piece */
	struct chunk chunk;
};

/* Find the chunk of an arena that holds an address; false when none does. */
bool glibcheap_find(const struct glibcheap *heap, uint64_t addr, struct heap_found *found);

#endif
