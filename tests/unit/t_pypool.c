// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pypool.c - pools of pymalloc, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpython/pypool.h"

#define POOL	4096
#define ADDR	0x7f0000042000ull
#define CLASS	3 /* of 64 bytes */
#define SIZE	64

static uint8_t bytes[POOL];
static struct pypool pool;

static struct pypool_head *head(void)
{
	return (struct pypool_head *)bytes;
}

static uint64_t block(unsigned i)
{
	return ADDR + sizeof(struct pypool_head) + i * SIZE;
}

/* A block that was freed: its first word is the address of the next. */
static void link_block(unsigned i, uint64_t next)
{
	memcpy(bytes + (block(i) - ADDR), &next, sizeof(next));
}

/* A pool of which ten blocks were handed out, and 7 and 2 freed, in this order. */
static void make_pool(void)
{
	memset(bytes, 0xaa, sizeof(bytes));
	*head() = (struct pypool_head){ .count = 8,
					.freeblock = block(2),
					.arenaindex = 5,
					.szidx = CLASS,
					.nextoffset = sizeof(struct pypool_head) + 10 * SIZE,
					.maxnextoffset = POOL - SIZE };
	link_block(2, block(7));
	link_block(7, 0);
}

static bool parse(void)
{
	return pypool_parse(bytes, POOL, ADDR, &pool);
}

static void a_pool_in_use(void **state)
{
	(void)state;
	make_pool();
	assert_true(parse());
	assert_int_equal(pool.size, SIZE);
	assert_int_equal(pool.blocks, (POOL - 48) / SIZE);
	assert_int_equal(pool.used, 8);
	for (unsigned i = 0; i < pool.blocks; i++)
		assert_int_equal(pool.in_use[i], i < 10 && i != 2 && i != 7);
	assert_int_equal(pypool_offset(&pool, 3), 48 + 3 * SIZE);
}

static void a_free_pool(void **state)
{
	(void)state;
	make_pool();
	head()->count = 0;
	head()->szidx = 4000000000u; /* of before */
	assert_true(parse());
	assert_int_equal(pool.size, 0);
	assert_int_equal(pool.used, 0);
}

static void a_pool_that_is_full(void **state)
{
	(void)state;
	make_pool();
	head()->count = (POOL - 48) / SIZE;
	head()->freeblock = 0;
	head()->nextoffset = 48 + head()->count * SIZE;
	assert_true(parse());
	assert_int_equal(pool.used, pool.blocks);
}

/* Each of these is what a pool looks like that changed while it was read. */
static void what_does_not_agree(void **state)
{
	(void)state;
	make_pool();
	head()->count++;
	assert_false(parse());
	make_pool();
	head()->szidx = PYPOOL_CLASSES;
	assert_false(parse());
	make_pool();
	head()->maxnextoffset -= 16;
	assert_false(parse());
	make_pool();
	head()->nextoffset += 8;
	assert_false(parse());
	make_pool();
	head()->nextoffset = POOL + SIZE;
	assert_false(parse());
	make_pool();
	head()->nextoffset = 0;
	assert_false(parse());
}

static void a_list_that_leads_astray(void **state)
{
	(void)state;
	const uint64_t wrong[] = { block(2), block(9) + SIZE, block(3) + 8, ADDR, ADDR - SIZE,
				   ADDR + POOL, 1, UINT64_MAX, block(2) + (1ull << 32) };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		make_pool();
		link_block(2, wrong[i]);
		assert_false(parse());
		make_pool();
		head()->freeblock = wrong[i];
		if (i) /* the first is where it begins */
			assert_false(parse());
	}
}

static void small_blocks(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	*head() = (struct pypool_head){ .count = 253,
					.nextoffset = POOL,
					.maxnextoffset = POOL - 16 };
	assert_true(parse());
	assert_int_equal(pool.blocks, 253);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_in_use),
		cmocka_unit_test(a_free_pool),
		cmocka_unit_test(a_pool_that_is_full),
		cmocka_unit_test(what_does_not_agree),
		cmocka_unit_test(a_list_that_leads_astray),
		cmocka_unit_test(small_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
