// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* later.c - a library for a call without the GIL that lasts until another thread has it. */
#include <stdlib.h>
#include <unistd.h>

void *later(unsigned microseconds, size_t size)
{
	usleep(microseconds);
	return malloc(size);
}
