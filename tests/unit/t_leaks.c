// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_leaks.c - blocks and a picture of memory in, what is lost out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scan/leaks.h"
#include "scan/sweep.h"

#define BASE  0x10000ULL
#define WORDS 8192

/* Memory of the test: words from BASE on, of which some cannot be read. */
struct picture {
	uint64_t words[WORDS];
	uint64_t hole_start, hole_end;
};

static size_t read_picture(void *context, uint64_t addr, void *buf, size_t len)
{
	const struct picture *picture = context;

	if (addr < BASE || addr >= BASE + sizeof(picture->words))
		return 0;
	if (addr >= picture->hole_start && addr < picture->hole_end)
		return 0;
	if (addr < picture->hole_start && addr + len > picture->hole_start)
		len = picture->hole_start - addr;
	if (addr + len > BASE + sizeof(picture->words))
		len = BASE + sizeof(picture->words) - addr;
	memcpy(buf, (const char *)picture->words + (addr - BASE), len);
	return len;
}

struct place {
	uint64_t at; /* offset from BASE */
	uint64_t size;
	uint32_t site;
};

/* The root is the first kilobyte, memory that is not known the second; then the blocks. */
#define ROOT	0
#define UNKNOWN 1024
#define HEAP	2048

struct test {
	struct picture picture;
	struct graph graph;
	struct sweep_source source;
	struct sweep sweep;
	struct leaks leaks;
};

static struct test *begin_test(void)
{
	struct test *test = calloc(1, sizeof(*test));

	assert_non_null(test);
	test->source = (struct sweep_source){ .context = &test->picture, .read = read_picture };
	return test;
}

static void put(struct test *test, uint64_t at, uint64_t to)
{
	assert_int_equal(at % 8, 0);
	test->picture.words[at / 8] = BASE + to;
}

static void judge(struct test *test, const struct place *places, size_t n)
{
	struct graph_block *blocks = calloc(n + 1, sizeof(*blocks));
	const struct sweep_range root = { .start = BASE + ROOT, .end = BASE + UNKNOWN };
	const struct sweep_range unknown = { .start = BASE + UNKNOWN,
					    .end = BASE + sizeof(test->picture.words),
					    .root = GRAPH_UNKNOWN };

	for (size_t i = 0; i < n; i++)
		blocks[i] = (struct graph_block){ .addr = BASE + places[i].at,
						  .size = places[i].size,
						  .site = places[i].site };
	assert_int_equal(graph_init(&test->graph, blocks, n), 0);
	assert_int_equal(sweep_open(&test->sweep, &test->source, &test->graph), 0);
	sweep_root(&test->sweep, &root);
	sweep_root(&test->sweep, &unknown);
	sweep_blocks(&test->sweep);
	sweep_close(&test->sweep);
	assert_int_equal(leaks_judge(&test->graph, &test->leaks), 0);
}

static void end_test(struct test *test)
{
	leaks_clear(&test->leaks);
	graph_clear(&test->graph);
	free(test);
}

/* The kinds of the blocks by address: d i p r. */
static void assert_kinds(const struct test *test, const char *kinds)
{
	char got[64] = "";

	for (size_t i = 0; i < test->graph.n; i++)
		got[i] = "dipr"[test->graph.blocks[i].kind];
	assert_string_equal(got, kinds);
}

#define JUDGE(test, ...)                                                        \
	do {                                                                    \
		static const struct place places[] = { __VA_ARGS__ };           \
		judge(test, places, sizeof(places) / sizeof(*places));          \
	} while (0)

static void test_kinds(void **state)
{
	struct test *test = begin_test();

	(void)state;
	put(test, ROOT + 8, HEAP);	    /* a start: reachable */
	put(test, HEAP + 8, HEAP + 64);	    /* from there: reachable */
	put(test, ROOT + 16, HEAP + 136);   /* into the middle: possible */
	put(test, HEAP + 128, HEAP + 192);  /* from there a start: possible */
	put(test, HEAP + 256, HEAP + 320);  /* lost, and what it leads to */
	JUDGE(test, { HEAP, 32, 0 }, { HEAP + 64, 32, 0 }, { HEAP + 128, 32, 0 }, { HEAP + 192, 32, 0 },
	      { HEAP + 256, 32, 0 }, { HEAP + 320, 32, 0 }, { HEAP + 384, 32, 0 });
	assert_kinds(test, "rrppdid");
	end_test(test);
}

/* Reachable from one side counts, whatever else leads there; from two, it is read once more. */
static void test_upgrade(void **state)
{
	struct test *test = begin_test();

	(void)state;
	put(test, ROOT, HEAP + 8 + 8);	   /* possible ... */
	put(test, HEAP, HEAP + 64);
	put(test, ROOT + 8, HEAP + 128);   /* ... but by another way reachable */
	put(test, HEAP + 128, HEAP);
	JUDGE(test, { HEAP, 40, 0 }, { HEAP + 64, 32, 0 }, { HEAP + 128, 32, 0 });
	assert_kinds(test, "rrr");
	end_test(test);
}

static void test_cycles(void **state)
{
	struct test *test = begin_test();

	(void)state;
	/* a cycle of three, and one that leads into it and comes later by address */
	put(test, HEAP, HEAP + 64);
	put(test, HEAP + 64, HEAP + 128);
	put(test, HEAP + 128, HEAP);
	put(test, HEAP + 192, HEAP);
	/* one that points to itself */
	put(test, HEAP + 256, HEAP + 256);
	JUDGE(test, { HEAP, 32, 1 }, { HEAP + 64, 32, 1 }, { HEAP + 128, 32, 1 },
	      { HEAP + 192, 24, 2 }, { HEAP + 256, 16, 3 });
	assert_kinds(test, "iiidd");
	/* what was lost with the first leader is now lost with the second */
	for (size_t i = 0; i < test->leaks.n; i++)
		if (test->leaks.records[i].site == 2) {
			assert_int_equal(test->leaks.records[i].direct.bytes, 24);
			assert_int_equal(test->leaks.records[i].indirect.bytes, 96);
			assert_int_equal(test->leaks.records[i].indirect.blocks, 3);
		}
	end_test(test);
}

/* Nothing is between the first two; the third has no bytes; the last ends where memory does. */
static void test_edges(void **state)
{
	struct test *test = begin_test();

	(void)state;
	put(test, ROOT, HEAP + 32);	 /* the end of the first is the start of the second */
	put(test, ROOT + 8, HEAP + 64);	 /* where the one without bytes is */
	put(test, ROOT + 16, HEAP + 224); /* one byte behind the end of the fifth */
	put(test, ROOT + 24, HEAP + 159); /* the last byte of the fourth */
	put(test, HEAP + 232, HEAP + 97); /* in no block any more, nor does it point to one */
	JUDGE(test, { HEAP, 32, 0 }, { HEAP + 32, 32, 0 }, { HEAP + 64, 0, 0 }, { HEAP + 128, 32, 0 },
	      { HEAP + 192, 32, 0 }, { WORDS * 8 - 32, 32, 0 });
	assert_kinds(test, "drrpdd");
	end_test(test);
}

/* Words that are not aligned, and the rest of a block behind its last whole word. */
static void test_alignment(void **state)
{
	struct test *test = begin_test();
	uint64_t to = BASE + HEAP + 64;

	(void)state;
	memcpy((char *)test->picture.words + ROOT + 4, &to, sizeof(to));
	put(test, ROOT + 64, HEAP);
	put(test, HEAP + 16, HEAP + 128); /* the block ends in this word */
	JUDGE(test, { HEAP, 20, 0 }, { HEAP + 64, 32, 0 }, { HEAP + 128, 32, 0 });
	assert_kinds(test, "rdd");
	end_test(test);
}

static void test_heuristics(void **state)
{
	struct test *test = begin_test();

	(void)state;
	for (int i = 0; i < 5; i++)
		put(test, ROOT + i * 8, HEAP + i * 128 + (i == 3 ? 24 : 8));
	test->picture.words[HEAP / 8] = 7;		  /* 7 elements of 8 bytes */
	test->picture.words[(HEAP + 128) / 8] = 55;	  /* bytes behind the length */
	test->picture.words[(HEAP + 256) / 8] = 3;	  /* neither */
	test->picture.words[(HEAP + 384) / 8] = 5;	  /* length, capacity, references */
	test->picture.words[(HEAP + 384) / 8 + 1] = 39;
	test->picture.words[(HEAP + 512) / 8] = 0;	  /* no count */
	JUDGE(test, { HEAP, 64, 0 }, { HEAP + 128, 63, 0 }, { HEAP + 256, 64, 0 }, { HEAP + 384, 64, 0 },
	      { HEAP + 512, 64, 0 });
	assert_kinds(test, "rrprp");
	end_test(test);
}

/* What only unknown memory leads to is found, but said to be; headers of chunks are not. */
static void test_unknown(void **state)
{
	struct test *test = begin_test();

	(void)state;
	put(test, UNKNOWN, HEAP);
	put(test, HEAP, HEAP + 64);
	put(test, UNKNOWN + 8, HEAP + 128 + 16); /* of the chunk behind a block of 24 bytes */
	put(test, ROOT, HEAP + 192);
	put(test, UNKNOWN + 16, HEAP + 192); /* by both */
	put(test, UNKNOWN + 24, HEAP + 256 + 8);
	JUDGE(test, { HEAP, 24, 0 }, { HEAP + 64, 24, 0 }, { HEAP + 128, 24, 0 }, { HEAP + 192, 24, 0 },
	      { HEAP + 256, 24, 0 });
	assert_kinds(test, "rrdrp");
	assert_int_equal(test->leaks.before.blocks, 3);
	assert_true(test->graph.blocks[0].before && test->graph.blocks[1].before);
	assert_false(test->graph.blocks[3].before);
	end_test(test);
}

/* Around a page that cannot be read all the rest is, and it is said how much is missing. */
static void test_hole(void **state)
{
	struct test *test = begin_test();

	(void)state;
	test->picture.hole_start = BASE + 8192;
	test->picture.hole_end = BASE + 12288;
	put(test, ROOT, 4096);
	put(test, 4096, 20480);	 /* in front of the hole */
	put(test, 8192, 20544);	 /* in it */
	put(test, 12288, 20608); /* behind it */
	JUDGE(test, { 4096, 12288, 0 }, { 20480, 32, 0 }, { 20544, 32, 0 }, { 20608, 32, 0 });
	assert_kinds(test, "rrdr");
	assert_true(test->sweep.unreadable >= 4096);
	end_test(test);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A block is looked up by halves in two steps: against looking at all. */
static void test_find(void **state)
{
	struct graph graph;
	struct graph_block *blocks = calloc(1000, sizeof(*blocks));
	uint64_t seed = 88172645463325252, at = 4096;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		uint64_t size = next_random(&seed) % 40;

		blocks[(i * 7) % 1000] = (struct graph_block){ .addr = at, .size = size };
		at += (size ? size : 1) + next_random(&seed) % 3 * 8;
	}
	/* not in order: i * 7 visits each once */
	assert_int_equal(graph_init(&graph, blocks, 1000), 0);
	for (uint64_t addr = 4000; addr < at + 100; addr++) {
		size_t found = SIZE_MAX;

		for (size_t i = 0; i < 1000 && found == SIZE_MAX; i++) {
			uint64_t size = graph.blocks[i].size ? graph.blocks[i].size : 1;

			if (addr - graph.blocks[i].addr < size)
				found = i;
		}
		assert_int_equal(graph_find(&graph, addr), found);
	}
	graph_clear(&graph);
	assert_int_equal(graph_init(&graph, calloc(1, sizeof(*blocks)), 0), 0);
	assert_int_equal(graph_find(&graph, 0), SIZE_MAX);
	graph_clear(&graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	   cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_cycles),	   cmocka_unit_test(test_edges),
		cmocka_unit_test(test_alignment),  cmocka_unit_test(test_heuristics),
		cmocka_unit_test(test_unknown),	   cmocka_unit_test(test_hole),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
