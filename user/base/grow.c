// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* grow.c - arrays that grow by doubling. */
#include "base/grow.h"

#include <stdlib.h>

#define FIRST 16 /* elements */

void *grow(void *at, size_t n, size_t *cap, size_t size)
{
	const size_t more = *cap ? *cap * 2 : FIRST;
	void *moved;

	if (n < *cap)
		return at;
	moved = reallocarray(at, more, size);
	if (moved)
		*cap = more;
	return moved;
}
