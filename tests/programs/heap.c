// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * heap.c - uses the allocator in ways that are known, and says what it did.
 *
 *   heap usage [pvalloc]      every function of malloc.h, the same each time
 *   heap threads              the same from four threads at once
 *   heap held                 blocks of many sizes and threads, kept until a second line
 *   heap failing              what cannot be had, and what must live on then
 *   heap reuse                says of each block whether it is the one freed last
 *   heap deep LEVELS BYTES    a block at each level of a recursion, main and a thread
 *   heap churn THREADS PAIRS [SIZE]
 *   heap steady               100 blocks made and freed at each line, until there is none
 *
 * "usage" and "threads" begin at once unless WAIT is set in the environment; all others
 * say "ready" and wait for a line. Output does not allocate.
 */
#include <alloca.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TOO_MUCH ((size_t)PTRDIFF_MAX + 1)

/* Until a line, or the end of the input: then 0. */
static int wait_line(void)
{
	ssize_t got;
	char c;

	while ((got = read(0, &c, 1)) == 1 && c != '\n')
		;
	return got == 1;
}

static void ready(void)
{
	printf("ready %d\n", (int)getpid());
	wait_line();
}

/* The compiler must not see that a block is not used, or that a size is absurd. */
static void *opaque(void *block)
{
	__asm__ volatile("" : "+r"(block) : : "memory");
	return block;
}

static size_t absurd(size_t size)
{
	__asm__ volatile("" : "+r"(size));
	return size;
}

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "heap: %s\n", what);
	exit(3);
}

/*
 * usage
 */

static void many_sizes(void)
{
	void *blocks[300];

	for (int i = 0; i < 300; i++)
		blocks[i] = i % 3 ? malloc(i * 37) : calloc(i, 11);
	for (int i = 0; i < 300; i += 2)
		free(blocks[i]);
	for (int i = 0; i < 300; i += 2)
		blocks[i] = malloc(i * 5);
	for (int i = 0; i < 300; i++)
		free(blocks[i]);
}

static void zero_sizes(void)
{
	void *blocks[] = { malloc(0), calloc(0, 8), calloc(8, 0), realloc(NULL, 0),
			   reallocarray(NULL, 0, 8), memalign(64, 0) };

	for (unsigned i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		must(blocks[i] != NULL, "a block of 0 bytes");
		free(blocks[i]);
	}
	free(NULL);
	free(NULL);
}

static void resize(void)
{
	char *block = realloc(NULL, 40), *wall, *same;

	block = realloc(block, 40);
	block = realloc(block, 4000); /* at the end of the heap: in place */
	wall = malloc(16);
	block = realloc(block, 9000); /* the wall is in the way */
	block = realloc(block, 10);
	same = realloc(block, absurd(TOO_MUCH));
	must(!same, "an absurd realloc gave a block");
	free(block);
	must(!realloc(opaque(wall), 0), "realloc to 0 gave a block");
	block = reallocarray(NULL, 10, 20);
	block = reallocarray(block, 100, 20);
	must(!reallocarray(opaque(block), absurd(SIZE_MAX / 2), 4), "an overflow gave a block");
	block = reallocarray(block, 1, 7);
	free(block);
}

/* Beyond the threshold for mappings of their own, which mremap moves. */
static void huge(void)
{
	char *block = malloc(1 << 20), *other = calloc(3, 100000);

	block = realloc(block, 2 << 20);
	block = realloc(block, 48 << 20);
	block = realloc(block, 300 << 10);
	block = realloc(block, 100);
	free(block);
	block = malloc(200 << 10);
	free(other);
	free(block);
	block = realloc(NULL, 40 << 20); /* above any threshold it may have grown to */
	block = realloc(block, 80 << 20);
	free(block);
}

static void aligned(int with_pvalloc)
{
	void *block;

	must(!posix_memalign(&block, 64, 1000), "posix_memalign");
	free(block);
	must(!posix_memalign(&block, 4096, 600 << 10), "posix_memalign of much");
	free(block);
	must(posix_memalign(&block, absurd(24), 10) == EINVAL, "24 is no alignment");
	free(aligned_alloc(64, 256));
	free(memalign(1024, 33));
	free(valloc(123));
	if (with_pvalloc)
		free(pvalloc(123));
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* From inside libc. */
static void indirect(void)
{
	int numbers[1000];
	FILE *file = fopen("/dev/zero", "r");
	char *line = NULL;

	must(file && fgetc(file) == 0, "/dev/zero");
	fclose(file);
	for (int i = 0; i < 1000; i++)
		numbers[i] = 1000 - i;
	qsort(numbers, 1000, sizeof(int), by_value);
	free(strdup("twenty-two characters"));
	must(asprintf(&line, "%d", numbers[0]) == 1, "asprintf");
	free(line);
}

static void usage(int with_pvalloc)
{
	many_sizes();
	zero_sizes();
	resize();
	huge();
	aligned(with_pvalloc);
	indirect();
	must(!malloc(absurd(TOO_MUCH)), "an absurd malloc gave a block");
	must(!calloc(absurd(SIZE_MAX), 2), "an overflow gave a block");
	for (int i = 0; i < 7; i++)
		opaque(malloc(1000 + i)); /* never freed */
}

/*
 * threads
 */

static pthread_barrier_t all_there;

static void *use(void *arg)
{
	void *blocks[50];
	size_t own = (size_t)arg;

	pthread_barrier_wait(&all_there); /* none may begin with the stack of one that ended */
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < 50; i++)
			blocks[i] = malloc(own * 100 + i);
		for (size_t i = 0; i < 50; i += 2)
			blocks[i] = realloc(blocks[i], own * 200 + i);
		for (size_t i = 0; i < 50; i++)
			free(blocks[i]);
	}
	opaque(calloc(own, 1000)); /* never freed */
	pthread_barrier_wait(&all_there);
	return NULL;
}

static void four_threads(void)
{
	pthread_t threads[4];

	pthread_barrier_init(&all_there, NULL, 5);
	for (size_t i = 0; i < 4; i++)
		must(!pthread_create(&threads[i], NULL, use, (void *)(i + 1)), "pthread_create");
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/*
 * held
 */

static void said(const char *type, const void *block, size_t size)
{
	printf("block %s %p %zu %d\n", type, block, size, (int)syscall(SYS_gettid));
}

/* Each size once in the whole program: the sum of an own base and a step. */
static void hold(size_t base)
{
	void *block;

	for (size_t i = 0; i < 20; i++) {
		said("malloc", block = malloc(base + i), base + i);
		said("calloc", calloc(1, base + 100 + i), base + 100 + i);
		said("memalign", memalign(64, base + 200 + i), base + 200 + i);
		said("realloc", realloc(NULL, base + 300 + i), base + 300 + i);
	}
	for (size_t i = 0; i < 3; i++) {
		said("malloc", malloc((160 << 10) + base + i), (160 << 10) + base + i);
		said("calloc", calloc(1, (500 << 10) + base + i), (500 << 10) + base + i);
		said("memalign", memalign(4096, (900 << 10) + base + i), (900 << 10) + base + i);
		said("realloc", realloc(malloc(10), (2 << 20) + base + i), (2 << 20) + base + i);
	}
}

static void *hold_in_thread(void *arg)
{
	hold((size_t)arg);
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&all_there);
	return NULL;
}

static void held(void)
{
	pthread_t threads[2];

	ready();
	pthread_barrier_init(&all_there, NULL, 3);
	hold(1000);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, hold_in_thread, (void *)(2000 + i * 1000));
	pthread_barrier_wait(&all_there);
	printf("held\n");
	wait_line();
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/*
 * failing
 */

static void failing(void)
{
	void *block, *moved, *never = &never;
	int err;

	ready();
	must(!malloc(absurd(TOO_MUCH)), "an absurd malloc gave a block");
	must(!calloc(absurd(SIZE_MAX / 2), 4), "an overflow gave a block");
	block = malloc(111);
	printf("old %p\n", block);
	must(!realloc(block, absurd(TOO_MUCH + 1)), "an absurd realloc gave a block");
	must(!reallocarray(opaque(block), absurd(SIZE_MAX / 4), 8), "an overflow gave a block");
	free(block);
	free(NULL);
	err = posix_memalign(&never, absurd(24), 222);
	must(err == EINVAL && never == &never, "posix_memalign of 24");
	err = posix_memalign(&never, 64, absurd(TOO_MUCH + 2));
	must(err == ENOMEM && never == &never, "an absurd posix_memalign");
	must(!aligned_alloc(64, absurd(TOO_MUCH + 3)), "an absurd aligned_alloc");
	block = malloc(333);
	opaque(malloc(16)); /* in the way */
	printf("from %p\n", block);
	moved = realloc(opaque(block), 66666);
	must(moved != block, "realloc did not move");
	printf("to %p\n", moved);
	free(moved);
	block = malloc(444);
	printf("ended %p\n", block);
	must(!realloc(block, 0), "realloc to 0 gave a block");
	printf("done\n");
}

/*
 * reuse
 */

/* The address the thread freed last; nothing once it has been given out again. */
static __thread void *freed_last;

static void *get(void *block, size_t size)
{
	printf("got %d %p %zu %d\n", (int)syscall(SYS_gettid), block, size,
	       block && block == freed_last);
	if (block == freed_last)
		freed_last = NULL;
	return block;
}

static void give(void *block)
{
	freed_last = block;
	free(block);
}

static void *give_of_other(void *block)
{
	give(block);
	get(malloc(5001), 5001); /* into another arena: not that one */
	return NULL;
}

static void reuse(void)
{
	void *a, *b, *c;
	pthread_t thread;

	ready();
	/* 89 to 104 bytes are one bin of the cache, which gives out last what it got first */
	a = get(malloc(90), 90);
	give(a);
	a = get(malloc(91), 91); /* the same */
	b = get(malloc(92), 92);
	give(a);
	give(b);
	b = get(malloc(93), 93); /* the one freed last */
	a = get(malloc(94), 94); /* the one freed before it */
	c = get(malloc(3000), 3000);
	give(a);
	give(c);
	a = get(malloc(95), 95); /* the one freed before it */
	give(a);
	c = get(malloc(3001), 3001); /* from elsewhere, */
	a = get(malloc(96), 96);     /* and then the one freed last */
	give(a);
	a = get(realloc(NULL, 97), 97);
	a = get(realloc(a, 98), 98); /* in place: it was not free */
	give(a);
	a = get(calloc(1, 99), 99);
	give(b);
	pthread_create(&thread, NULL, give_of_other, malloc(5000));
	pthread_join(thread, NULL);
	b = get(malloc(100), 100); /* what another thread freed meanwhile does not count */
	give(a);
	free(NULL);
	a = get(malloc(101), 101); /* nor does nothing */
	give(c);
	give(b);
	printf("done\n");
}

/*
 * deep
 */

static size_t bytes_a_level;

/* The block's size says the level: base + level. */
static __attribute__((noinline)) void dive(size_t base, int level, int levels)
{
	char *room = alloca(bytes_a_level);

	memset(room, level, bytes_a_level);
	opaque(malloc(base + level));
	printf("level %zu %p\n", base + level, room);
	if (level + 1 < levels)
		dive(base, level + 1, levels);
	opaque(room);
}

static void *dive_in_thread(void *arg)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &start, &size);
	printf("stack %d %p\n", (int)syscall(SYS_gettid), (char *)start + size);
	pthread_attr_destroy(&attr);
	dive(200000, 0, (intptr_t)arg);
	printf("dived\n");
	wait_line();
	return NULL;
}

static void deep(int levels, size_t bytes)
{
	pthread_t thread;

	bytes_a_level = bytes;
	ready();
	dive(100000, 0, levels);
	pthread_create(&thread, NULL, dive_in_thread, (void *)(intptr_t)levels);
	pthread_join(thread, NULL);
}

/*
 * churn
 */

static size_t pairs, churn_size = 64;

static void *churn(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < pairs; i++)
		free(opaque(malloc(churn_size)));
	return NULL;
}

static void churn_threads(int n)
{
	pthread_t threads[64];

	must(n <= 64, "at most 64 threads");
	ready();
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, churn, NULL);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("done\n");
}

static void steady(void)
{
	printf("ready %d\n", (int)getpid());
	for (int round = 0; wait_line(); round++) {
		for (int i = 0; i < 100; i++)
			free(opaque(malloc(1000 + i)));
		printf("round %d\n", round);
	}
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	if (getenv("WAIT") && (!strcmp(what, "usage") || !strcmp(what, "threads")))
		ready();
	if (!strcmp(what, "usage"))
		usage(argc > 2);
	else if (!strcmp(what, "threads"))
		four_threads();
	else if (!strcmp(what, "held"))
		held();
	else if (!strcmp(what, "failing"))
		failing();
	else if (!strcmp(what, "reuse"))
		reuse();
	else if (!strcmp(what, "steady"))
		steady();
	else if (!strcmp(what, "deep") && argc == 4)
		deep(atoi(argv[2]), atol(argv[3]));
	else if (!strcmp(what, "churn") && argc >= 4) {
		pairs = atol(argv[3]);
		if (argc > 4)
			churn_size = atol(argv[4]);
		churn_threads(atoi(argv[2]));
	} else
		return 2;
	return 0;
}
