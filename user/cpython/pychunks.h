/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pychunks.h - the data stacks of Python's threads, which hold their frames (3.11).
 */
#ifndef MWBPF_CPYTHON_PYCHUNKS_H
#define MWBPF_CPYTHON_PYCHUNKS_H

#include "cpython/cpython.h"
#include "place/pystack.h"

/*
 * Make segments of the chunks of threads' data stacks: _PyStackChunk, Include/cpython/
 * pystate.h (3.11 to 3.15). What is no mapping's part is left out.
 */
void pychunks_mark(struct cpython *cpython, const struct pythread *threads, size_t n,
		   struct segments *segments);

#endif
