// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * pairs.c - malloc and free as fast as they go, and how long a pair took.
 *
 *	pairs [THREADS [SIZE]]
 *
 * Prints "ready", then obeys the lines on stdin, each answered by one line:
 *
 *	go N	every thread makes N pairs; answers the nanoseconds a pair took, first of
 *		the threads' CPU time, then of the clock
 *	hold N	holds N live blocks from now on; answers "held N"
 *	call N	makes N system calls that do nothing; answers the nanoseconds a call took
 *	do OPERATION N	does it N times (see operations); answers nanoseconds of CPU time
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define HELD_MAX ((size_t)1 << 27)

struct worker {
	pthread_t thread;
	uint64_t cpu_ns;
};

static struct worker workers[THREADS_MAX];
static pthread_barrier_t begin, end;
static size_t n_threads = 1, size = 64;
static uint64_t n_pairs;

static void **held;
static size_t n_held;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* CPU time: another program on the same CPU takes from the clock's time, not from it. */
static void *work(void *arg)
{
	struct worker *worker = arg;

	for (;;) {
		uint64_t from;

		pthread_barrier_wait(&begin);
		from = now_ns(CLOCK_THREAD_CPUTIME_ID);
		for (uint64_t i = 0; i < n_pairs; i++)
			free(malloc(size)); /* built with -fno-builtin: not optimised away */
		worker->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - from;
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void go(void)
{
	uint64_t from, took, cpu = 0;

	pthread_barrier_wait(&begin);
	from = now_ns(CLOCK_MONOTONIC);
	pthread_barrier_wait(&end);
	took = now_ns(CLOCK_MONOTONIC) - from;
	for (size_t i = 0; i < n_threads; i++)
		cpu += workers[i].cpu_ns;
	printf("%.2f %.2f\n", (double)cpu / n_threads / n_pairs, (double)took / n_pairs);
}

static int hold(size_t n)
{
	if (n > HELD_MAX)
		return -1;
	while (n_held > n)
		free(held[--n_held]);
	while (n_held < n) {
		held[n_held] = malloc(size);
		if (!held[n_held])
			return -1;
		n_held++;
	}
	printf("held %zu\n", n_held);
	return 0;
}

static void call(size_t n)
{
	uint64_t from = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (size_t i = 0; i < n; i++)
		syscall(SYS_getppid);
	printf("%.2f\n", (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - from) / n);
}

static void do_malloc(size_t i)
{
	(void)i;
	free(malloc(size));
}

static void do_calloc(size_t i)
{
	(void)i;
	free(calloc(1, size));
}

/* Of one block that fits either way: only the call itself is in it. */
static void do_realloc(size_t i)
{
	static void *block;

	block = realloc(block, i % 2 ? 1000 : 1008);
}

static void do_memalign(size_t i)
{
	(void)i;
	free(aligned_alloc(64, 128));
}

static void do_mmap(size_t i)
{
	(void)i;
	munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
}

static void do_brk(size_t i)
{
	(void)i;
	if (sbrk(4096) != (void *)-1)
		sbrk(-4096);
}

static const struct operation {
	const char *name;
	void (*once)(size_t i);
} operations[] = {
	{ "malloc", do_malloc },     { "calloc", do_calloc }, { "realloc", do_realloc },
	{ "memalign", do_memalign }, { "mmap", do_mmap },     { "brk", do_brk },
};

static int do_operation(const char *name, size_t n)
{
	for (size_t k = 0; k < sizeof(operations) / sizeof(*operations); k++) {
		uint64_t from = now_ns(CLOCK_THREAD_CPUTIME_ID);

		if (strcmp(name, operations[k].name))
			continue;
		for (size_t i = 0; i < n; i++)
			operations[k].once(i);
		printf("%.2f\n", (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - from) / n);
		return 0;
	}
	return -1;
}

static int obey(const char *line)
{
	char name[16];
	size_t n;

	if (sscanf(line, "do %15s %zu", name, &n) == 2 && n)
		return do_operation(name, n);
	if (sscanf(line, "go %zu", &n) == 1 && n) {
		n_pairs = n;
		go();
		return 0;
	}
	if (sscanf(line, "call %zu", &n) == 1 && n) {
		call(n);
		return 0;
	}
	if (sscanf(line, "hold %zu", &n) == 1)
		return hold(n);
	return -1;
}

static int start(void)
{
	/* the pages of what is not held do not count */
	held = mmap(NULL, HELD_MAX * sizeof(*held), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (held == MAP_FAILED || pthread_barrier_init(&begin, NULL, n_threads + 1) ||
	    pthread_barrier_init(&end, NULL, n_threads + 1))
		return -1;
	for (size_t i = 0; i < n_threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	char line[64];

	if (argc > 1)
		n_threads = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		size = strtoul(argv[2], NULL, 10);
	if (n_threads < 1 || n_threads > THREADS_MAX || start()) {
		fprintf(stderr, "usage: pairs [THREADS [SIZE]]\n");
		return 2;
	}
	setlinebuf(stdout);
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		if (obey(line)) {
			fprintf(stderr, "pairs: cannot do: %s", line);
			return 1;
		}
	return 0;
}
