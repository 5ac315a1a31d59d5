/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * grow.h - arrays that grow by doubling.
 */
#ifndef MWBPF_GROW_H
#define MWBPF_GROW_H

#include <stddef.h>

/*
 * Room for one more in an array of n elements, of size bytes each, where *cap find room. The
 * array, which may have moved; NULL without memory: then it is as it was, and the caller's.
 */
void *grow(void *at, size_t n, size_t *cap, size_t size);

#endif
