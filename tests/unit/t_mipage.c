// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_mipage.c - segments and pages of mimalloc, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpython/mipage.h"

#define SEGMENT	   0x7f0002000000ull
#define SLICE	   3
#define START	   (SEGMENT + SLICE * MIPAGE_SLICE)
#define NEW	   0 /* 2.5.2 */
#define OLD	   1 /* 2.1.2 */
#define BLOCK	   48
#define CAPACITY   100

static uint8_t bytes[MIPAGE_HEAD_MOST];
static struct mipage page;

static void put(size_t at, uint64_t value, size_t n)
{
	memcpy(bytes + at, &value, n);
}

/* A page of one slice, three of whose hundred blocks are in use. */
static void make_page(unsigned layout)
{
	memset(bytes, 0, sizeof(bytes));
	put(0, 1, 4);
	put(10, CAPACITY, 2);
	put(12, CAPACITY + 5, 2);
	put(16, START + 0x1000, 8);
	if (layout == NEW) {
		put(24, START + 0x2000, 8);
		put(32, 3, 2);
		put(35, 2, 1);
		put(40, BLOCK, 8);
		put(48, START + 144, 8);
		put(56, (START + 0x3000) | 3, 8);
	} else {
		put(8, 2 << 3 | 3, 1);
		put(24, 3, 4);
		put(28, BLOCK, 4);
		put(32, START + 0x2000, 8);
		put(40, (START + 0x3000) | 3, 8);
	}
	mipage_parse(layout, bytes, SEGMENT, SLICE, &page);
}

static void both_versions_say_the_same(void **state)
{
	(void)state;
	for (unsigned layout = 0; layout < MIPAGE_LAYOUTS; layout++) {
		make_page(layout);
		assert_int_equal(page.slices, 1);
		assert_int_equal(page.capacity, CAPACITY);
		assert_int_equal(page.reserved, CAPACITY + 5);
		assert_int_equal(page.used, 3);
		assert_int_equal(page.block_size, BLOCK);
		assert_int_equal(page.heap, 2);
		assert_int_equal(page.first, START + 144);
		assert_int_equal(page.free, START + 0x1000);
		assert_int_equal(page.local_free, START + 0x2000);
		assert_int_equal(page.thread_free, START + 0x3000);
		assert_true(mipage_is_used(&page, SEGMENT, SLICE));
	}
}

static void a_huge_block_of_old_has_all_slices(void **state)
{
	(void)state;
	make_page(OLD);
	put(0, 40000, 4);
	put(10, 1, 2);
	put(28, 2u << 30, 4);
	mipage_parse(OLD, bytes, SEGMENT, SLICE, &page);
	assert_int_equal(page.block_size, 40000ull * MIPAGE_SLICE);
	assert_true(mipage_is_used(&page, SEGMENT, SLICE));
}

/* Whether the page is still one once a field of it is changed. */
static bool used_with(size_t at, uint64_t value, size_t n)
{
	make_page(NEW);
	put(at, value, n);
	mipage_parse(NEW, bytes, SEGMENT, SLICE, &page);
	return mipage_is_used(&page, SEGMENT, SLICE);
}

static void what_does_not_fit_is_no_page(void **state)
{
	(void)state;
	assert_false(used_with(40, 1, 8));
	assert_false(used_with(40, MIPAGE_SLICE, 8));
	assert_false(used_with(40, ~0ull, 8));
	assert_false(used_with(10, 0, 2));
	assert_false(used_with(10, CAPACITY + 6, 2));
	assert_false(used_with(48, START - 8, 8));
	assert_false(used_with(48, START + MIPAGE_SLICE, 8));
	/* the last block ends with the slice, or a byte behind it */
	assert_true(used_with(48, START + MIPAGE_SLICE - CAPACITY * BLOCK, 8));
	assert_false(used_with(48, START + MIPAGE_SLICE - CAPACITY * BLOCK + 1, 8));
	assert_false(used_with(0, ~0u, 4));
	assert_false(used_with(0, 0, 4));
}

static void a_segment_is_of_one_version(void **state)
{
	struct misegment segment;

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	put(216, 4, 8);
	put(224, 0x1234, 8);
	put(248, 512, 8);
	put(256, 1, 8);
	put(272, 512, 8);
	put(280, 0x7f0000001000, 8);
	assert_true(mipage_segment(NEW, bytes, &segment));
	assert_int_equal(segment.slices, 512);
	assert_int_equal(segment.info_slices, 1);
	assert_int_equal(segment.entries, 512);
	assert_false(segment.huge);
	assert_false(mipage_segment(OLD, bytes, &segment));
	put(264, 2, 4);
	assert_false(mipage_segment(NEW, bytes, &segment));
	put(264, 1, 4);
	put(248, 511, 8);
	assert_false(mipage_segment(NEW, bytes, &segment));
}

static void classes_grow_with_sizes(void **state)
{
	unsigned before = 0;

	(void)state;
	for (uint64_t size = 1; size < 1ull << 40; size += 1 + size / 16) {
		const unsigned class = mipage_class(size);

		assert_true(class >= 1 && class >= before && class < MIPAGE_CLASSES);
		before = class;
	}
	assert_int_equal(before, MIPAGE_CLASSES - 1);
	assert_int_equal(mipage_class(16ull << 20), MIPAGE_CLASSES - 2);
	assert_int_equal(mipage_class((16ull << 20) + 1), MIPAGE_CLASSES - 1);
	assert_int_equal(mipage_class(~0ull), MIPAGE_CLASSES - 1);
	/* 80 bytes, and 96, are the next sizes after 64 */
	assert_int_equal(mipage_class(65), mipage_class(80));
	assert_int_equal(mipage_class(81), mipage_class(96));
	assert_int_equal(mipage_class(64) + 1, mipage_class(80));
}

/* As the headers have them: sizeof(mi_page_t) without Py_GIL_DISABLED, and with it. */
static void a_free_threaded_page_is_longer(void **state)
{
	(void)state;
	assert_int_equal(mipage_size(NEW, false), 96);
	assert_int_equal(mipage_size(NEW, true), 112);
	assert_int_equal(mipage_size(OLD, false), 80);
	assert_int_equal(mipage_size(OLD, true), 96);
	for (unsigned layout = 0; layout < MIPAGE_LAYOUTS; layout++) {
		assert_true(mipage_size(layout, true) <= MIPAGE_BYTES_MOST);
		assert_true(mipage_slices_at(layout) <= MIPAGE_HEAD_MOST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_say_the_same),
		cmocka_unit_test(a_huge_block_of_old_has_all_slices),
		cmocka_unit_test(what_does_not_fit_is_no_page),
		cmocka_unit_test(a_segment_is_of_one_version),
		cmocka_unit_test(classes_grow_with_sizes),
		cmocka_unit_test(a_free_threaded_page_is_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
