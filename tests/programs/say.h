/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * say.h - a block, and what the program itself knows of who made it.
 *
 * BLOCK(SIZE) in a function prints
 *	at SIZE FUNCTION LINE
 *	chain SIZE ADDRESS...	 where that function returns to, then its caller, as backtrace()
 *				 of the C library finds by the unwind tables
 */
#ifndef SAY_H
#define SAY_H

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 200

static void *volatile made;

static __attribute__((noinline)) void say(unsigned long size, const char *function, int line)
{
	void *frames[DEPTH];
	int n = backtrace(frames, DEPTH);

	printf("at %lu %s %d\n", size, function, line);
	printf("chain %lu", size);
	/* the first two are in this function and in the one that has made the block */
	for (int i = 2; i < n; i++)
		printf(" %p", frames[i]);
	printf("\n");
}

/* nothing of it is a tail call, which would leave no trace of the function */
#define BLOCK(size)                              \
	do {                                     \
		made = malloc(size);             \
		say((size), __func__, __LINE__); \
		made = NULL;                     \
	} while (0)

/* backtrace() loads a library at its first call; standard output gets its buffer. */
static void say_ready(void)
{
	void *frames[2];

	backtrace(frames, 2);
	printf("ready\n");
	fflush(stdout);
	getchar();
}

#endif
