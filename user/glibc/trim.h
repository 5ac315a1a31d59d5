/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * trim.h - what a call of malloc_trim(0) would give back to the system.
 *
 * As mtrim and systrim of malloc/malloc.c do it: fastbins are merged, of each free chunk
 * the whole pages go, and of the main arena's top all but what it needs. The caches of
 * threads stay, and so do the tops of thread arenas.
 */
#ifndef MWBPF_TRIM_H
#define MWBPF_TRIM_H

#include "glibc/glibcheap.h"

/* Set arena->trim from the chunks that were read, and arena->trim_there; residents may be NULL. */
void trim_sum(const struct residents *residents, struct heap_arena *arena);

#endif
