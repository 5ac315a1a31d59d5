// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * shortlived.c - threads that begin and end all the time, four at once. Says "ready"; ends with
 * its input.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 4

static void *nothing(void *arg)
{
	return arg;
}

static void *make_threads(void *arg)
{
	pthread_t threads[AT_ONCE];

	for (;;) {
		for (int i = 0; i < AT_ONCE; i++)
			if (pthread_create(&threads[i], NULL, nothing, arg))
				exit(1);
		for (int i = 0; i < AT_ONCE; i++)
			pthread_join(threads[i], NULL);
	}
}

int main(void)
{
	pthread_t maker;

	for (int i = 0; i < AT_ONCE; i++)
		if (pthread_create(&maker, NULL, make_threads, NULL))
			return 1;
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
