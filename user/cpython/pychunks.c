// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pychunks.c - the data stacks of Python's threads. */
#include "cpython/pychunks.h"

#include "base/page.h"
#include "survey/claim.h"

#define CHUNKS_MAX 16384	 /* of all threads: some three million frames */
#define CHUNK_MAX  (1ull << 32) /* bytes */

struct chunk {
	uint64_t previous;
	uint64_t size; /* bytes, with this */
	uint64_t top;
};

void pychunks_mark(struct cpython *cpython, const struct pythread *threads, size_t n,
		   struct segments *segments)
{
	size_t chunks = 0;

	if (!cpython->fields.data_stack)
		return;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = cpython_word(cpython, threads[i].tstate + cpython->fields.data_stack);
		struct chunk chunk;

		for (; at && chunks < CHUNKS_MAX; chunks++) {
			if (at % PAGE || cpython_read(cpython, at, &chunk, sizeof(chunk)) ||
			    !chunk.size || chunk.size % PAGE || chunk.size > CHUNK_MAX)
				break;
			claim(segments, at, at + chunk.size, SEGMENT_DATA_STACK, threads[i].tid);
			at = chunk.previous;
		}
	}
}
