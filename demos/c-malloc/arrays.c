// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* arrays.c - an array of 4 MB, made again and again: freed each time, or never. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMES 6

int main(int argc, char **argv)
{
	const int frees = argc > 1 && !strcmp(argv[1], "free");

	for (int i = 0; i < TIMES; i++) {
		int *array = malloc(1000000 * sizeof(*array));

		if (!array)
			return 1;
		printf("array:\t%p\t%ld\n", (void *)array, (long)array);
		for (int j = 0; j < 1000000; j++)
			array[j] = j;
		if (frees)
			free(array);
	}
	printf("waiting\n");
	fflush(stdout);
	getchar();
	return 0;
}
