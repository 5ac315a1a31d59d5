/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibccache.h - free chunks that look as if they were in use: in fastbins, and in the
 * caches of threads (tcache).
 *
 * Both are lists; since glibc 2.32 a pointer in one is stored as exclusive or with the
 * address it is stored at, shifted by 12 ("safe-linking").
 */
#ifndef MWBPF_GLIBCCACHE_H
#define MWBPF_GLIBCCACHE_H

#include "glibc/glibcheap.h"

/* Chunks that may be a thread's cache, by how they look. */
struct cache_list {
	uint64_t *at;
	size_t n, room;
};

/* A chunks_visit; context: struct cache_list, whose array the caller frees. */
void glibccache_look(void *context, struct window *window, uint64_t chunk, uint64_t size);

/*
 * Follow the lists and mark the chunks in them, in the pieces that were read. What does
 * not fit is counted in heap->bad_lists.
 */
void glibccache_mark(struct glibcheap *heap, const struct cache_list *caches);

#endif
