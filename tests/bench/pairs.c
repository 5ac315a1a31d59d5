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

static int obey(const char *line)
{
	size_t n;

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
