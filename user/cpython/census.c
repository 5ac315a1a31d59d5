// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* census.c - how many objects of each type are alive. */
#include "cpython/census.h"

#include <errno.h>
#include <stdlib.h>

#include "base/grow.h"
#include "cpython/mimalloc.h"
#include "cpython/pyblock.h"
#include "cpython/pygc.h"
#include "glibc/heapblocks.h"

struct counting {
	struct cpython *cpython;
	struct segments *segments;
	struct census *census;
};

void census_clear(struct census *census)
{
	free(census->at);
	hash_clear(&census->rows);
	*census = (struct census){ 0 };
}

static struct census_row *row_of(struct census *census, const struct pytype *type)
{
	size_t index = (uintptr_t)hash_get(&census->rows, hash_scatter(type->addr));
	struct census_row *more;

	if (index)
		return &census->at[index - 1];
	more = grow(census->at, census->n, &census->cap, sizeof(*more));
	if (!more)
		return NULL;
	census->at = more;
	index = census->n + 1;
	if (hash_set(&census->rows, hash_scatter(type->addr), (void *)(uintptr_t)index))
		return NULL;
	census->at[census->n++] = (struct census_row){ .name = type->name, .type = type->addr };
	return &census->at[index - 1];
}

static int count(struct census *census, const struct pytype *type, uint64_t bytes)
{
	struct census_row *row = row_of(census, type);

	if (!row)
		return -ENOMEM;
	row->count++;
	row->bytes += bytes;
	census->objects++;
	census->bytes += bytes;
	return 0;
}

static int count_block(void *context, uint64_t addr, const uint8_t *bytes, uint32_t size)
{
	const struct counting *counting = context;
	struct pyobj obj;

	if (pyblock_object(counting->cpython, addr, bytes, size, &obj))
		return count(counting->census, obj.type, size);
	counting->census->others++;
	counting->census->others_bytes += size;
	return 0;
}

static int count_mimalloc(void *context, enum mimalloc_heap_id heap, uint64_t addr,
			  const uint8_t *bytes, size_t len, uint64_t size)
{
	const struct counting *counting = context;
	const bool any = heap != MIMALLOC_MEM ||
			 !(counting->cpython->layout.has & MW_PY_FREE_THREADED);
	struct pyobj obj;

	if (any && pyblock_object(counting->cpython, addr, bytes, len, &obj))
		return count(counting->census, obj.type, size);
	counting->census->others++;
	counting->census->others_bytes += size;
	return 0;
}

/* A free-threaded build has all its objects there; any other if PYTHONMALLOC says so. */
static int count_in_pages(struct counting *counting)
{
	struct mimalloc mimalloc;
	int err = mimalloc_read(counting->cpython, counting->segments, &mimalloc, count_mimalloc,
				counting);

	mimalloc_clear(&mimalloc);
	counting->census->heap = !err;
	return err;
}

/* As sys.getsizeof() for what is one piece: basicsize and the items behind it. */
static uint64_t size_of(struct cpython *cpython, const struct pyobj *obj)
{
	const int64_t items = obj->type->itemsize ?
				      (int64_t)cpython_word(cpython, obj->addr +
							    cpython->objects.size) : 0;
	const uint64_t n = items < 0 ? -(uint64_t)items : (uint64_t)items;

	if (n > UINT32_MAX || obj->type->itemsize < 0 || obj->type->itemsize > UINT16_MAX)
		return obj->type->basicsize;
	return obj->type->basicsize + n * obj->type->itemsize + pyblock_gc_head(cpython);
}

/* Of the collector's objects those that no block that was counted, and no file, holds. */
static int count_object(void *context, uint64_t interp, const struct pyobj *obj)
{
	const struct counting *counting = context;
	const struct segment *segment = segments_find(counting->segments, obj->addr);

	(void)interp;

	if (!segment || segment->kind == SEGMENT_PYMALLOC ||
	    segment->kind == SEGMENT_MIMALLOC || segment->kind == SEGMENT_DATA ||
	    segment->kind == SEGMENT_BSS)
		return 0;
	counting->census->large++;
	return count(counting->census, obj->type, size_of(counting->cpython, obj));
}

/* A block of glibc's heap, which may well be an arena, or hold anything else. */
static int count_heap_block(void *context, uint64_t addr, const uint8_t *bytes, size_t len,
			    uint64_t size)
{
	const struct counting *counting = context;
	struct pyobj obj;

	if (!pyblock_object(counting->cpython, addr, bytes, len, &obj))
		return 0;
	counting->census->large++;
	return count(counting->census, obj.type, size);
}

/* What is outside of pymalloc. */
static int count_large(struct counting *counting)
{
	struct census *census = counting->census;
	int err = heapblocks_visit(counting->cpython->pid, counting->segments, count_heap_block,
				   counting);

	census->heap = !err;
	if (err != -ENOENT && err != -EBADMSG)
		return err;
	err = pygc_visit(counting->cpython, counting->segments, count_object, counting,
			 &census->gc);
	return err == -ENOENT ? 0 : err;
}

static int most_bytes(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x->type < y->type ? -1 : x->type > y->type;
}

int census_take(struct cpython *cpython, struct segments *segments, struct pymalloc *pymalloc,
		struct census *census)
{
	struct counting counting = { cpython, segments, census };
	int err;

	*census = (struct census){ 0 };
	if (cpython->layout.has & MW_PY_FREE_THREADED) {
		err = count_in_pages(&counting);
	} else {
		err = pymalloc_read(cpython, segments, pymalloc, count_block, &counting);
		if (err == -ENOENT)
			err = count_in_pages(&counting);
		if (!err || err == -ENOENT) /* without either there is still malloc's heap */
			err = count_large(&counting);
	}
	if (err == -ENOENT)
		err = 0;
	if (census->n)
		qsort(census->at, census->n, sizeof(*census->at), most_bytes);
	hash_clear(&census->rows);
	return err;
}
