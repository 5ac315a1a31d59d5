// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * heap.c - what a C program may do with its heap, once, and how long it took.
 *
 *	heap pairs N [THREADS]	N calls of malloc, each with its free, among so many threads
 *	heap leak N		N blocks of 30,000 sizes that are never freed
 *	heap hold N		N small blocks, all live in the end
 *	heap exec COMMAND...	becomes COMMAND, which finds in FROM_NS when it was asked to
 *
 * Prints "ready", waits for a line, does it, prints "took NANOSECONDS CPU", by the monotonic
 * clock and of its own CPU time, waits for another line, and ends.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define SIZES 30000

static pthread_barrier_t begin, end;
static size_t n, n_threads = 1;

/* Where blocks are left, so that the compiler cannot know that nobody looks. */
static void *volatile left;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void *pairs_of_thread(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&begin);
	for (size_t i = 0; i < n / n_threads; i++)
		free(malloc(64)); /* built with -fno-builtin: not optimised away */
	pthread_barrier_wait(&end);
	return NULL;
}

static int pairs_prepare(void)
{
	pthread_t thread;

	if (pthread_barrier_init(&begin, NULL, n_threads + 1) ||
	    pthread_barrier_init(&end, NULL, n_threads + 1))
		return -1;
	for (size_t i = 0; i < n_threads; i++)
		if (pthread_create(&thread, NULL, pairs_of_thread, NULL))
			return -1;
	return 0;
}

static void pairs(void)
{
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
}

static void leak(void)
{
	for (size_t i = 0; i < n; i++)
		left = malloc(16 + i % SIZES);
}

static void hold(void)
{
	for (size_t i = 0; i < n; i++)
		left = malloc(64);
}

static const struct work {
	const char *name;
	int (*prepare)(void);
	void (*run)(void);
} works[] = {
	{ "pairs", pairs_prepare, pairs },
	{ "leak", NULL, leak },
	{ "hold", NULL, hold },
};

static int become(char **command)
{
	char from[32], line[16];

	puts("ready");
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	snprintf(from, sizeof(from), "%llu", (unsigned long long)now_ns(CLOCK_MONOTONIC));
	setenv("FROM_NS", from, 1);
	execvp(command[0], command);
	perror(command[0]);
	return 1;
}

static int once(const struct work *work)
{
	uint64_t from, cpu;
	char line[16];

	if (work->prepare && work->prepare()) {
		fprintf(stderr, "heap: cannot start %zu threads\n", n_threads);
		return 1;
	}
	puts("ready");
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	from = now_ns(CLOCK_MONOTONIC);
	work->run();
	from = now_ns(CLOCK_MONOTONIC) - from;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("took %llu %llu\n", (unsigned long long)from, (unsigned long long)cpu);
	/* what it holds is there until the tool has looked */
	return !fgets(line, sizeof(line), stdin);
}

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	if (argc > 2 && !strcmp(argv[1], "exec"))
		return become(argv + 2);
	if (argc > 2)
		n = strtoull(argv[2], NULL, 10);
	if (argc > 3)
		n_threads = strtoul(argv[3], NULL, 10);
	if (n && n_threads >= 1 && n_threads <= THREADS_MAX)
		for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
			if (!strcmp(argv[1], works[i].name))
				return once(&works[i]);
	fprintf(stderr, "usage: heap pairs|leak|hold N [THREADS]\n"
			"       heap exec COMMAND...\n");
	return 2;
}
