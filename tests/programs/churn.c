// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * churn.c - threads that allocate without rest, check every byte they get back, and would
 * notice at once if a call of the allocator did anything but what it does.
 *
 * Each round is the same sequence of calls, so its sum is known from the first, which is
 * run before "ready". A line on stdin is answered by "at ROUNDS WRONG"; its end by "end
 * ROUNDS WRONG" and exit status 0 when no round was wrong.
 *
 * The heaps are grown once and never trimmed: /proc/PID/maps then stays as it is.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS	4
#define SLOTS	128
#define CALLS	4000

struct slot {
	unsigned char *block;
	size_t size;
	unsigned char byte;
};

static uint64_t expected, rounds, wrong;
static int stop, warm;

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void fill(struct slot *slot, unsigned char byte)
{
	slot->byte = byte;
	memset(slot->block, byte, slot->size);
}

/* 1 when the block still holds what was put there. */
static unsigned holds(const struct slot *slot, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (slot->block[i] != slot->byte)
			return 0;
	return 1;
}

static unsigned drop(struct slot *slot)
{
	unsigned good = holds(slot, slot->size);

	free(slot->block);
	slot->block = NULL;
	return good;
}

/* 1 when the new block is as it must be: calloc's holds nothing but 0. */
static unsigned renew(struct slot *slot, uint32_t how, size_t size)
{
	*slot = (struct slot){ .size = size };
	switch (how % 4) {
	case 0:
		slot->block = calloc(1, size);
		return holds(slot, size);
	case 1:
		return !posix_memalign((void **)&slot->block, 64, size) &&
		       (uintptr_t)slot->block % 64 == 0;
	}
	slot->block = malloc(size);
	return slot->block != NULL;
}

static uint64_t run_round(void)
{
	struct slot slots[SLOTS] = { 0 };
	uint32_t seed = 12345;
	uint64_t sum = 0;

	for (int i = 0; i < CALLS; i++) {
		struct slot *slot = &slots[next(&seed) % SLOTS];
		uint32_t how = next(&seed);
		size_t size = 1 + next(&seed) % 600;

		if (!slot->block) {
			sum = sum * 31 + renew(slot, how, size);
		} else if (how % 3 == 0) {
			size_t kept = size < slot->size ? size : slot->size;

			slot->block = realloc(slot->block, size);
			slot->size = size;
			sum = sum * 31 + holds(slot, kept);
		} else {
			sum = sum * 31 + drop(slot) + slot->size;
			continue;
		}
		fill(slot, 1 + i % 255);
	}
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].block)
			sum = sum * 31 + drop(&slots[i]);
	return sum;
}

/* Make the heap of this thread larger than it will ever need. */
static void grow_heap(void)
{
	void *blocks[64];

	for (int i = 0; i < 64; i++)
		blocks[i] = malloc(64 << 10);
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
}

static void *churn(void *arg)
{
	grow_heap();
	__atomic_fetch_add(&warm, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (run_round() != expected)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&rounds, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

static void answer(const char *word)
{
	dprintf(1, "%s %lu %lu\n", word, __atomic_load_n(&rounds, __ATOMIC_RELAXED),
		__atomic_load_n(&wrong, __ATOMIC_RELAXED));
}

int main(void)
{
	pthread_t threads[THREADS];
	char byte;

	mallopt(M_ARENA_MAX, THREADS + 1);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 16 << 20);
	grow_heap();
	expected = run_round();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, NULL))
			return 2;
	while (__atomic_load_n(&warm, __ATOMIC_SEQ_CST) < THREADS)
		usleep(1000);
	dprintf(1, "ready\n");
	while (read(0, &byte, 1) == 1)
		if (byte == '\n')
			answer("at");
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	answer("end");
	return wrong != 0;
}
