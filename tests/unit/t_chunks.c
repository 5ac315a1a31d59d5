// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_chunks.c - chunks of glibc in a piece of memory, sound ones and hostile ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "glibc/chunks.h"
#include "glibc/glibcarena.h"

#define IN_USE 1 /* of the chunk before */

/* A piece of this process, 16 bytes a line. */
static _Alignas(16) uint64_t piece[512];
static struct window window;

static uint64_t addr_of(size_t offset)
{
	return (uint64_t)(uintptr_t)piece + offset;
}

static void put(size_t offset, uint64_t prev_size, uint64_t size)
{
	piece[offset / 8] = prev_size;
	piece[offset / 8 + 1] = size;
}

/* In use: 32 and 64 bytes; free: 48; in use: 32; top: the rest. */
static struct chunk_rules make_piece(void)
{
	memset(piece, 0, sizeof(piece));
	put(0, 0, 32 | IN_USE);
	put(32, 0, 64 | IN_USE);
	put(96, 0, 48 | IN_USE);
	put(144, 48, 32);
	put(176, 0, (sizeof(piece) - 176) | IN_USE);
	window_init(&window, getpid());
	return (struct chunk_rules){ addr_of(0), addr_of(sizeof(piece)), addr_of(176), true,
				     CHUNKS_MOST };
}

static int try(const struct chunk_rules *rules, struct chunks *chunks)
{
	uint64_t bad;

	window_forget(&window);
	return chunks_read(&window, rules, NULL, NULL, chunks, &bad);
}

static void reads_a_piece(void **state)
{
	static const struct chunk expected[] = {
		{ 0, 32, CHUNK_USED },	 { 32, 64, CHUNK_USED },
		{ 96, 48, CHUNK_FREE },	 { 144, 32, CHUNK_USED },
		{ 176, sizeof(piece) - 176, CHUNK_TOP },
	};
	const struct chunk_rules rules = make_piece();
	struct chunks chunks;
	struct chunk chunk;
	size_t index = 0;
	uint64_t at;

	(void)state;
	assert_int_equal(try(&rules, &chunks), 0);
	assert_int_equal(chunks.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_true(chunks_next(&chunks, &index, &at, &chunk));
		assert_int_equal(chunk.start, addr_of(expected[i].start));
		assert_int_equal(chunk.size, expected[i].size);
		assert_int_equal(chunk.state, expected[i].state);
	}
	assert_false(chunks_next(&chunks, &index, &at, &chunk));
	assert_int_equal(chunks.end, addr_of(sizeof(piece)));
	chunks_clear(&chunks);
}

static void finds_half_open(void **state)
{
	const struct chunk_rules rules = make_piece();
	struct chunks chunks;
	struct chunk chunk;

	(void)state;
	assert_int_equal(try(&rules, &chunks), 0);
	assert_int_equal(chunks_find(&chunks, addr_of(0) - 1, &chunk), -ENOENT);
	assert_int_equal(chunks_find(&chunks, addr_of(0), &chunk), 0);
	assert_int_equal(chunks_find(&chunks, addr_of(31), &chunk), 0);
	assert_int_equal(chunks_find(&chunks, addr_of(32), &chunk), 1);
	assert_int_equal(chunks_find(&chunks, addr_of(sizeof(piece)) - 1, &chunk), 4);
	assert_int_equal(chunks_find(&chunks, addr_of(sizeof(piece)), &chunk), -ENOENT);
	chunks_set_state(&chunks, 1, CHUNK_CACHED);
	assert_int_equal(chunks_find(&chunks, addr_of(95), &chunk), 1);
	assert_int_equal(chunk.state, CHUNK_CACHED);
	assert_int_equal(chunk.size, 64);
	chunks_clear(&chunks);
}

/* More than one mark: each must lead to its own. */
static void finds_among_many(void **state)
{
	const size_t n = 3000;
	uint64_t *many = aligned_alloc(16, 32 * (n + 1));
	struct chunk_rules rules = { (uint64_t)(uintptr_t)many, (uint64_t)(uintptr_t)(many + 4 * n + 4),
				     (uint64_t)(uintptr_t)(many + 4 * n), true, CHUNKS_MOST };
	struct chunks chunks;
	struct chunk chunk;

	(void)state;
	assert_non_null(many);
	for (size_t i = 0; i <= n; i++)
		many[4 * i + 1] = 32 | IN_USE;
	window_init(&window, getpid());
	assert_int_equal(try(&rules, &chunks), 0);
	for (size_t i = 0; i <= n; i++) {
		assert_int_equal(chunks_find(&chunks, rules.start + 32 * i + 31, &chunk), i);
		assert_int_equal(chunk.start, rules.start + 32 * i);
	}
	chunks_clear(&chunks);
	free(many);
}

static void ends_at_fences(void **state)
{
	struct chunk_rules rules = make_piece();
	struct chunks chunks;

	(void)state;
	rules.top = addr_of(sizeof(piece)) + 4096;
	put(176, 0, 16 | IN_USE);
	put(192, 0, 16 | IN_USE);
	assert_int_equal(try(&rules, &chunks), 0);
	assert_int_equal(chunks.end, addr_of(208));
	chunks_clear(&chunks);
	put(192, 0, IN_USE); /* of a thread's heap */
	assert_int_equal(try(&rules, &chunks), 0);
	chunks_clear(&chunks);
	put(176, 0, IN_USE); /* where there was no room for the first */
	assert_int_equal(try(&rules, &chunks), 0);
	assert_int_equal(chunks.end, addr_of(192));
	chunks_clear(&chunks);
	put(176, 0, 16 | IN_USE);
	put(192, 0, 48 | IN_USE); /* one alone is none */
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
}

static void refuses_hostile_sizes(void **state)
{
	static const uint64_t sizes[] = {
		0,	    8 | IN_USE,	    24 | IN_USE,	 40 | IN_USE,	 (1 << 20) | IN_USE,
		UINT64_MAX, UINT64_MAX - 7, UINT64_MAX - 14,	 1ULL << 63 | 1, (1ULL << 33) | IN_USE,
		66 | IN_USE, /* has a mapping of its own */
		68 | IN_USE, /* of a thread's arena */
		64,	     /* and the one before would be free */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct chunk_rules rules = make_piece();
		struct chunks chunks;

		put(32, 0, sizes[i]);
		assert_int_equal(try(&rules, &chunks), -EBADMSG);
		assert_null(chunks.packed);
	}
}

static void refuses_what_does_not_fit(void **state)
{
	struct chunk_rules rules = make_piece();
	struct chunks chunks;

	(void)state;
	put(144, 64, 32); /* not the size of the free one before */
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
	rules = make_piece();
	put(0, 0, 32); /* nothing can be free before the first */
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
	rules = make_piece();
	put(176, 0, (sizeof(piece) - 176 + 16) | IN_USE); /* a top that is too large */
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
	rules = make_piece();
	rules.top += 16; /* stepped over */
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
	rules = make_piece();
	rules.most = 3; /* there are five */
	assert_int_equal(try(&rules, &chunks), -E2BIG);
	rules = make_piece();
	rules.start += 8;
	assert_int_equal(try(&rules, &chunks), -EBADMSG);
}

/* An empty main arena of each version, at an offset: 127 bins that point to themselves. */
static size_t make_arena(uint8_t *data, size_t at, size_t bins)
{
	const uint64_t addr = (uint64_t)(uintptr_t)data + at;
	const size_t next = bins + 127 * 16 + 16;
	uint64_t *words = (uint64_t *)(void *)(data + at);

	words[bins / 8 - 2] = 0x10000;
	for (size_t i = 0; i < 127; i++)
		words[bins / 8 + 2 * i] = words[bins / 8 + 2 * i + 1] = addr + bins + 16 * i - 16;
	words[next / 8] = addr;
	words[next / 8 + 3] = 4096;
	words[next / 8 + 4] = 8192;
	return next + 40;
}

static void finds_main_arenas(void **state)
{
	static const size_t bins[] = { 24, 104, 112 };
	static _Alignas(16) uint8_t data[8192];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct arena_state arena, next;
		const uint64_t start = (uint64_t)(uintptr_t)data;
		int64_t at = -8;
		size_t size;
		bool found = false;

		memset(data, 0, sizeof(data));
		size = make_arena(data, 480, bins[i]);
		while ((at = arena_find_main(data, sizeof(data), start, (size_t)(at + 8), &arena)) >= 0)
			found |= at == 480 && arena.size == size &&
				 arena_next(getpid(), arena.addr, &arena, &next) == -ENOENT;
		assert_true(found);
		/* one bin that is none: no arena */
		memset(data + 480 + bins[i] + 16 * 100, 0, 8);
		assert_int_equal(arena_find_main(data, sizeof(data), start, 0, &arena), -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_piece),
		cmocka_unit_test(finds_half_open),
		cmocka_unit_test(finds_among_many),
		cmocka_unit_test(ends_at_fences),
		cmocka_unit_test(refuses_hostile_sizes),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(finds_main_arenas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
