/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyblock.h - the object in a block of memory, if there is one.
 *
 * In front of it, in the block, may be: what PYTHONMALLOC=debug adds, two words of a managed
 * dict and weak references (3.11), and PyGC_Head of what the garbage collector knows.
 */
#ifndef MWBPF_CPYTHON_PYBLOCK_H
#define MWBPF_CPYTHON_PYBLOCK_H

#include "cpython/pytype.h"

/* Bytes of PyGC_Head: Include/objimpl.h (3.6, 3.7), then pycore_gc.h; free-threaded: none. */
uint64_t pyblock_gc_head(const struct cpython *cpython);

/*
 * Whether a block, of which len bytes are at hand, holds an object that is alive: its type
 * says how much is in front of it, and its reference count is one. Objects kept to be used
 * again are not.
 */
bool pyblock_object(struct cpython *cpython, uint64_t addr, const uint8_t *bytes, size_t len,
		    struct pyobj *obj);

#endif
