/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibcarena.h - where glibc's malloc keeps its books: arenas and parameters.
 *
 * No symbol names them in a stripped libc, so they are found by what they look like: the
 * main arena among the data of the mapped files by its 127 bins, of which an empty one
 * points to itself, the others by the circle of arenas that it begins. Layouts:
 * struct malloc_state and struct malloc_par of glibc 2.26 to 2.43, malloc/malloc.c.
 */
#ifndef MWBPF_GLIBCARENA_H
#define MWBPF_GLIBCARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARENA_FASTBINS 10
#define ARENA_HEAP_MOST (64ULL << 20) /* a thread arena's heap begins at a multiple of it */

/* An arena's own record, as far as it is read. */
struct arena_state {
	uint64_t addr; /* of the record */
	uint64_t size; /* of the record in this version, bytes */
	bool main;
	bool contiguous; /* its memory comes from brk alone */
	size_t n_fastbins;
	uint64_t fastbins[ARENA_FASTBINS]; /* the first chunk of each; 0 */
	uint64_t top;	     /* chunk; not a heap's before the first allocation */
	uint64_t next;	     /* arena */
	uint64_t system_mem; /* bytes taken from the system now, and at most */
	uint64_t max_system_mem;
	uint64_t fingerprint; /* of all of the record: the same while nothing has changed */
};

/* Parameters and sums of all arenas. */
struct malloc_params {
	bool known;
	uint64_t sbrk_base; /* where the main arena's memory begins */
	uint64_t mmap_threshold, trim_threshold; /* bytes: as they are by now */
	bool dynamic;	    /* they grow when a mapped block is freed */
	uint32_t n_mmaps;   /* blocks with a mapping of their own, and their bytes */
	uint64_t mmapped_bytes;
};

/*
 * Find what looks like a main arena in data: len bytes that lie at addr, a multiple of 8.
 * Its offset, or -ENOENT; further ones are found from behind it. It is one if the circle
 * that arena_next follows leads back to it.
 */
int64_t arena_find_main(const uint8_t *data, size_t len, uint64_t addr, size_t from,
			struct arena_state *arena);

/* Read the record at arena->addr again; main and size as found before. 0 or as mem_read. */
int arena_read(pid_t pid, struct arena_state *arena);

/*
 * The arena behind this one in the circle. 0; -ENOENT: it is the main one again;
 * -EBADMSG: it is none; as mem_read.
 */
int arena_next(pid_t pid, uint64_t main, const struct arena_state *arena,
	       struct arena_state *next);

/*
 * Find malloc's parameters in the same data as its main arena, whose heap is
 * [start, end); params->known says whether they were.
 */
void arena_find_params(const uint8_t *data, size_t len, uint64_t start, uint64_t end,
		       struct malloc_params *params);

#endif
