// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* arrays.c - the same array of pointers, declared or made in five places. */
#include <stdio.h>
#include <stdlib.h>

#define N 262 /* as many small ints as CPython had */

static int *nothing[N];
static int *something[N] = { (int *)1 };

struct state {
	int id;
	int *small_ints[N];
};

static void p_mem(const char *label, const void *at)
{
	printf("%s:\t%p\t%ld\n", label, at, (long)at);
}

int main(void)
{
	int *local[N] = { 0 };
	struct state *state = malloc(sizeof(*state));
	int **large = malloc(1000 * N * sizeof(*large));

	p_mem("local", local);
	p_mem("nothing", nothing);
	p_mem("something", something);
	p_mem("state", state->small_ints);
	p_mem("large", large);
	printf("waiting\n");
	fflush(stdout);
	getchar();
	return 0;
}
