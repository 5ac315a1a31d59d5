// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * chains.c - blocks made at the end of known chains of calls. Says "ready", waits for a
 * line, makes them, says "done" and waits for the end of its input.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>

#include "say.h"

#define NOINLINE __attribute__((noinline, noclone))

static NOINLINE void inner(unsigned long size)
{
	BLOCK(size);
}

static NOINLINE void middle(unsigned long size)
{
	inner(size + 1);
	BLOCK(size + 2);
}

NOINLINE void outer(unsigned long size)
{
	middle(size);
	BLOCK(size + 3);
}

static NOINLINE void recurse(unsigned long size, int depth)
{
	if (depth)
		recurse(size, depth - 1);
	else
		BLOCK(size);
	made = NULL; /* no tail call */
}

static inline __attribute__((always_inline)) void inlined_inner(unsigned long size)
{
	BLOCK(size);
}

static inline __attribute__((always_inline)) void inlined_outer(unsigned long size)
{
	inlined_inner(size);
	BLOCK(size + 1);
}

static NOINLINE void inliner(unsigned long size)
{
	inlined_outer(size);
	made = NULL;
}

/* keeps its frame by %rbp however it is compiled */
static NOINLINE void varying(unsigned long size, size_t n)
{
	char *room = alloca(n);

	memset(room, 1, n);
	BLOCK(size + room[n - 1]);
	made = NULL;
}

/* so does this, where the compiler has to align the stack */
static NOINLINE void aligned(unsigned long size)
{
	char room[128] __attribute__((aligned(128)));
	char *volatile at = room;

	memset(at, 2, sizeof(room));
	BLOCK(size + at[5]);
	made = NULL;
}

static void (*volatile pointer)(unsigned long) = inner;

static NOINLINE void by_pointer(unsigned long size)
{
	pointer(size);
	made = NULL;
}

/* returns into what follows it in memory: it never does */
static NOINLINE __attribute__((noreturn)) void last(unsigned long size)
{
	BLOCK(size);
	pthread_exit(NULL);
}

static NOINLINE __attribute__((noreturn)) void call_last(unsigned long size)
{
	last(size);
}

static void *thread(void *size)
{
	inner((unsigned long)size);
	call_last((unsigned long)size + 1);
}

static int compare(const void *a, const void *b)
{
	static int calls;

	if (!calls++)
		BLOCK(60001);
	return *(const int *)a - *(const int *)b;
}

/* the C library is between compare and this */
static NOINLINE void sort(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(*numbers), compare);
	made = (void *)(long)numbers[0];
}

static void handle(int signal)
{
	(void)signal;
	inner(61001);
}

static NOINLINE void interrupted(void)
{
	raise(SIGUSR1);
	made = NULL;
}

int main(void)
{
	pthread_t id;

	signal(SIGUSR1, handle);
	say_ready();
	outer(50000);
	recurse(51001, 20);
	inliner(52001);
	varying(53000, 1000);
	aligned(54000);
	by_pointer(55001);
	pthread_create(&id, NULL, thread, (void *)56001UL);
	pthread_join(id, NULL);
	recurse(57001, 100);
	sort();
	interrupted();
	BLOCK(58001);
	printf("done\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
