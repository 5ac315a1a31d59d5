// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_segment.c - the table of segments: edges, cuts, edits, and its record of changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "place/segment.h"

static uint32_t next_id;

static void add(struct segments *s, uint64_t start, uint64_t end, int kind, uint64_t born_ns)
{
	const struct segment segment = { .start = start,
					 .end = end,
					 .kind = kind,
					 .name = "",
					 .prot = 3,
					 .born_ns = born_ns };

	segments_add(s, &segment);
}

/* In order, without overlap, no empty ones, ids unique: what every change must leave. */
static void check(const struct segments *s)
{
	for (size_t i = 0; i < s->n; i++) {
		assert_true(s->at[i].start < s->at[i].end);
		assert_true(s->at[i].id != 0);
		if (i)
			assert_true(s->at[i - 1].end <= s->at[i].start);
		for (size_t j = 0; j < i; j++)
			assert_true(s->at[j].id != s->at[i].id);
	}
}

static void edges_are_half_open(void **state)
{
	struct segments s;

	(void)state;
	segments_init(&s, &next_id);
	assert_null(segments_find(&s, 0));
	add(&s, 0x1000, 0x2000, SEGMENT_HEAP, 0);
	add(&s, 0x2000, 0x3000, SEGMENT_ANON, 0);
	add(&s, 0x5000, 0x6000, SEGMENT_STACK, 0);
	assert_null(segments_find(&s, 0xfff));
	assert_int_equal(segments_find(&s, 0x1000)->kind, SEGMENT_HEAP);
	assert_int_equal(segments_find(&s, 0x1fff)->kind, SEGMENT_HEAP);
	assert_int_equal(segments_find(&s, 0x2000)->kind, SEGMENT_ANON);
	assert_int_equal(segments_find(&s, 0x2fff)->kind, SEGMENT_ANON);
	assert_null(segments_find(&s, 0x3000));
	assert_null(segments_find(&s, 0x4fff));
	assert_int_equal(segments_find(&s, 0x5000)->kind, SEGMENT_STACK);
	assert_null(segments_find(&s, 0x6000));
	assert_null(segments_find(&s, UINT64_MAX));
	segments_clear(&s);
}

static void a_cut_in_the_middle_leaves_two(void **state)
{
	struct segments s;
	uint32_t id;

	(void)state;
	segments_init(&s, &next_id);
	add(&s, 0x1000, 0x9000, SEGMENT_ANON, 0);
	id = s.at[0].id;
	segments_settle(&s);
	segments_cut(&s, 0x3000, 0x5000, UINT64_MAX);
	check(&s);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.at[0].id, id);
	assert_int_equal(s.at[0].end, 0x3000);
	assert_int_equal(s.at[1].start, 0x5000);
	assert_int_equal(s.at[1].end, 0x9000);
	assert_int_equal(s.n_changes, 2);
	assert_int_equal(s.changes[0].what, SEGMENT_CHANGED);
	assert_int_equal(s.changes[1].what, SEGMENT_NEW);
	segments_clear(&s);
}

static void a_cut_takes_ends_and_wholes(void **state)
{
	struct segments s;

	(void)state;
	segments_init(&s, &next_id);
	add(&s, 0x1000, 0x3000, SEGMENT_ANON, 0);
	add(&s, 0x3000, 0x4000, SEGMENT_HEAP, 0);
	add(&s, 0x4000, 0x6000, SEGMENT_ANON, 0);
	segments_settle(&s);
	segments_cut(&s, 0x2000, 0x5000, UINT64_MAX);
	check(&s);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.at[0].end, 0x2000);
	assert_int_equal(s.at[1].start, 0x5000);
	assert_int_equal(s.changes[1].what, SEGMENT_GONE);
	assert_int_equal(s.changes[1].segment.kind, SEGMENT_HEAP);
	segments_clear(&s);
}

/* munmap begins at 50, another thread maps at 60, the munmap is reported at 70 */
static void a_cut_spares_the_younger(void **state)
{
	struct segments s;

	(void)state;
	segments_init(&s, &next_id);
	add(&s, 0x1000, 0x2000, SEGMENT_ANON, 60);
	segments_cut(&s, 0x1000, 0x2000, 50);
	assert_int_equal(s.n, 1);
	segments_cut(&s, 0x1000, 0x2000, 61);
	assert_int_equal(s.n, 0);
	segments_clear(&s);
}

static void an_addition_replaces(void **state)
{
	struct segments s;

	(void)state;
	segments_init(&s, &next_id);
	add(&s, 0x1000, 0x9000, SEGMENT_ANON, 0);
	add(&s, 0x2000, 0x3000, SEGMENT_FILE, 0);
	add(&s, 0x8000, 0xa000, SEGMENT_TEXT, 0);
	check(&s);
	assert_int_equal(s.n, 4);
	assert_int_equal(segments_find(&s, 0x2fff)->kind, SEGMENT_FILE);
	assert_int_equal(segments_find(&s, 0x3000)->kind, SEGMENT_ANON);
	assert_int_equal(segments_find(&s, 0x8000)->kind, SEGMENT_TEXT);
	segments_clear(&s);
}

static void an_edit_splits_at_its_borders(void **state)
{
	const struct segment_edit readonly = { .prot = 1, .kind = -1 };
	struct segments s;

	(void)state;
	segments_init(&s, &next_id);
	add(&s, 0x1000, 0x9000, SEGMENT_ANON, 0);
	segments_settle(&s);
	segments_edit(&s, 0x3000, 0x5000, &readonly);
	check(&s);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.at[0].prot, 3);
	assert_int_equal(s.at[1].prot, 1);
	assert_int_equal(s.at[1].start, 0x3000);
	assert_int_equal(s.at[1].end, 0x5000);
	assert_int_equal(s.at[2].prot, 3);
	segments_settle(&s);
	segments_edit(&s, 0x3000, 0x5000, &readonly);
	assert_int_equal(s.n_changes, 0);
	segments_clear(&s);
}

#define PAGES 64

/* Against a byte for each page, over many random operations. */
static void agrees_with_a_page_array(void **state)
{
	unsigned char page[PAGES] = { 0 };
	struct segments s;

	(void)state;
	srand(7);
	segments_init(&s, &next_id);
	for (int i = 0; i < 20000; i++) {
		unsigned from = rand() % PAGES, to = from + 1 + rand() % (PAGES - from);
		int kind = 1 + rand() % (SEGMENT_KINDS - 1);
		const struct segment_edit edit = { .prot = -1, .kind = kind };

		switch (rand() % 3) {
		case 0:
			add(&s, from * 0x1000, to * 0x1000, kind, 0);
			memset(page + from, kind, to - from);
			break;
		case 1:
			segments_cut(&s, from * 0x1000, to * 0x1000, UINT64_MAX);
			memset(page + from, 0, to - from);
			break;
		case 2:
			segments_edit(&s, from * 0x1000, to * 0x1000, &edit);
			for (unsigned p = from; p < to; p++)
				page[p] = page[p] ? kind : 0;
			break;
		}
		check(&s);
		segments_settle(&s);
		for (unsigned p = 0; p < PAGES; p++) {
			const struct segment *found = segments_find(&s, p * 0x1000 + rand() % 0x1000);

			assert_int_equal(found ? found->kind : 0, page[p]);
		}
	}
	segments_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_half_open),
		cmocka_unit_test(a_cut_in_the_middle_leaves_two),
		cmocka_unit_test(a_cut_takes_ends_and_wholes),
		cmocka_unit_test(a_cut_spares_the_younger),
		cmocka_unit_test(an_addition_replaces),
		cmocka_unit_test(an_edit_splits_at_its_borders),
		cmocka_unit_test(agrees_with_a_page_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
