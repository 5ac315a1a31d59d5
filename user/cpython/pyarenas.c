// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyarenas.c - where pymalloc's arenas are. */
#include "cpython/pyarenas.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/page.h"
#include "cpython/pypool.h"

#define WORD		8
#define LOOK		16	   /* objects looked at to tell a table of arenas */
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
};

void pyarenas_clear(struct pyarenas *arenas)
{
	free(arenas->at);
	free(arenas->index);
	arenas->at = NULL;
	arenas->index = NULL;
	arenas->n = 0;
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

/* Whether an address is that of a table with at least one arena. */
static bool is_table(struct cpython *cpython, const struct pyarenas *arenas,
		     struct segments *segments, uint64_t table)
{
	struct pyarena_object objects[LOOK];
	bool owns = false;

	if (!table || table % WORD || !is_writable(segments, table) ||
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

/* Add the arenas of a table, as far as they are what they should be. */
static int add_table(struct cpython *cpython, struct segments *segments, const struct found *found,
		     struct pyarenas *arenas)
{
	const uint32_t most = found->n && found->n < PYARENAS_MAX ? found->n : PYARENAS_MAX;
	struct pyarena_object object, *at;
	uint32_t *index;

	for (uint32_t i = 0; i < most && arenas->n < PYARENAS_MAX; i++) {
		if (cpython_read(cpython, found->table + i * sizeof(object), &object,
				 sizeof(object)) ||
		    !is_object(arenas, segments, &object))
			break;
		if (!object.address)
			continue;
		at = reallocarray(arenas->at, arenas->n + 1, sizeof(*at));
		arenas->at = at ? at : arenas->at;
		index = reallocarray(arenas->index, arenas->n + 1, sizeof(*index));
		arenas->index = index ? index : arenas->index;
		if (!at || !index)
			return -ENOMEM;
		arenas->at[arenas->n] = object;
		arenas->index[arenas->n++] = i;
	}
	return 0;
}

/* Up to 3.11: variables of the file, local to it, so named only where it is not stripped. */
static bool find_by_name(struct cpython *cpython, const struct pyarenas *arenas,
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

/* How many arenas a table has, to tell it from a pointer into one. */
static size_t count_arenas(struct cpython *cpython, struct segments *segments,
			   const struct pyarenas *like, uint64_t table)
{
	struct pyarenas arenas = { .pool_size = like->pool_size };
	const struct found found = { .table = table };
	size_t n;

	add_table(cpython, segments, &found, &arenas);
	n = arenas.n;
	pyarenas_clear(&arenas);
	return n;
}

/* Any word in a range of its data that points to a table, the one with the most arenas. */
static void look_through(struct cpython *cpython, struct segments *segments,
			 const struct pyarenas *arenas, uint64_t start, uint64_t len,
			 struct found *best)
{
	uint64_t *words = len < DATA_MAX ? malloc(len + WORD) : NULL;
	size_t most = best->table ? count_arenas(cpython, segments, arenas, best->table) : 0;

	if (words && !cpython_read(cpython, start, words, len))
		for (size_t i = 0; i < len / WORD; i++) {
			size_t n;

			if (!is_table(cpython, arenas, segments, words[i]))
				continue;
			n = count_arenas(cpython, segments, arenas, words[i]);
			if (n <= most)
				continue;
			most = n;
			best->table = words[i];
		}
	free(words);
}

/* Data of an image without names: of what begins in the middle of a word, its whole words. */
static bool find_in_data(struct cpython *cpython, const struct pyarenas *arenas,
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
static bool find_in_state(struct cpython *cpython, const struct pyarenas *arenas,
			  struct segments *segments, uint64_t interp, struct found *found)
{
	uint64_t words[PAGE / WORD];

	for (uint64_t at = interp; at < interp + INTERPRETER_MAX; at += sizeof(words)) {
		if (cpython_read(cpython, at, words, sizeof(words)))
			return false;
		for (size_t i = 0; i < PAGE / WORD; i++) {
			uint64_t field = at + i * WORD; /* of arenas; maxarenas follows */

			if (cpython->minor >= 13)
				field = words[i] + IN_OBMALLOC;
			if (field % WORD || !is_writable(segments, field))
				continue;
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
		err = add_table(cpython, segments, &found, arenas);
	} else {
		return -ENOENT;
	}
	if (!err && arenas->n && arenas->at[0].ntotalpools > POOLS_SMALL)
		arenas->arena_size = POOLS_HUGE * arenas->pool_size;
	return err ? err : arenas->n ? 0 : -ENOENT;
}
