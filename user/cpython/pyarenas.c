// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyarenas.c - where pymalloc's arenas are. */
#include "cpython/pyarenas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/grow.h"
#include "base/page.h"
#include "cpython/pypool.h"

#define WORD		8
#define LOOK		16	   /* objects looked at to tell a table of arenas */
#define PIECE		64	   /* objects of a table read at once */
#define LOOKS_MAX	(8 << 20)  /* objects, and words that may lead to some, looked at in all */
#define INTERPRETERS_MAX 1024
#define INTERPRETER_MAX (128 << 10) /* bytes of an interpreter's state looked through */
#define DATA_MAX	(64 << 20)  /* bytes of an image's data looked through */
#define POOLS_SMALL	64	   /* of an arena; twice as many with huge pages (3.15) */
#define POOLS_HUGE	128
#define IN_OBMALLOC	512	   /* mgmt.arenas in struct _obmalloc_state (3.12 to 3.15) */

/* A table: struct pyarena_object[n] at an address. */
struct found {
	uint64_t table;
	uint32_t n; /* maxarenas; 0: not known */
	int64_t arenas; /* how many it has, where that was counted */
};

void pyarenas_clear(struct pyarenas *arenas)
{
	free(arenas->at);
	arenas->at = NULL;
	arenas->n = arenas->room = 0;
}

uint64_t pyarenas_first_pool(const struct pyarenas *arenas, uint64_t address)
{
	return (address + arenas->pool_size - 1) & ~(arenas->pool_size - 1);
}

static bool is_writable(struct segments *segments, uint64_t addr)
{
	const struct segment *segment = segments_find(segments, addr);

	return segment && segment->prot & PROT_WRITE;
}

static bool is_object(const struct pyarenas *arenas, struct segments *segments,
		      const struct pyarena_object *object)
{
	const uint64_t size = POOLS_HUGE * arenas->pool_size;

	if (!object->address)
		return true;
	return !(object->address % PAGE) && object->pool_address >= object->address &&
	       object->pool_address - object->address <= size &&
	       !(object->pool_address % arenas->pool_size) &&
	       object->nfreepools <= object->ntotalpools &&
	       (object->ntotalpools - POOLS_SMALL + 1 <= 1 ||
		object->ntotalpools - POOLS_HUGE + 1 <= 1) &&
	       is_writable(segments, object->address);
}

/* Whether the first pool in use of an arena says that it belongs to the object of this index. */
static bool owns_pool(struct cpython *cpython, const struct pyarenas *arenas,
		      const struct pyarena_object *object, uint32_t index)
{
	uint64_t pool = pyarenas_first_pool(arenas, object->address);
	struct pypool_head head;

	return pool < object->pool_address &&
	       !cpython_read(cpython, pool, &head, sizeof(head)) &&
	       pypool_is_head(&head, arenas->pool_size) && head.arenaindex == index;
}

/* Whether so much more may be looked at: words of a target may all lead to long tables. */
static bool take_looks(struct pyarenas *arenas, uint64_t n)
{
	arenas->looks += n;
	arenas->cut = arenas->cut || arenas->looks > LOOKS_MAX;
	return arenas->looks <= LOOKS_MAX;
}

/* Whether an address is that of a table with at least one arena. */
static bool is_table(struct cpython *cpython, struct pyarenas *arenas,
		     struct segments *segments, uint64_t table)
{
	struct pyarena_object objects[LOOK];
	bool owns = false;

	if (!table || table % WORD || !is_writable(segments, table) || !take_looks(arenas, 1) ||
	    cpython_read(cpython, table, objects, sizeof(objects)))
		return false;
	for (uint32_t i = 0; i < LOOK; i++) {
		if (!is_object(arenas, segments, &objects[i]))
			return false;
		owns = owns || (objects[i].address &&
				owns_pool(cpython, arenas, &objects[i], i));
	}
	return owns;
}

/* Objects of a table, as many as can be read there, at most PIECE. */
static uint32_t read_piece(struct cpython *cpython, uint64_t at, struct pyarena_object piece[PIECE])
{
	uint32_t n = PIECE;

	while (n && cpython_read(cpython, at, piece, n * sizeof(*piece)))
		n /= 2;
	return n;
}

/*
 * The arenas of a table, as far as they are what they should be: how many, and each is added
 * where `add` says so. -ENOMEM.
 */
static int64_t take_table(struct cpython *cpython, struct segments *segments,
			  const struct found *found, struct pyarenas *arenas, bool add)
{
	const uint32_t most = found->n && found->n < PYARENAS_MAX ? found->n : PYARENAS_MAX;
	struct pyarena_object piece[PIECE], *more;
	int64_t taken = 0;
	uint32_t n = 1;

	for (uint32_t i = 0; i < most && n; i += n) {
		n = read_piece(cpython, found->table + i * sizeof(*piece), piece);
		if (!take_looks(arenas, n))
			break;
		for (uint32_t j = 0; j < n && i + j < most; j++) {
			if (!is_object(arenas, segments, &piece[j]))
				return taken;
			if (!piece[j].address)
				continue;
			taken++;
			if (!add || arenas->n == PYARENAS_MAX)
				continue;
			more = grow(arenas->at, arenas->n, &arenas->room, sizeof(*more));
			if (!more)
				return -ENOMEM;
			arenas->at = more;
			arenas->at[arenas->n++] = piece[j];
		}
	}
	return taken;
}

static int add_table(struct cpython *cpython, struct segments *segments, const struct found *found,
		     struct pyarenas *arenas)
{
	const int64_t taken = take_table(cpython, segments, found, arenas, true);

	return taken < 0 ? (int)taken : 0;
}

/* Up to 3.11: variables of the file, local to it, so named only where it is not stripped. */
static bool find_by_name(struct cpython *cpython, struct pyarenas *arenas,
			 struct segments *segments, struct found *found)
{
	const uint64_t table = cpython_symbol(cpython, "arenas");
	const uint64_t n = cpython_symbol(cpython, "maxarenas");

	if (!table || !n)
		return false;
	found->table = cpython_word(cpython, table);
	found->n = (uint32_t)cpython_word(cpython, n);
	return is_table(cpython, arenas, segments, found->table);
}

/* Any word in a range of its data that points to a table, the one with the most arenas. */
static void look_through(struct cpython *cpython, struct segments *segments,
			 struct pyarenas *arenas, uint64_t start, uint64_t len, struct found *best)
{
	uint64_t *words = len < DATA_MAX ? malloc(len + WORD) : NULL;

	if (words && !cpython_read(cpython, start, words, len))
		for (size_t i = 0; i < len / WORD && !arenas->cut; i++) {
			const struct found found = { .table = words[i] };
			int64_t n;

			if (words[i] == best->table ||
			    !is_table(cpython, arenas, segments, words[i]))
				continue;
			/* to tell a table from a pointer into one */
			n = take_table(cpython, segments, &found, arenas, false);
			if (n <= best->arenas)
				continue;
			best->arenas = n;
			best->table = words[i];
		}
	free(words);
}

/* Data of an image without names: of what begins in the middle of a word, its whole words. */
static bool find_in_data(struct cpython *cpython, struct pyarenas *arenas,
			 struct segments *segments, struct found *found)
{
	for (size_t i = 0; i < segments->n; i++) {
		const struct segment *at = &segments->at[i];
		const uint64_t start = (at->start + WORD - 1) & -WORD;

		if ((at->kind == SEGMENT_DATA || at->kind == SEGMENT_BSS) &&
		    at->prot & PROT_WRITE && start < at->end &&
		    !strcmp(at->name, cpython->image->path))
			look_through(cpython, segments, arenas, start, at->end - start, found);
	}
	return found->table;
}

/* 3.12: in the interpreter's state, obmalloc.mgmt.arenas; from 3.13 that is behind a pointer. */
static bool find_in_state(struct cpython *cpython, struct pyarenas *arenas,
			  struct segments *segments, uint64_t interp, struct found *found)
{
	uint64_t words[PAGE / WORD];

	for (uint64_t at = interp; at < interp + INTERPRETER_MAX && !arenas->cut;
	     at += sizeof(words)) {
		if (cpython_read(cpython, at, words, sizeof(words)))
			return false;
		for (size_t i = 0; i < PAGE / WORD; i++) {
			uint64_t field = at + i * WORD; /* of arenas; maxarenas follows */

			if (cpython->minor >= 13)
				field = words[i] + IN_OBMALLOC;
			if (field % WORD || !is_writable(segments, field))
				continue;
			if (!take_looks(arenas, 1))
				return false;
			found->table = cpython_word(cpython, field);
			found->n = (uint32_t)cpython_word(cpython, field + WORD);
			if (is_table(cpython, arenas, segments, found->table))
				return true;
		}
	}
	return false;
}

/* Each interpreter may have an allocator of its own, or share the main one's. */
static int find_in_states(struct cpython *cpython, struct segments *segments,
			  struct pyarenas *arenas)
{
	uint64_t interp = cpython_word(cpython, cpython->objects.interpreters);
	uint64_t before[INTERPRETERS_MAX];
	size_t n = 0;
	int err = 0;

	for (int i = 0; interp && i < INTERPRETERS_MAX && !err; i++) {
		struct found found = { 0 };
		bool again = false;

		if (find_in_state(cpython, arenas, segments, interp, &found)) {
			for (size_t j = 0; j < n; j++)
				again = again || before[j] == found.table;
			before[n++] = found.table;
			err = again ? 0 : add_table(cpython, segments, &found, arenas);
		}
		interp = cpython_word(cpython, interp + cpython->objects.interp_next);
	}
	snprintf(arenas->how, sizeof(arenas->how), "in the state of %s",
		 n == 1 ? "the interpreter" : "interpreters");
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct pyarena_object *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* No two arenas have a byte in common: of those that say so only the first is kept. */
static void leave_overlaps_out(struct pyarenas *arenas)
{
	uint64_t end = 0;
	size_t kept = 0;

	if (arenas->n)
		qsort(arenas->at, arenas->n, sizeof(*arenas->at), by_address);
	for (size_t i = 0; i < arenas->n; i++) {
		if (arenas->at[i].address < end)
			continue;
		end = arenas->at[i].address + arenas->arena_size;
		arenas->at[kept++] = arenas->at[i];
	}
	arenas->overlaps = arenas->n - kept;
	arenas->n = kept;
}

int pyarenas_find(struct cpython *cpython, struct segments *segments, struct pyarenas *arenas)
{
	struct found found = { 0 };
	int err;

	/* POOL_SIZE: 4 KiB, from 3.10 16 KiB; an arena is 64 of them (or 128) */
	*arenas = (struct pyarenas){ .pool_size = cpython->minor >= 10 ? 16384 : 4096 };
	arenas->arena_size = POOLS_SMALL * arenas->pool_size;
	if (cpython->minor >= 12) {
		err = find_in_states(cpython, segments, arenas);
	} else if (find_by_name(cpython, arenas, segments, &found)) {
		snprintf(arenas->how, sizeof(arenas->how), "by the name of their table");
		err = add_table(cpython, segments, &found, arenas);
	} else if (find_in_data(cpython, arenas, segments, &found)) {
		snprintf(arenas->how, sizeof(arenas->how), "by what the data points to");
		arenas->looks = 0; /* what was found is taken, however long that was looked for */
		err = add_table(cpython, segments, &found, arenas);
	} else {
		return -ENOENT;
	}
	if (!err && arenas->n && arenas->at[0].ntotalpools > POOLS_SMALL)
		arenas->arena_size = POOLS_HUGE * arenas->pool_size;
	leave_overlaps_out(arenas);
	return err ? err : arenas->n ? 0 : -ENOENT;
}
