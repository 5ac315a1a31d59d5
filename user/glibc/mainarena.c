// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mainarena.c - where glibc keeps its lists of free memory, which is no root. */
#include "glibc/mainarena.h"

#define WORD	8
#define BINS	127 /* lists, each two words: first and last */
#define FRONT	14  /* words in front of them: lock, flags, ten fast lists, top, last_remainder */
#define BEHIND	8   /* binmap, links to other arenas, sizes */
#define EMPTY	16  /* so many lists that lead to themselves are no chance */
#define FD	16  /* of struct malloc_chunk: what a list is taken to be */

static bool is_empty_list(const uint64_t *words, size_t i, uint64_t addr)
{
	uint64_t self = addr + i * WORD - FD;

	return words[i] == self && words[i + 1] == self;
}

bool mainarena_find(const uint64_t *words, size_t n, uint64_t addr, uint64_t *start, uint64_t *end)
{
	size_t empty = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		size_t last = i, bins;

		if (!is_empty_list(words, i, addr))
			continue;
		/* the last list is for more than any other takes, and always empty */
		for (size_t j = i; j + 1 < n && j < i + 2 * BINS; j += 2)
			if (is_empty_list(words, j, addr)) {
				last = j;
				empty++;
			}
		bins = last + 2 - 2 * BINS;
		if (empty < EMPTY || last + 2 < 2 * BINS + FRONT || last + 2 + BEHIND > n)
			return false;
		*start = addr + (bins - FRONT) * WORD;
		*end = addr + (bins + 2 * BINS + BEHIND) * WORD;
		return true;
	}
	return false;
}
