// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * blocks.c - a heap with everything glibc's malloc has, and what the program knows of it.
 *
 * Threads each make blocks, keep some and free others, and wait. Then it prints the blocks
 * that are live, what mallinfo2 and malloc_info say, and "ready"; it ends with its input.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MOST 64
#define BLOCKS	     600

struct kept {
	void *at;
	size_t size;
};

static struct kept kept[THREADS_MOST + 2][BLOCKS + 1];
static pthread_barrier_t barrier;

/* Of all sizes; two of three go again, in an order that leaves some in each kind of list. */
static void make_blocks(struct kept *own, unsigned seed)
{
	static _Thread_local struct kept blocks[BLOCKS];
	size_t n = 0;

	for (int i = 0; i < BLOCKS; i++) {
		seed = seed * 1103515245 + 12345;
		blocks[i].size = i % 50 == 0 ? 3000 + seed % 90000 : seed >> 8 & (i % 7 ? 255 : 2047);
		blocks[i].at = malloc(blocks[i].size);
		memset(blocks[i].at, i, blocks[i].size);
	}
	for (int i = BLOCKS; i-- > 0;)
		if (i % 3)
			free(blocks[i].at);
		else
			own[n++] = blocks[i];
}

static void *worker(void *arg)
{
	const long number = (long)arg;

	make_blocks(kept[number], (unsigned)number * 77 + 5);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
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
	/* only there since glibc 2.33 */
	struct mallinfo2 (*info)(void) = (struct mallinfo2(*)(void))dlsym(RTLD_DEFAULT, "mallinfo2");
	struct mallinfo2 is;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		for (struct kept *k = kept[i]; k->at; k++)
			printf("block %p %zu %zu\n", k->at, k->size, malloc_usable_size(k->at));
	fflush(stdout);
	if (info) {
		is = info();
		printf("mallinfo2 arena %zu fordblks %zu fsmblks %zu uordblks %zu hblks %zu hblkhd %zu keepcost %zu\n",
		       is.arena, is.fordblks, is.fsmblks, is.uordblks, is.hblks, is.hblkhd, is.keepcost);
	}
	malloc_info(0, stdout);
	printf("ready\n");
	fflush(stdout);
}

/* Bytes; without a use of the heap. */
static long resident(void)
{
	char text[256] = "";
	int fd = open("/proc/self/statm", O_RDONLY);
	long pages = 0;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || sscanf(text, "%*d %ld", &pages) != 1)
		abort();
	close(fd);
	return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	const long threads = argc > 1 ? atol(argv[1]) : 0;
	pthread_t ids[THREADS_MOST];
	char line[64];
	long before;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (argc > 2 && !strcmp(argv[2], "foreign")) { /* somebody else moves the end of the heap */
		free(malloc(1000));
		memset(sbrk(5008), 0x41, 5008);
	}
	pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
	make_blocks(kept[0], 1);
	make_mapped(kept[THREADS_MOST + 1]);
	for (long i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, worker, (void *)(i + 1));
	pthread_barrier_wait(&barrier);
	say();
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "trim\n"))
		say();
	before = resident();
	malloc_trim(0);
	printf("trimmed %ld\n", before - resident());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
