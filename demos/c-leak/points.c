// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* points.c - two blocks that nobody frees. */
#include <stdio.h>
#include <stdlib.h>

struct point {
	int x, y;
};

int main(void)
{
	struct point *p1 = malloc(sizeof(*p1));
	printf("P1:\t%p\t%ld\n", (void *)p1, (long)p1);
	struct point *p2 = malloc(sizeof(*p2));
	printf("P2:\t%p\t%ld\n", (void *)p2, (long)p2);
	return 0;
}
