// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_blocks.c - the table of live blocks against a naive one, and its bound on memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ledger/blocks.h"

#define MIB ((size_t)1024 * 1024)
#define BOUND 64     /* bytes a block */
#define ENOUGH 10000 /* blocks from which on the bound holds */
#define PROCESSES 3
#define PLACES 30000 /* of each process */

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* The naive table: one entry for every address there can be. */
static struct block naive[PROCESSES][PLACES];
static size_t naive_count;

static uint64_t address(size_t place)
{
	return 0x7f1234560010 + place * 16;
}

static void check_same(const struct block *got, const struct block *expected)
{
	assert_memory_equal(got, expected, sizeof(*got));
}

static void random_put(struct blocks *blocks, uint32_t process, size_t place)
{
	struct block *mine = &naive[process][place];
	struct block block = { address(place), next_random(), next_random(), process, 0, 0, 0, 0, 0 };
	struct block old = { 0 };
	bool replaced = !mine->addr;

	block.site = (uint32_t)block.size;
	block.segment = block.size >> 3;
	assert_int_equal(blocks_put(blocks, &block, &old, &replaced), 0);
	assert_int_equal(replaced, mine->addr != 0);
	if (replaced)
		check_same(&old, mine);
	else
		naive_count++;
	*mine = block;
}

static void random_take(struct blocks *blocks, uint32_t process, size_t place)
{
	struct block *mine = &naive[process][place];
	struct block block = { 0 };
	bool taken = blocks_take(blocks, process, address(place), &block);

	assert_int_equal(taken, mine->addr != 0);
	check_same(&block, mine);
	naive_count -= taken;
	memset(mine, 0, sizeof(*mine));
}

static void check_find(const struct blocks *blocks, uint32_t process, size_t place)
{
	const struct block *mine = &naive[process][place];
	const struct block *found = blocks_find(blocks, process, address(place));

	assert_int_equal(found != NULL, mine->addr != 0);
	if (found)
		check_same(found, mine);
}

/* Every block is visited once, and found, and no other. */
static void check_all(const struct blocks *blocks)
{
	const struct block *block;
	uint8_t *seen = calloc(PROCESSES, PLACES);
	size_t at = 0, n = 0;

	assert_int_equal(blocks_count(blocks), naive_count);
	while ((block = blocks_next(blocks, &at))) {
		size_t place = (block->addr - address(0)) / 16;

		assert_true(block->process < PROCESSES && place < PLACES);
		check_same(block, &naive[block->process][place]);
		assert_int_equal(seen[block->process * PLACES + place]++, 0);
		n++;
	}
	assert_null(blocks_next(blocks, &at));
	assert_int_equal(n, naive_count);
	for (size_t i = 0; i < (size_t)PROCESSES * PLACES; i++)
		check_find(blocks, (uint32_t)(i / PLACES), i % PLACES);
	free(seen);
}

static void random_drop(struct blocks *blocks, uint32_t process)
{
	size_t n = 0;

	for (size_t place = 0; place < PLACES; place++) {
		n += naive[process][place].addr != 0;
		memset(&naive[process][place], 0, sizeof(naive[process][place]));
	}
	naive_count -= n;
	assert_int_equal(blocks_drop(blocks, process), n);
}

/* Puts prevail in one half of a period and takes in the other, so it grows and shrinks. */
static void test_random(void **state)
{
	struct blocks *blocks = blocks_new();

	(void)state;
	random_state = 20240229;
	naive_count = 0;
	memset(naive, 0, sizeof(naive));
	for (int i = 0; i < 6000000; i++) {
		uint32_t process = next_random() % PROCESSES;
		size_t place = next_random() % PLACES;
		unsigned int puts = i / 300000 % 2 ? 25 : 60;
		unsigned int what = next_random() % 100;

		if (i % 500000 == 499999)
			random_drop(blocks, process);
		if (i % 100000 == 0)
			check_all(blocks);
		if (what < puts)
			random_put(blocks, process, place);
		else if (what < 85)
			random_take(blocks, process, place);
		else
			check_find(blocks, process, place);
	}
	check_all(blocks);
	for (uint32_t process = 0; process < PROCESSES; process++) {
		random_drop(blocks, process);
		check_all(blocks);
	}
	blocks_free(blocks);
}

static int put(struct blocks *blocks, uint32_t process, uint64_t addr, uint64_t size)
{
	struct block old, block = { .addr = addr, .size = size, .process = process };
	bool replaced;
	int err = blocks_put(blocks, &block, &old, &replaced);

	return err ? err : replaced;
}

static void test_two_processes(void **state)
{
	struct blocks *blocks = blocks_new();
	struct block block;

	(void)state;
	assert_int_equal(put(blocks, 1, 0x1000, 11), 0);
	assert_int_equal(put(blocks, 2, 0x1000, 22), 0);
	assert_int_equal(put(blocks, 0, 0x1000, 33), 0);
	assert_int_equal(blocks_count(blocks), 3);
	assert_int_equal(blocks_find(blocks, 1, 0x1000)->size, 11);
	assert_int_equal(blocks_find(blocks, 2, 0x1000)->size, 22);
	assert_null(blocks_find(blocks, 3, 0x1000));
	assert_true(blocks_take(blocks, 1, 0x1000, &block));
	assert_int_equal(block.size, 11);
	assert_false(blocks_take(blocks, 1, 0x1000, &block));
	assert_int_equal(blocks_find(blocks, 2, 0x1000)->size, 22);
	assert_int_equal(blocks_drop(blocks, 0), 1);
	assert_int_equal(blocks_drop(blocks, 0), 0);
	assert_int_equal(blocks_count(blocks), 1);
	blocks_free(blocks);
}

static void test_replace(void **state)
{
	struct blocks *blocks = blocks_new();
	struct block first = { 0x7000, 1, 2, 3, 4, 0, 1, 2, 3 };
	struct block second = { 0x7000, 5, 6, 3, 8, 1, 4, 5, 6 }, old;
	bool replaced = true;

	(void)state;
	assert_int_equal(blocks_put(blocks, &first, &old, &replaced), 0);
	assert_false(replaced);
	assert_int_equal(blocks_put(blocks, &second, &old, &replaced), 0);
	assert_true(replaced);
	check_same(&old, &first);
	assert_int_equal(blocks_count(blocks), 1);
	check_same(blocks_find(blocks, 3, 0x7000), &second);
	blocks_free(blocks);
}

static void test_nothing(void **state)
{
	struct blocks *blocks = blocks_new();
	struct block block;
	size_t at = 0;

	(void)state;
	assert_null(blocks_next(blocks, &at));
	assert_null(blocks_find(blocks, 0, 0x1000));
	assert_int_equal(put(blocks, 0, 0, 5), -EINVAL);
	assert_null(blocks_find(blocks, 0, 0));
	assert_false(blocks_take(blocks, 0, 0, &block));
	assert_int_equal(blocks_drop(blocks, 0), 0);
	assert_int_equal(blocks_count(blocks), 0);
	assert_in_range(blocks_memory(blocks), 1, 64 * 1024);
	blocks_free(blocks);
	blocks_free(NULL);
}

/* Addresses at both ends, far apart and next to each other, in many processes. */
static void test_addresses(void **state)
{
	static const uint64_t steps[] = { 1, 8, 16, 4096, 1ull << 21, 1ull << 32, 1ull << 40 };
	struct blocks *blocks = blocks_new();
	size_t n = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
		for (uint32_t i = 0; i < 5000; i++, n++)
			assert_int_equal(put(blocks, 1 << s, steps[s] * (i + 1), i), 0);
	}
	for (uint32_t i = 0; i < 5000; i++, n++)
		assert_int_equal(put(blocks, UINT32_MAX - i, UINT64_MAX, i), 0);
	assert_int_equal(blocks_count(blocks), n);
	for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
		for (uint32_t i = 0; i < 5000; i++)
			assert_int_equal(blocks_find(blocks, 1 << s, steps[s] * (i + 1))->size, i);
	}
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(blocks_find(blocks, UINT32_MAX - i, UINT64_MAX)->size, i);
	blocks_free(blocks);
}

/*
 * The memory held, and where it has just changed, the most held on the way there, when
 * the old slots were there too: growing by half adds half of them, shrinking by a
 * quarter, or a sixth with whole pages, gives that much of them back.
 */
static void check_bound(const struct blocks *blocks, size_t before)
{
	size_t now = blocks_memory(blocks), count = blocks_count(blocks), peak = now;

	if (now > before)
		peak += 2 * (now - before);
	if (now < before)
		peak += 6 * (before - now);
	if (count >= ENOUGH && peak > BOUND * count)
		fail_msg("%zu blocks: %zu bytes, %zu before, %.1f each at the peak", count, now,
			 before, (double)peak / (double)count);
}

static void test_memory_bound(void **state)
{
	const uint64_t n = 1200000;
	struct blocks *blocks = blocks_new();
	struct block block;
	size_t before = blocks_memory(blocks), times = 0;

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		put(blocks, (uint32_t)(i % 3), 0x550000000000 + i * 48, i);
		times += blocks_memory(blocks) != before;
		check_bound(blocks, before);
		before = blocks_memory(blocks);
	}
	assert_true(times > 64 * 5);
	for (uint64_t i = 0; i < n; i++) {
		assert_true(
			blocks_take(blocks, (uint32_t)(i % 3), 0x550000000000 + i * 48, &block));
		assert_int_equal(block.size, i);
		check_bound(blocks, before);
		before = blocks_memory(blocks);
	}
	assert_int_equal(blocks_count(blocks), 0);
	assert_in_range(before, 1, 64 * 1024);
	blocks_free(blocks);
}

/* A drop gives memory back as well. */
static void test_memory_drop(void **state)
{
	struct blocks *blocks = blocks_new();

	(void)state;
	for (uint64_t i = 0; i < 300000; i++)
		put(blocks, i % 10 == 0, 0x550000000000 + i * 32, i);
	assert_int_equal(blocks_drop(blocks, 0), 270000);
	assert_int_equal(blocks_count(blocks), 30000);
	assert_in_range(blocks_memory(blocks), 1, BOUND * 30000);
	for (uint64_t i = 0; i < 300000; i++)
		assert_int_equal(blocks_find(blocks, 1, 0x550000000000 + i * 32) != NULL,
				 i % 10 == 0);
	blocks_free(blocks);
}

/* A field of /proc/self/status in bytes. */
static size_t status_bytes(const char *field)
{
	FILE *file = fopen("/proc/self/status", "r");
	size_t kib = 0, len = strlen(field);
	char line[128];

	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, field, len) == 0)
			kib = strtoul(line + len, NULL, 10);
	}
	fclose(file);
	return kib * 1024;
}

/* What the kernel says was resident at most, not what the table says of itself. */
static void test_memory_resident(void **state)
{
	const size_t n = 1000000;
	struct blocks *blocks;
	size_t before, peak;
	FILE *clear;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow would be counted too */
#endif
	blocks = blocks_new();
	clear = fopen("/proc/self/clear_refs", "w");
	assert_non_null(clear);
	assert_true(fputs("5", clear) >= 0); /* proc(5): the peak is now what is resident */
	assert_int_equal(fclose(clear), 0);
	before = status_bytes("VmRSS:");
	for (size_t i = 0; i < n; i++)
		put(blocks, 1, 0x550000000000 + i * 48, i);
	peak = status_bytes("VmHWM:") - before;
	assert_in_range(peak, 32 * n, BOUND * n);
	blocks_free(blocks);
	assert_in_range(status_bytes("VmRSS:"), 0, before + 4 * MIB);
}

/* Growth fails: the blocks already there stay, and the table goes on when it can. */
static void test_no_memory(void **state)
{
	struct rlimit before, small;
	struct blocks *blocks;
	unsigned long pages = 0;
	uint64_t n = 0;
	int err;
	FILE *statm;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow is larger than any limit */
#endif
	blocks = blocks_new();
	statm = fopen("/proc/self/statm", "r");
	assert_int_equal(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	getrlimit(RLIMIT_AS, &before);
	small = before;
	small.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 8 * MIB;
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	while (n < 10000000 && (err = put(blocks, 7, 16 + n * 16, n)) == 0)
		n++;
	assert_int_equal(put(blocks, 7, 16, 0), 1); /* to replace needs none */
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(err, -ENOMEM);
	assert_in_range(n, ENOUGH, 10000000);
	assert_int_equal(blocks_count(blocks), n);
	for (uint64_t i = n; i < 2 * n; i++)
		assert_int_equal(put(blocks, 7, 16 + i * 16, i), 0);
	for (uint64_t i = 0; i < 2 * n; i++)
		assert_int_equal(blocks_find(blocks, 7, 16 + i * 16)->size, i);
	blocks_free(blocks);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_resident), /* first, on a heap without holes */
		cmocka_unit_test(test_random),		cmocka_unit_test(test_two_processes),
		cmocka_unit_test(test_replace),		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_addresses),	cmocka_unit_test(test_memory_bound),
		cmocka_unit_test(test_memory_drop),	cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
