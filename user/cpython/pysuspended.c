// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pysuspended.c - generators and coroutines that stand still. */
#include "cpython/pysuspended.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "cpython/mimalloc.h"
#include "cpython/pyblock.h"

#define WORD	   8
#define BASES_MAX  16
#define TASKS_MAX  PYSUSPENDED_MAX
#define TASK_WORDS 64 /* of a task that are looked at */

/* What a type has been found to be. */
enum { TASK = 1, OTHER };

struct finding {
	struct cpython *cpython;
	struct pysuspendeds *list;
	uint64_t *tasks; /* addresses */
	size_t n_tasks, cap_tasks;
	struct hash index; /* address of a generator -> index in the list, + 1 */
	struct hash types; /* address of a type -> TASK or OTHER */
};

void pysuspended_clear(struct pysuspendeds *list)
{
	free(list->at);
	hash_clear(&list->tasks);
	*list = (struct pysuspendeds){ 0 };
}

/* The task that asyncio has in C, or one of a subclass. */
static uintptr_t look_at_type(struct cpython *cpython, const struct pytype *type)
{
	for (int base = 0; type && base < BASES_MAX; base++) {
		if (!strcmp(type->name, "_asyncio.Task"))
			return TASK;
		type = type->base ? pytype_get(cpython, type->base) : NULL;
	}
	return OTHER;
}

static bool is_task(struct finding *finding, const struct pytype *type)
{
	uintptr_t kind = (uintptr_t)hash_get(&finding->types, hash_scatter(type->addr));

	if (!kind) {
		kind = look_at_type(finding->cpython, type);
		if (hash_set(&finding->types, hash_scatter(type->addr), (void *)kind))
			return false;
	}
	return kind == TASK;
}

static int add_task(struct finding *finding, uint64_t addr)
{
	uint64_t *more;

	if (finding->n_tasks == TASKS_MAX)
		return 0;
	more = grow(finding->tasks, finding->n_tasks, &finding->cap_tasks, sizeof(*more));
	if (!more)
		return -ENOMEM;
	finding->tasks = more;
	finding->tasks[finding->n_tasks++] = addr;
	return 0;
}

static int add_generator(struct finding *finding, uint64_t interp, uint64_t addr)
{
	struct pysuspendeds *list = finding->list;
	struct pygenerator generator;
	struct pysuspended *more;

	if (pygenerator_read(finding->cpython, addr, &generator) ||
	    generator.state > PYGENERATOR_SUSPENDED || hash_get(&finding->index, hash_scatter(addr)))
		return 0;
	list->found++;
	if (list->n == PYSUSPENDED_MAX)
		return 0;
	more = grow(list->at, list->n, &list->cap, sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->at = more;
	list->at[list->n++] = (struct pysuspended){ .generator = generator, .interp = interp };
	return hash_set(&finding->index, hash_scatter(addr), (void *)(uintptr_t)list->n);
}

static int look(void *context, uint64_t interp, const struct pyobj *obj)
{
	struct finding *finding = context;

	if (pygenerator_is(obj->type))
		return add_generator(finding, interp, obj->addr);
	if (obj->type->id != PYTYPES || !is_task(finding, obj->type))
		return 0;
	return add_task(finding, obj->addr);
}

static int look_at_block(void *context, enum mimalloc_heap_id heap, uint64_t addr,
			 const uint8_t *bytes, size_t len, uint64_t size)
{
	struct finding *finding = context;
	struct pyobj obj;

	(void)size;
	if (heap < MIMALLOC_GC || !pyblock_object(finding->cpython, addr, bytes, len, &obj))
		return 0;
	return look(finding, 0, &obj);
}

/* A free-threaded build has no lists: all objects that the collector knows are in its pages. */
static int find_in_pages(struct finding *finding, struct segments *segments)
{
	struct mimalloc mimalloc;
	int err = mimalloc_read(finding->cpython, segments, &mimalloc, look_at_block, finding);

	mimalloc_clear(&mimalloc);
	return err;
}

static size_t index_of(const struct finding *finding, uint64_t addr)
{
	return addr ? (uintptr_t)hash_get(&finding->index, hash_scatter(addr)) : 0;
}

/* Which of them each waits for. */
static void link_up(struct finding *finding)
{
	struct pysuspendeds *list = finding->list;

	for (size_t i = 0; i < list->n; i++) {
		const uint64_t awaits = list->at[i].generator.awaits;
		size_t next = index_of(finding, awaits);
		struct pyobj obj;

		if (!next && awaits && !pyobj_read(finding->cpython, awaits, &obj))
			next = index_of(finding, pygenerator_behind(finding->cpython, &obj));
		if (!next || next == i + 1 || list->at[next - 1].awaited)
			continue;
		list->at[i].next = next;
		list->at[next - 1].awaited = true;
	}
}

/* One word of a task is the address of its coroutine: task_coro, Modules/_asynciomodule.c. */
static void find_coroutine(struct finding *finding, uint64_t task)
{
	uint64_t word[TASK_WORDS];
	struct pyobj obj;
	size_t n, found;

	if (pyobj_read(finding->cpython, task, &obj))
		return;
	n = obj.type->basicsize / WORD;
	n = n < TASK_WORDS ? n : TASK_WORDS;
	if (cpython_read(finding->cpython, task, word, n * WORD))
		return;
	for (size_t i = finding->cpython->head / WORD; i < n; i++) {
		found = index_of(finding, word[i]);
		if (found)
			finding->list->at[found - 1].task = task;
	}
}

/*
 * Put them in order: each that none waits for, behind those that it waits for. What waits for
 * itself, as only damage can bring about, is left out.
 */
static int put_in_order(struct pysuspendeds *list)
{
	struct pysuspended *ordered = calloc(list->n + 1, sizeof(*ordered));
	size_t n = 0;

	if (!ordered)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		size_t length = 0, at = i + 1;

		if (list->at[i].awaited)
			continue;
		for (; at && length < list->n; at = list->at[at - 1].next)
			length++;
		at = i + 1;
		for (size_t depth = length; depth-- > 0 && n + depth < list->n;) {
			ordered[n + depth] = list->at[at - 1];
			ordered[n + depth].depth = depth;
			at = list->at[at - 1].next;
		}
		n += length;
	}
	free(list->at);
	list->at = ordered;
	list->n = n;
	return 0;
}

static int index_tasks(struct pysuspendeds *list)
{
	int err = 0;

	for (size_t i = 0; i < list->n && !err; i++)
		if (list->at[i].task)
			err = hash_set(&list->tasks, hash_scatter(list->at[i].task), &list->at[i]);
	return err;
}

int pysuspended_find(struct cpython *cpython, struct segments *segments,
		     struct pysuspendeds *list)
{
	struct finding finding = { .cpython = cpython, .list = list };
	int err;

	*list = (struct pysuspendeds){ 0 };
	err = cpython->layout.has & MW_PY_FREE_THREADED ?
		      find_in_pages(&finding, segments) :
		      pygc_visit(cpython, segments, look, &finding, &list->lists);
	if (!err) {
		link_up(&finding);
		for (size_t i = 0; i < finding.n_tasks; i++)
			find_coroutine(&finding, finding.tasks[i]);
		err = put_in_order(list);
	}
	if (!err)
		err = index_tasks(list);
	free(finding.tasks);
	hash_clear(&finding.index);
	hash_clear(&finding.types);
	return err;
}

const struct pysuspended *pysuspended_of_task(const struct pysuspendeds *list, uint64_t task)
{
	return hash_get(&list->tasks, hash_scatter(task));
}
