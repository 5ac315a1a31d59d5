/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * leaky.c - blocks of which it is known who points to them.
 *
 * leaky GRAPHS END: makes each graph whose letter is in GRAPHS, all of them for "all", then
 * ends: return, exit, _exit, abort, kill, leave (the first thread alone), wait (prints "ready
 * PID", returns when a line comes), busy (makes and frees blocks until a line comes), again
 * (waits, makes the graphs once more, waits).
 * Each graph takes its blocks by calls of its own, of sizes of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HIDDEN 0x5555555555555555 /* what is kept with this is not found */

struct node {
	struct node *left, *right;
	char pad[8];
};

static void *volatile kept[16];
static __thread void *volatile local;
static struct node *volatile head;
static uintptr_t hidden[4];
static volatile int stands;

#define APART __attribute__((noinline, noclone))

/* Nothing of what was called before is left on the stack. */
static APART void scrub(void)
{
	volatile char room[16384];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
}

static APART void list_kept(void)
{
	for (int i = 0; i < 5; i++) {
		struct node *node = calloc(1, sizeof(*node) + 8);

		node->left = head;
		head = node;
	}
}

static APART void list_lost(void)
{
	struct node *first = NULL;

	for (int i = 0; i < 5; i++) {
		struct node *node = calloc(1, sizeof(*node) + 16);

		node->left = first;
		first = node;
	}
}

static APART void tree_lost(void)
{
	struct node *nodes[7];

	for (int i = 0; i < 7; i++)
		nodes[i] = calloc(1, sizeof(*nodes[i]) + 32);
	for (int i = 0; i < 3; i++) {
		nodes[i]->left = nodes[2 * i + 1];
		nodes[i]->right = nodes[2 * i + 2];
	}
	memset(nodes, 0, sizeof(nodes));
}

static APART void cycle_lost(void)
{
	struct node *nodes[3];

	for (int i = 0; i < 3; i++)
		nodes[i] = calloc(1, sizeof(*nodes[i]) + 48);
	for (int i = 0; i < 3; i++)
		nodes[i]->right = nodes[(i + 1) % 3];
	memset(nodes, 0, sizeof(nodes));
}

/* kept -> middle of a block; kept -> a block -> middle of one -> a whole one */
static APART void inside(void)
{
	struct node *first = calloc(1, 120), *second = calloc(1, 136), *third = calloc(1, 152);

	kept[0] = (char *)calloc(1, 104) + 48;
	kept[1] = first;
	first->left = (struct node *)((char *)second + 16);
	second->right = third;
}

static APART void thread_local_only(void)
{
	local = malloc(168);
}

static APART void mapped(void)
{
	void **page = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	page[1000] = malloc(184);
}

static APART void array_grown(void)
{
	void **array = NULL;

	for (int i = 0; i < 20; i++) {
		array = realloc(array, (i + 1) * sizeof(*array));
		array[i] = malloc(200);
	}
	kept[2] = array;
}

/* one byte behind its end points to no block */
static APART void behind(void)
{
	kept[3] = (char *)malloc(216) + 216;
}

static APART void nothing(void)
{
	kept[4] = malloc(0);
	kept[5] = malloc(0);
	kept[5] = NULL;
}

static APART void aligned(void)
{
	kept[6] = aligned_alloc(64, 232);
	kept[7] = aligned_alloc(256, 248);
	kept[7] = NULL;
}

/* an array of 10 whose count is in front; a length in front; a string of the old library */
static APART void counted(void)
{
	size_t *array = calloc(1, 8 + 10 * 26), *text = calloc(1, 8 + 276);
	size_t *string = calloc(1, 24 + 283 + 1), *other = calloc(1, 8 + 301);

	array[0] = 10;
	text[0] = 276;
	string[0] = 7;
	string[1] = 283;
	other[0] = 4;
	kept[8] = array + 1;
	kept[9] = text + 1;
	kept[10] = string + 3;
	kept[11] = other + 1;
}

static APART void large(void)
{
	void **block = malloc(3 << 20);

	block[(3 << 20) / sizeof(*block) - 1] = malloc(312);
	kept[12] = block;
	*(char *)malloc(1 << 20) = 1;
}

/* memory that was freed still says where a block was */
static APART void stale(void)
{
	void **block = malloc(328);

	block[10] = malloc(344);
	free(block);
}

/* the word that leads there is not aligned */
static APART void crooked(void)
{
	static volatile char room[24] __attribute__((aligned(8)));
	void *block = malloc(360);

	memcpy((char *)room + 4, &block, sizeof(block));
}

static void *stand(void *arg)
{
	uintptr_t number = (uintptr_t)arg, word = hidden[number] ^ HIDDEN;
	void *volatile on_stack = NULL;

	if (number == 0)
		on_stack = (void *)word;
	if (number == 1)
		local = (void *)word;
	word = 0;
	scrub();
	__atomic_fetch_add(&stands, 1, __ATOMIC_SEQ_CST);
	if (number < 2)
		for (;;)
			pause();
	/* the third one has it in a register, and nowhere else */
	__asm__ volatile("mov %0, %%r15\n"
			 "mov %1, %%rdi\n"
			 "xor %%rdi, %%r15\n"
			 "1: mov $34, %%eax\n" /* pause */
			 "syscall\n"
			 "jmp 1b\n"
			 :
			 : "m"(hidden[2]), "i"(HIDDEN)
			 : "r15", "rdi", "rax", "rcx", "r11", "memory");
	return on_stack;
}

static APART void in_threads(void)
{
	pthread_t thread;

	hidden[0] = (uintptr_t)malloc(376) ^ HIDDEN;
	hidden[1] = (uintptr_t)malloc(392) ^ HIDDEN;
	hidden[2] = (uintptr_t)malloc(408) ^ HIDDEN;
	for (uintptr_t i = 0; i < 3; i++)
		pthread_create(&thread, NULL, stand, (void *)i);
	while (stands < 3)
		usleep(1000);
}

/* The essay's two Points. */
static APART void points(void)
{
	struct point {
		int x, y;
	} *first = malloc(sizeof(*first)), *second = malloc(sizeof(*second));

	first->x = second->y = 1;
}

/* Made the second time, a block that only one from the first time points to. */
static APART void old(void)
{
	static void ***volatile holder;

	if (!holder)
		holder = calloc(1, 440);
	else
		holder[3] = malloc(456);
}

/* In front of the free memory at the end, to whose header glibc itself points. */
static APART void last(void)
{
	char *block = malloc(424);

	block[0] = 1;
}

/* Far below what of the stack is in use. */
static APART void below_stack(void)
{
	void *volatile room[8192];

	room[0] = malloc(472);
	if (!room[0])
		abort();
}

static APART void make(const char *graphs)
{
	static const struct {
		char letter;
		void (*make)(void);
	} all[] = {
		{ 'k', list_kept }, { 'l', list_lost }, { 't', tree_lost }, { 'c', cycle_lost },
		{ 'i', inside },    { 'T', thread_local_only }, { 'm', mapped },
		{ 'g', array_grown }, { 'b', behind }, { 'n', nothing }, { 'a', aligned },
		{ 'h', counted },   { 'L', large },    { 's', stale },   { 'x', crooked },
		{ 'p', in_threads }, { 'P', points }, { 'o', old }, { 'z', last },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(graphs, "all") || strchr(graphs, all[i].letter)) {
			all[i].make();
			scrub();
		}
}

static void *cover(void *arg)
{
	while (!arg)
		pause();
	return arg;
}

static void say_ready(void)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "ready %d\n", (int)getpid());

	if (write(STDOUT_FILENO, line, n) != n)
		_exit(1);
}

static void wait_for_line(void)
{
	char byte = '\n'; /* as at the end of the input */

	say_ready();
	do
		if (read(STDIN_FILENO, &byte, 1) < 0)
			_exit(1);
	while (byte != '\n');
}

/* Works until a line comes, and says how often. */
static void *work(void *stop)
{
	static volatile unsigned long rounds;

	while (!*(volatile int *)stop) {
		void *blocks[64];

		for (int i = 0; i < 64; i++)
			blocks[i] = malloc(i * 10);
		for (int i = 0; i < 64; i++)
			free(blocks[i]);
		rounds++;
		usleep(500);
	}
	return (void *)rounds;
}

static void be_busy(void)
{
	static volatile int stop;
	pthread_t threads[2];
	void *rounds[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, work, (void *)&stop);
	wait_for_line();
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], &rounds[i]);
	if (!rounds[0])
		_exit(1);
	if (write(STDOUT_FILENO, "done\n", 5) != 5)
		_exit(1);
}

int main(int argc, char **argv)
{
	const char *end = argc > 2 ? argv[2] : "return";
	pthread_t thread;

	make(argc > 1 ? argv[1] : "all");
	scrub();
	if (argc < 2 || !strcmp(argv[1], "all"))
		below_stack();
	if (!strcmp(end, "wait"))
		wait_for_line();
	if (!strcmp(end, "busy"))
		be_busy();
	if (!strcmp(end, "again")) {
		wait_for_line();
		make(argv[1]);
		scrub();
		wait_for_line();
	}
	if (!strcmp(end, "exit"))
		exit(3);
	if (!strcmp(end, "_exit"))
		_exit(4);
	if (!strcmp(end, "abort"))
		abort();
	if (!strcmp(end, "kill"))
		raise(SIGKILL);
	if (!strcmp(end, "leave")) {
		pthread_create(&thread, NULL, cover, NULL);
		say_ready();
		pthread_exit(NULL);
	}
	return 0;
}
