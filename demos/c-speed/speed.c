// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* speed.c - an array on the stack, and one from malloc each time: seconds and page faults. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define TIMES 200
#define SIZE  50000 /* ints: 200,000 bytes, more than malloc's first threshold for mappings */

static void fill(int *array, int seed)
{
	for (int i = 0; i < SIZE; i++)
		array[i] = seed + i;
}

static void on_stack(void)
{
	int array[SIZE];

	for (int i = 0; i < TIMES; i++)
		fill(array, i);
}

static void on_heap(int frees)
{
	for (int i = 0; i < TIMES; i++) {
		int *array = malloc(SIZE * sizeof(*array));

		if (!array)
			exit(1);
		fill(array, i);
		if (frees)
			free(array);
	}
}

static void on_heap_freed(void)
{
	on_heap(1);
}

static void on_heap_kept(void)
{
	on_heap(0);
}

static void measure(const char *label, void (*function)(void))
{
	struct rusage before, after;
	const clock_t start = clock();

	getrusage(RUSAGE_SELF, &before);
	function();
	getrusage(RUSAGE_SELF, &after);
	printf("%s\t%.4f\t%ld\n", label, (double)(clock() - start) / CLOCKS_PER_SEC,
	       after.ru_minflt - before.ru_minflt);
}

int main(void)
{
	/* first, while the threshold is what it was: nothing has been freed */
	measure("kept", on_heap_kept);
	measure("stack", on_stack);
	measure("freed", on_heap_freed);
	return 0;
}
