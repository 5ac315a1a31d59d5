// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* points.c - two blocks that the compiler frees where their variables go out of scope. */
#include <stdio.h>
#include <stdlib.h>

struct point {
	int x, y;
};

static void scoped_free(void *variable)
{
	printf("scoped free of the variable at\t%p\n", variable);
	free(*(void **)variable);
}

#define AUTO_FREE __attribute__((cleanup(scoped_free)))

int main(void)
{
	AUTO_FREE struct point *p1 = malloc(sizeof(*p1));
	printf("P1:\t%p\t%ld\n", (void *)p1, (long)p1);
	AUTO_FREE struct point *p2 = malloc(sizeof(*p2));
	printf("P2:\t%p\t%ld\n", (void *)p2, (long)p2);
	printf("waiting\n");
	fflush(stdout);
	getchar();
	return 0;
}
