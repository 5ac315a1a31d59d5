// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * locals.c - functions that say where their variables lie, and what is in them.
 *
 *     locals THREADS
 *
 * A line "VAR FUNCTION NAME ADDRESS SIZE VALUE" for each, from the thread that has it; then all
 * threads wait for input to end. Built without and with optimization.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct point {
	int x, y;
};

struct line {
	struct point from, to;
	char label[8];
	float width;
};

enum colour { RED, GREEN = 7 };

int counted = 42;
static double ratio = 0.625;
static char buffer[32] = "in bss and data";
const char *const title = "a title";
struct point origin;
static _Thread_local int mine = 5;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_said;

#define say(name, format, ...)                                                          \
	printf("VAR %ld %s %s %p %zu " format "\n", syscall(SYS_gettid), __func__, #name, \
	       (void *)&name, sizeof(name), __VA_ARGS__)
#define say_global(name, format, ...) \
	printf("GLOBAL %s %p %zu " format "\n", #name, (void *)&name, sizeof(name), __VA_ARGS__)
/* where the caller's stack ended before the call: System V ABI, 3.2.2 */
#define say_frame() \
	printf("FRAME %ld %s %p\n", syscall(SYS_gettid), __func__, \
	       (char *)__builtin_frame_address(0) + 16)
/* that it is used: optimization leaves it where it is */
#define keep(name) __asm__ volatile("" : : "r"(&name) : "memory")

static __attribute__((noipa)) void wait_for_end(void)
{
	char byte = 'w';

	say(byte, "'%c'", byte);
	pthread_mutex_lock(&lock);
	fflush(stdout);
	pthread_mutex_unlock(&lock);
	pthread_barrier_wait(&all_said);
	if (syscall(SYS_gettid) == getpid()) {
		printf("ready\n");
		fflush(stdout);
	}
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	keep(byte);
}

/* Becomes a part of its caller where there is optimization. */
static inline __attribute__((always_inline)) void inlined(int given)
{
	int doubled = 2 * given;
	long inner_sum = doubled + 1;

	say(doubled, "%d", doubled);
	say(inner_sum, "%ld", inner_sum);
	wait_for_end();
	keep(doubled);
	keep(inner_sum);
}

static __attribute__((noipa)) void all_types(const char *text, struct point *place, long double longest)
{
	bool yes = true;
	signed char small = -5;
	unsigned char byte = 200;
	short narrow = -300;
	unsigned short wide = 60000;
	unsigned long mask = 0xfedcba9876543210;
	float half = 0.5f;
	char name[16] = "a \"name\"";
	const char *pointed = text;
	enum colour colour = GREEN;
	struct point local = { 1, 2 };
	struct line line = { { 3, 4 }, { 5, 6 }, "l", 0.5f };
	long long_array[40] = { 9, 8, 7 };
	int many[5] = { 1, 2, 3, 4, 5 };
	void (*function)(int) = inlined;
	void *none = NULL;

	say_frame();
	say(yes, "%s", yes ? "true" : "false");
	say(small, "%d", small);
	say(byte, "%d", byte);
	say(narrow, "%d", narrow);
	say(wide, "%d", wide);
	say(mask, "%lu", mask);
	say(half, "%g", half);
	say(name, "\"%s\"", name);
	printf("VAR %ld %s pointed %p %zu %p \"%s\"\n", syscall(SYS_gettid), __func__, (void *)&pointed,
	       sizeof(pointed), (void *)pointed, pointed);
	say(colour, "GREEN (%d)", colour);
	say(local, "{x = %d, y = 2}", local.x);
	say(many, "{%d, 2, 3, 4, 5}", many[0]);
	say(line, "{from = {...}, to = {...}, label = \"%s\", width = 0.5}", line.label);
	say(long_array, "{%ld, 8, 7, 0, 0, 0, ...}", long_array[0]);
	say(function, "%p", (void *)function);
	say(none, "0x%x", 0);
	say(place, "%p", (void *)place);
	say(longest, "%.18Lg", longest);
	{
		int in_block = 11;
		static int calls = 3;

		say(in_block, "%d", in_block);
		say(calls, "%d", calls);
		inlined(in_block);
		keep(in_block);
		keep(calls);
	}
	{
		int other_block = 12; /* not in scope when it waits */

		keep(other_block);
	}
	keep(yes); keep(small); keep(byte); keep(narrow); keep(wide); keep(mask); keep(half);
	keep(name); keep(pointed); keep(colour); keep(local); keep(many); keep(function);
	keep(line); keep(long_array);
	keep(none); keep(place); keep(longest); keep(text);
}

static __attribute__((noipa)) long fact(int n)
{
	int argument = n;
	struct point here = { n, -n };
	long result = 1;

	say_frame();
	say(argument, "%d", argument);
	say(here, "{x = %d, y = %d}", here.x, here.y);
	say(result, "%ld", result);
	if (n > 1)
		result = n * fact(n - 1);
	else
		all_types("some text", &here, 1.25L);
	keep(argument);
	keep(here);
	keep(result);
	return result;
}

static void *worker(void *arg)
{
	int depth = (int)(intptr_t)arg;

	say_frame();
	say(depth, "%d", depth);
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	fact(depth);
	keep(depth);
	return NULL;
}

int main(int argc, char **argv)
{
	const long threads = argc > 1 ? atol(argv[1]) : 0;
	pthread_t id;
	long sum = 0;

	say_frame();
	say(sum, "%ld", sum);
	say_global(counted, "%d", counted);
	say_global(ratio, "%g", ratio);
	say_global(buffer, "\"%s\"", buffer);
	printf("GLOBAL title %p %zu %p \"%s\"\n", (void *)&title, sizeof(title), (void *)title, title);
	say_global(origin, "{x = %d, y = 0}", origin.x);
	keep(mine);
	pthread_barrier_init(&all_said, NULL, (unsigned)threads + 1);
	for (long i = 0; i < threads; i++)
		pthread_create(&id, NULL, worker, (void *)(i + 1));
	sum += fact(3);
	keep(sum);
	keep(origin);
	return 0;
}
