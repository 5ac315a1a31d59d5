// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * blocks.c - a heap with everything glibc's malloc has, and what the program knows of it.
 *
 *     blocks THREADS [foreign]
 *
 * Threads each make blocks, keep some and free others, and wait. Then it prints the blocks
 * that are live and those that were freed, what mallinfo and malloc_info say, and "ready".
 * On "trim" it calls malloc_trim and says what that returned to the system; "churn" makes
 * it use the heap until it ends, "spoil" write over the header of a chunk, which it says.
 * It ends with its input.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* mallinfo2 came with glibc 2.33 */

/* So that it runs with older glibcs, too, as a library in an interpreter of theirs. */
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_barrier_init, pthread_barrier_init@GLIBC_2.2.5");
__asm__(".symver pthread_barrier_wait, pthread_barrier_wait@GLIBC_2.2.5");

#define THREADS_MOST 64
#define BLOCKS	     600

struct kept {
	void *at;
	size_t size;
};

static struct kept kept[THREADS_MOST + 2][BLOCKS + 1];
static void *freed[THREADS_MOST + 2][BLOCKS + 1];
static pthread_barrier_t barrier;

static void make_block(struct kept *block, int i, unsigned seed)
{
	block->size = i % 50 == 0 ? 3000 + seed % 90000 : seed >> 8 & (i % 7 ? 255 : 2047);
	block->at = malloc(block->size);
	memset(block->at, i, block->size);
}

/* Of all sizes; two of three go again, in an order that leaves some in each kind of list. */
static void make_blocks(long number, unsigned seed)
{
	static _Thread_local struct kept blocks[BLOCKS];
	size_t n = 0, n_freed = 0;

	for (int i = 0; i < BLOCKS; i++) {
		seed = seed * 1103515245 + 12345;
		make_block(&blocks[i], i, seed);
	}
	for (int i = BLOCKS; i-- > 0;) {
		if (i % 3 == 0) {
			kept[number][n++] = blocks[i];
			continue;
		}
		freed[number][n_freed++] = blocks[i].at;
		free(blocks[i].at);
	}
}

static void *worker(void *arg)
{
	make_blocks((long)arg, (unsigned)(long)arg * 77 + 5);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}

/* With a mapping each: the second is freed, so that the threshold grows. */
static void make_mapped(struct kept *own)
{
	own[0] = (struct kept){ malloc(300000), 300000 };
	free(malloc(400000));
	own[1] = (struct kept){ malloc(5000000), 5000000 };
	own[2] = (struct kept){ malloc(350000), 350000 };
}

static void say(void)
{
	struct mallinfo is;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		for (struct kept *k = kept[i]; k->at; k++)
			printf("block %p %zu %zu\n", k->at, k->size, malloc_usable_size(k->at));
		for (void **f = freed[i]; *f; f++)
			printf("freed %p\n", *f);
	}
	is = mallinfo();
	printf("mallinfo arena %d fordblks %d fsmblks %d uordblks %d hblks %d hblkhd %d keepcost %d\n",
	       is.arena, is.fordblks, is.fsmblks, is.uordblks, is.hblks, is.hblkhd, is.keepcost);
	malloc_info(0, stdout);
	printf("ready\n");
	fflush(stdout);
}

/* Bytes; without a use of the heap, and exact: statm is not. -1: not known. */
static long resident(void)
{
	static char text[4096];
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	long kib = -1;
	char *line;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0) {
		line = strstr(text, "\nRss:");
		if (line)
			sscanf(line, "\nRss: %ld", &kib);
	}
	close(fd);
	return kib * 1024;
}

/* Somebody else moves the end of the heap, and it goes on behind that. */
static void move_heap(void)
{
	const long len = 5008;
	void *moved;

	free(malloc(1000));
	moved = sbrk(len);
	if (moved == (void *)-1)
		abort();
	memset(moved, 0x41, (size_t)len);
}

static void trim(void)
{
	long before, after;

	resident(); /* what it touches itself is there the second time */
	before = resident();
	malloc_trim(0);
	after = resident();
	printf("trimmed %ld\n", before - after);
	fflush(stdout);
}

static void *churn(void *arg)
{
	void *blocks[512] = { 0 };

	for (unsigned i = 0, seed = (unsigned)(long)arg; arg; i++) {
		seed = seed * 1103515245 + 12345;
		free(blocks[i % 512]);
		blocks[i % 512] = malloc(seed >> 8 & 4095);
	}
	return NULL;
}

static void spoil(void)
{
	uint64_t *size = (uint64_t *)kept[0][20].at - 1;

	*size = 0x7fffffffffff0;
	printf("spoiled %p\n", (void *)(size - 1));
	fflush(stdout);
}

static void obey(const char *line, long threads)
{
	pthread_t id;

	if (!strcmp(line, "spoil\n"))
		spoil();
	if (!strcmp(line, "trim\n"))
		trim();
	if (strcmp(line, "churn\n") != 0)
		return;
	for (long i = 0; i <= threads; i++)
		pthread_create(&id, NULL, churn, (void *)(i + 1));
	printf("churning\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char output[1 << 16], input[4096];
	const long threads = argc > 1 ? atol(argv[1]) : 0;
	pthread_t id;
	char line[64];

	/* what stdio would allocate later would change the heap behind what was said of it */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	setvbuf(stdin, input, _IOFBF, sizeof(input));
	if (argc > 2 && !strcmp(argv[2], "foreign"))
		move_heap();
	pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
	for (long i = 0; i < threads; i++)
		pthread_create(&id, NULL, worker, (void *)(i + 1));
	make_blocks(0, 1);
	make_mapped(kept[THREADS_MOST + 1]);
	pthread_barrier_wait(&barrier);
	say();
	while (fgets(line, sizeof(line), stdin))
		obey(line, threads);
	exit(0);
}
