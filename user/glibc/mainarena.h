/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mainarena.h - where glibc keeps its lists of free memory, which is no root.
 *
 * They lead to headers of chunks, of which the first word belongs to the block in front: a
 * lost block would seem to be pointed to. Layout of struct malloc_state: glibc 2.3 to 2.43,
 * malloc/malloc.c.
 */
#ifndef MWBPF_MAINARENA_H
#define MWBPF_MAINARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Look for it in n words of data that lie at addr: an empty list leads to itself, and most
 * of the 127 are empty. False: it is not there.
 */
bool mainarena_find(const uint64_t *words, size_t n, uint64_t addr, uint64_t *start, uint64_t *end);

#endif
