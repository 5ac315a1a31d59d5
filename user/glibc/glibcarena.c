// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibcarena.c - where glibc's malloc keeps its books: arenas and parameters. */
#include "glibc/glibcarena.h"

#include <errno.h>
#include <string.h>

#include "base/page.h"
#include "target/mem.h"

#define PAIRS	      127 /* of pointers: each a list of free chunks */
#define NONCONTIGUOUS 2	  /* of the flags, at 4 */
#define FLAGS_AT      4

/* Offsets, all from the record's beginning. What lies behind the bins is in one order. */
struct layout {
	uint16_t bins, n_fastbins;
};

#define TOP(l)	      ((l)->bins - 16)
#define FASTBINS(l)   (TOP(l) - 8 * (l)->n_fastbins)
#define NEXT(l)	      ((l)->bins + 16 * PAIRS + 16) /* the bins, and a map of 4 words of them */
#define SYSTEM_MEM(l) (NEXT(l) + 24)
#define SIZE(l)	      (NEXT(l) + 40)

#define SIZE_MOST 2200

/*
 * 2.43 has no fastbins any more, 2.27 a flag more than before. One taken for another differs
 * only in where it begins, which the circle of arenas tells.
 */
static const struct layout layouts[] = {
	{ .bins = 112, .n_fastbins = 10 },
	{ .bins = 24, .n_fastbins = 0 },
	{ .bins = 104, .n_fastbins = 10 },
};

#define N_LAYOUTS (sizeof(layouts) / sizeof(*layouts))

static uint64_t word(const uint8_t *record, size_t at)
{
	uint64_t value;

	memcpy(&value, record + at, sizeof(value));
	return value;
}

/* A list's head stands for a chunk whose pointers are these two: it begins 16 bytes before. */
static bool is_bin(const uint8_t *record, size_t at, uint64_t addr, bool *empty)
{
	const uint64_t forward = word(record, at), back = word(record, at + 8);

	*empty = forward == addr + at - 16 && back == forward;
	return *empty || (forward && back && forward % 16 == 0 && back % 16 == 0);
}

/* Some are empty in any heap: there are no chunks of all sizes at the same time. */
static bool has_bins(const uint8_t *record, const struct layout *l, uint64_t addr)
{
	unsigned empties = 0;
	bool empty;

	for (size_t i = 0; i < PAIRS; i++) {
		if (!is_bin(record, l->bins + 16 * i, addr, &empty))
			return false;
		empties += empty;
	}
	return empties;
}

static bool is_sound(const uint8_t *record, const struct layout *l)
{
	const uint64_t top = word(record, TOP(l)), system_mem = word(record, SYSTEM_MEM(l));

	return top && top % 8 == 0 && word(record, NEXT(l)) && word(record, NEXT(l)) % 8 == 0 &&
	       system_mem <= word(record, SYSTEM_MEM(l) + 8) && system_mem < UINT64_C(1) << 47;
}

/* FNV-1a, of words. */
static uint64_t fingerprint(const uint8_t *record, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	/* the lock comes first: it is taken and released without a change */
	for (size_t at = 8; at + 8 <= len; at += 8)
		hash = (hash ^ word(record, at)) * 0x100000001b3;
	return hash;
}

static void take(const uint8_t *record, const struct layout *l, struct arena_state *arena)
{
	uint32_t flags;

	memcpy(&flags, record + FLAGS_AT, sizeof(flags));
	arena->size = SIZE(l);
	arena->contiguous = !(flags & NONCONTIGUOUS);
	arena->n_fastbins = l->n_fastbins;
	for (size_t i = 0; i < l->n_fastbins; i++)
		arena->fastbins[i] = word(record, FASTBINS(l) + 8 * i);
	arena->top = word(record, TOP(l));
	arena->next = word(record, NEXT(l));
	arena->system_mem = word(record, SYSTEM_MEM(l));
	arena->max_system_mem = word(record, SYSTEM_MEM(l) + 8);
	arena->fingerprint = fingerprint(record, SIZE(l));
}

int64_t arena_find_main(const uint8_t *data, size_t len, uint64_t addr, size_t from,
			struct arena_state *arena)
{
	for (size_t at = from; at < len; at += 8)
		for (size_t i = 0; i < N_LAYOUTS; i++) {
			const struct layout *l = &layouts[i];

			if ((size_t)SIZE(l) > len - at || !is_sound(data + at, l) ||
			    !has_bins(data + at, l, addr + at))
				continue;
			*arena = (struct arena_state){ .addr = addr + at, .main = true };
			take(data + at, l, arena);
			return (int64_t)at;
		}
	return -ENOENT;
}

static const struct layout *layout_of(const struct arena_state *arena)
{
	for (size_t i = 0; i < N_LAYOUTS; i++)
		if ((uint64_t)SIZE(&layouts[i]) == arena->size)
			return &layouts[i];
	return NULL;
}

int arena_read(pid_t pid, struct arena_state *arena)
{
	const struct layout *l = layout_of(arena);
	uint8_t record[SIZE_MOST];
	int err = l ? mem_read(pid, arena->addr, record, SIZE(l)) : -EBADMSG;

	if (err)
		return err;
	if (!is_sound(record, l))
		return -EBADMSG;
	take(record, l, arena);
	return 0;
}

int arena_next(pid_t pid, uint64_t main, const struct arena_state *arena, struct arena_state *next)
{
	const uint64_t heap = arena->next & ~(ARENA_HEAP_MOST - 1);
	uint64_t owner;
	int err;

	if (arena->next == main)
		return -ENOENT;
	*next = (struct arena_state){ .addr = arena->next, .size = arena->size };
	/* its record lies in its first heap, whose header says so */
	err = mem_read(pid, heap, &owner, sizeof(owner));
	if (!err && (owner != next->addr || owner - heap > 64))
		err = -EBADMSG;
	return err ? err : arena_read(pid, next);
}

/* Offsets from the beginning of struct malloc_par: 2.26, 2.35, 2.42. */
static const struct params_layout {
	uint16_t n_mmaps, sbrk_base;
} params_layouts[] = {
	{ .n_mmaps = 60, .sbrk_base = 96 },
	{ .n_mmaps = 68, .sbrk_base = 104 },
	{ .n_mmaps = 40, .sbrk_base = 72 },
};

#define ARENA_TEST_MOST 65536

static bool take_params(const uint8_t *record, const struct params_layout *l,
			struct malloc_params *params)
{
	const uint64_t mmapped = word(record, l->sbrk_base - 16);
	int32_t n[4]; /* mappings now, allowed, at most so far; whether the threshold is fixed */

	memcpy(n, record + l->n_mmaps, sizeof(n));
	/* arenas allowed before they are counted against the CPUs: 8 unless it was set */
	if (!word(record, 24) || word(record, 24) > ARENA_TEST_MOST)
		return false;
	if (n[0] < 0 || n[1] < 0 || n[0] > n[2] || (n[3] != 0 && n[3] != 1) || mmapped % PAGE ||
	    (n[0] != 0) != (mmapped != 0) || mmapped > word(record, l->sbrk_base - 8))
		return false;
	*params = (struct malloc_params){ .known = true,
					  .sbrk_base = word(record, l->sbrk_base),
					  .trim_threshold = word(record, 0),
					  .mmap_threshold = word(record, 16),
					  .dynamic = !n[3],
					  .n_mmaps = (uint32_t)n[0],
					  .mmapped_bytes = mmapped };
	params->known = params->mmap_threshold && params->mmap_threshold < UINT64_C(1) << 47;
	return params->known;
}

void arena_find_params(const uint8_t *data, size_t len, uint64_t start, uint64_t end,
		       struct malloc_params *params)
{
	params->known = false;
	for (size_t at = 0; at + 8 <= len; at += 8) {
		const uint64_t base = word(data, at);

		for (size_t i = 0; i < sizeof(params_layouts) / sizeof(*params_layouts); i++) {
			const struct params_layout *l = &params_layouts[i];

			if (base < start || base >= end || at < l->sbrk_base)
				continue;
			if (take_params(data + at - l->sbrk_base, l, params))
				return;
		}
	}
}
