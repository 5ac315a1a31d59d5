// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* maker.c - a library that makes blocks; -DSTORE=NAME names the function that does. */
#include <stdlib.h>

#ifndef STORE
#define STORE store
#endif

void *make(unsigned long size);

static __attribute__((noinline)) void *STORE(unsigned long size)
{
	void *volatile block = malloc(size);

	return block;
}

void *make(unsigned long size)
{
	void *volatile block = STORE(size);

	return block;
}
