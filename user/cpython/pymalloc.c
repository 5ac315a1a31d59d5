// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pymalloc.c - what pymalloc's arenas hold. */
#include "cpython/pymalloc.h"

#include <errno.h>
#include <stdlib.h>

#define LOOKS 4 /* at a pool that goes on changing */

/* What one arena is read with. */
struct reading {
	struct cpython *cpython;
	struct pymalloc *pymalloc;
	struct pymalloc_arena *arena;
	uint8_t *bytes; /* of it */
	struct pypool pool;
	pymalloc_block *each;
	void *context;
};

void pymalloc_clear(struct pymalloc *pymalloc)
{
	pyarenas_clear(&pymalloc->arenas);
	free(pymalloc->at);
	pymalloc->at = NULL;
}

static void count_pool(struct reading *reading)
{
	const struct pypool *pool = &reading->pool;
	struct pymalloc_class *class;

	if (!pool->size)
		return;
	class = &reading->pymalloc->classes[pool->size / PYPOOL_UNIT - 1];
	class->pools++;
	class->used += pool->used;
	class->free += pool->blocks - pool->used;
	reading->arena->used_pools++;
	reading->arena->used += (uint64_t)pool->used * pool->size;
	reading->arena->free += (uint64_t)(pool->blocks - pool->used) * pool->size;
}

static int tell_blocks(const struct reading *reading, uint64_t addr, const uint8_t *bytes)
{
	const struct pypool *pool = &reading->pool;
	int err = 0;

	for (uint32_t i = 0; reading->each && pool->size && i < pool->blocks && !err; i++)
		if (pool->in_use[i])
			err = reading->each(reading->context, addr + pypool_offset(pool, i),
					    bytes + pypool_offset(pool, i), pool->size);
	return err;
}

/* A pool that was read with its arena; once more, and by itself, as long as it makes no sense. */
static int read_pool(struct reading *reading, uint64_t addr, uint8_t *bytes)
{
	const uint64_t size = reading->pymalloc->arenas.pool_size;

	/* a thread may be held while it takes a block */
	for (int i = 0; i < (reading->cpython->held ? 1 : LOOKS); i++) {
		if (pypool_parse(bytes, size, addr, &reading->pool)) {
			count_pool(reading);
			return tell_blocks(reading, addr, bytes);
		}
		reading->cpython->retried += !reading->cpython->held;
		if (cpython_read(reading->cpython, addr, bytes, size))
			break;
	}
	reading->arena->torn++;
	reading->pymalloc->torn++;
	reading->cpython->torn += !reading->cpython->held;
	return 0;
}

static int read_arena(struct reading *reading, const struct pyarena_object *object)
{
	const struct pyarenas *arenas = &reading->pymalloc->arenas;
	const uint64_t first = pyarenas_first_pool(arenas, object->address);
	uint64_t len = object->pool_address - first;
	int err = 0;

	if (object->pool_address < first || len > arenas->arena_size)
		len = 0;
	if (len && cpython_read(reading->cpython, first, reading->bytes, len)) {
		/* given back just now */
		reading->arena->torn = len / arenas->pool_size;
		reading->pymalloc->torn += reading->arena->torn;
		reading->cpython->torn++;
		return 0;
	}
	for (uint64_t at = 0; at < len && !err; at += arenas->pool_size)
		err = read_pool(reading, first + at, reading->bytes + at);
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct pymalloc_arena *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

int pymalloc_read(struct cpython *cpython, struct segments *segments, struct pymalloc *pymalloc,
		  pymalloc_block *each, void *context)
{
	struct reading reading = {
		.cpython = cpython, .pymalloc = pymalloc, .each = each, .context = context,
	};
	struct pyarenas *arenas = &pymalloc->arenas;
	int err;

	*pymalloc = (struct pymalloc){ 0 };
	for (uint32_t i = 0; i < PYPOOL_CLASSES; i++)
		pymalloc->classes[i].size = (i + 1) * PYPOOL_UNIT;
	err = pyarenas_find(cpython, segments, arenas);
	if (err)
		return err;
	pymalloc->at = calloc(arenas->n, sizeof(*pymalloc->at));
	reading.bytes = malloc(arenas->arena_size);
	if (!pymalloc->at || !reading.bytes)
		err = -ENOMEM;
	for (size_t i = 0; i < arenas->n && !err; i++) {
		reading.arena = &pymalloc->at[i];
		*reading.arena = (struct pymalloc_arena){
			.start = arenas->at[i].address,
			.end = arenas->at[i].address + arenas->arena_size,
			.pools = arenas->at[i].ntotalpools,
		};
		err = read_arena(&reading, &arenas->at[i]);
	}
	free(reading.bytes);
	if (!err)
		qsort(pymalloc->at, arenas->n, sizeof(*pymalloc->at), by_address);
	return err;
}
