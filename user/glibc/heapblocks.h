/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * heapblocks.h - the blocks in use of glibc's heap, one by one, with how they begin.
 */
#ifndef MWBPF_HEAPBLOCKS_H
#define MWBPF_HEAPBLOCKS_H

#include <stddef.h>
#include <sys/types.h>

#include "place/segment.h"

#define HEAPBLOCKS_HEAD 96 /* bytes of a block that are at hand, if it has them */

/* Called for each block. Not 0 ends the visit, which returns it. */
typedef int heapblock(void *context, uint64_t addr, const uint8_t *bytes, size_t len,
		      uint64_t size);

/*
 * Visit the blocks of all arenas, and those with mappings of their own. 0; -ENOENT: there is
 * no heap of glibc; -EBADMSG: not all of its arenas could be read, and no block was visited;
 * -ENOMEM, -ESRCH, or what each returned.
 */
int heapblocks_visit(pid_t pid, const struct segments *segments, heapblock *each, void *context);

#endif
