/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sparse.c - sparse N: N mappings of 4 GiB, of each of which one page is used, in the middle:
 * that of every second one has the only pointer to a block of 1000 bytes. As many blocks of
 * 2000 bytes are lost.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SIZE (4UL << 30)

static __attribute__((noinline, noclone)) void make(int i)
{
	void **memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* lest the kernel makes one of it and the next */
	void *apart = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || apart == MAP_FAILED)
		abort();
	memory += SIZE / 2 / sizeof(*memory);
	*memory = i % 2 ? malloc(1000) : memory;
	if (i % 2 && !malloc(2000))
		abort();
}

static __attribute__((noinline, noclone)) void scrub(void)
{
	volatile char room[16384];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 0; i < n; i++)
		make(i);
	scrub();
	free(malloc(8));
	return 0;
}
