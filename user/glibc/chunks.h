/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * chunks.h - glibc's chunks in one piece of memory, from its first to its last.
 *
 * Layout: malloc/malloc.c of glibc 2.3 to 2.43 ("Chunk details"). A chunk is 16 bytes of
 * header and what is behind it up to the next one; a block begins 16 bytes into its chunk
 * and may use the first 8 of the next. All sizes are the target's word and are checked.
 */
#ifndef MWBPF_CHUNKS_H
#define MWBPF_CHUNKS_H

#include "survey/window.h"

#define CHUNK_HEADER 16
#define CHUNK_LEAST  32 /* MINSIZE */

enum chunk_state {
	CHUNK_USED,   /* a block of the program, or of a library */
	CHUNK_FREE,   /* in a bin: any thread may get it or a part of it */
	CHUNK_FAST,   /* in a fastbin: free, and not merged with its neighbours */
	CHUNK_CACHED, /* free, in the cache (tcache) of a thread */
	CHUNK_TOP,    /* the rest at the end, from which new chunks are cut */
	CHUNK_FENCE,  /* keeps a piece from being merged with memory that is not malloc's */
	CHUNK_STATES,
};

/* As records and people are told; a literal. */
const char *chunk_state_name(enum chunk_state state);

struct chunk {
	uint64_t start, size; /* bytes, with the header */
	enum chunk_state state;
};

/* What the chunks of a piece have to agree with. */
struct chunk_rules {
	uint64_t start; /* the first chunk */
	uint64_t end;	/* no byte of a chunk lies there or behind it */
	uint64_t top;	/* the arena's top chunk, wherever it is */
	bool main;	/* of the main arena */
	size_t most;	/* chunks that may be kept */
};

/* The chunks of a piece, 4 bytes each. */
struct chunks {
	uint64_t start, end; /* end: where the last one ends */
	uint32_t *packed;
	uint64_t *marks; /* where each CHUNKS_STEP-th one begins */
	size_t n, room;
};

#define CHUNKS_STEP 256
#define CHUNKS_MOST (1U << 27) /* of one process: 4 GiB of the smallest, 512 MiB here */

/* Called for each chunk with the size of a thread's cache, while its piece is at hand. */
typedef void chunks_visit(void *context, struct window *window, uint64_t chunk, uint64_t size);

/*
 * Read all chunks up to the top or to a fence. CHUNK_FAST and CHUNK_CACHED look like
 * CHUNK_USED from here. 0, and the caller clears *chunks; -EBADMSG: what was read does
 * not fit together (*bad: at which address), because it is no heap or has changed
 * meanwhile; -ENOMEM; -E2BIG: there are more than rules->most; as mem_read.
 */
int chunks_read(struct window *window, const struct chunk_rules *rules, chunks_visit *visit,
		void *context, struct chunks *chunks, uint64_t *bad);
void chunks_clear(struct chunks *chunks);

/*
 * Visit all in address order: *index and *at begin as 0. False at the end. *at is where
 * the next one begins.
 */
bool chunks_next(const struct chunks *chunks, size_t *index, uint64_t *at, struct chunk *chunk);

/* The chunk that holds an address: its index, or -ENOENT. */
int64_t chunks_find(const struct chunks *chunks, uint64_t addr, struct chunk *chunk);

/* Say of the chunk with an index that it is in another state. */
void chunks_set_state(struct chunks *chunks, size_t index, enum chunk_state state);

#endif
