/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sweep.h - what looks like a pointer to a live block, in roots and in the blocks themselves.
 *
 * Every aligned word of eight bytes is taken for a pointer if it leads into a block. All is
 * read once, from low addresses to high ones and in large pieces: nothing is followed while
 * the target is held.
 */
#ifndef MWBPF_SWEEP_H
#define MWBPF_SWEEP_H

#include <sys/types.h>

#include "scan/graph.h"

#define SWEEP_PIECE ((size_t)1 << 20) /* bytes read at once */

/* Memory to read from. */
struct sweep_source {
	void *context;
	/* As many of len bytes as can be read from addr on, 0 for none. */
	size_t (*read)(void *context, uint64_t addr, void *buf, size_t len);
	/* The first part of [*start, *end) that may hold more than zeroes, or SWEEP_PIECE of it:
	 * narrows it. False: none does. NULL: everything is looked at. */
	bool (*used)(void *context, uint64_t *start, uint64_t *end);
};

/* What a root is: GRAPH_ROOT or GRAPH_UNKNOWN. */
struct sweep_range {
	uint64_t start, end;
	unsigned root;
	uint64_t skip_start, skip_end; /* in it, not to be looked at; 0, 0: nothing */
};

#define SWEEP_BATCH 64

/* A word of a block that may be a pointer. */
struct sweep_word {
	struct graph_hint hint;
	size_t from;
};

struct sweep {
	const struct sweep_source *source;
	struct graph *graph;
	uint64_t bytes;	     /* looked at */
	uint64_t unreadable; /* bytes that should have been */
	char *buf;
	size_t begun; /* blocks whose words were looked at */
	struct sweep_word waiting[SWEEP_BATCH];
	size_t n_waiting;
};

/* 0 or -ENOMEM. */
int sweep_open(struct sweep *sweep, const struct sweep_source *source, struct graph *graph);
void sweep_close(struct sweep *sweep);

/* A range outside of live blocks: what of it lies in blocks is left out. */
void sweep_root(struct sweep *sweep, const struct sweep_range *range);

/* Words that are no memory: registers. */
void sweep_words(struct sweep *sweep, const uint64_t *words, size_t n, unsigned root);

/* All blocks. Failures are in graph->error. */
void sweep_blocks(struct sweep *sweep);

#endif
