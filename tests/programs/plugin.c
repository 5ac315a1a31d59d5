// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* plugin.c - a library whose constructor allocates: 10,000 blocks of 3333 bytes, each freed. */
#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
	for (int i = 0; i < 10000; i++) {
		volatile char *block = malloc(3333);

		block[0] = i;
		free((void *)block);
	}
}
