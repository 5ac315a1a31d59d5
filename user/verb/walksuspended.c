// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walksuspended.c - generators and coroutines that stand still, and their variables. */
#include <errno.h>
#include <string.h>

#include "cpython/pysuspended.h"
#include "verb/walking.h"

/* An object that is waited for, and what is behind it. */
static void see_awaited(struct walk *walk, uint64_t addr, struct walk_awaited *awaited)
{
	struct cpython *cpython = &walk->cpython;

	if (!addr || pyobj_read(cpython, addr, &awaited->object))
		return;
	awaited->place = walk_place(walk, addr);
	pyvalue_text(cpython, &awaited->object, awaited->value);
}

/* What there is to say of a generator besides its frame. */
static void describe(struct walk *walk, const struct pysuspendeds *list,
		     const struct pysuspended *at, struct walk_generator *show)
{
	struct cpython *cpython = &walk->cpython;
	const struct pysuspended *other;

	*show = (struct walk_generator){ .suspended = at,
					 .place = walk_place(walk, at->generator.object.addr) };
	see_awaited(walk, at->generator.awaits, &show->awaits);
	if (show->awaits.place.addr)
		see_awaited(walk, pygenerator_behind(cpython, &show->awaits.object),
			    &show->behind);
	if (at->task)
		show->task = walk_place(walk, at->task);
	other = pysuspended_of_task(list, show->behind.place.addr);
	if (other && !show->behind.value[0])
		pyvalue_text(cpython, &other->generator.object, show->behind.value);
}

/* Whether it stands where it stood, and waits for the same. */
static bool stands(struct cpython *cpython, const struct pysuspended *at,
		   const struct pyframe_at *frame)
{
	struct pygenerator now;
	struct pyframe_at there;

	return !pygenerator_read(cpython, at->generator.object.addr, &now) &&
	       now.object.type == at->generator.object.type &&
	       now.state == at->generator.state && now.frame == at->generator.frame &&
	       now.awaits == at->generator.awaits && !pyframe_read(cpython, now.frame, &there) &&
	       there.code == frame->code && there.instr == frame->instr;
}

static int show_one(struct walk *walk, const struct pysuspendeds *list,
		    const struct pysuspended *at)
{
	struct cpython *cpython = &walk->cpython;
	struct pyvars vars = { 0 };
	struct pyframe_at frame;
	struct walk_generator generator;
	struct walk_frame show = { .depth = at->depth, .frame = &frame, .generator = &generator };
	int err = 0;

	if (pyframe_read(cpython, at->generator.frame, &frame)) {
		cpython->torn++;
		return 0;
	}
	if (walk->end.variables < WALK_VARIABLES_MAX)
		err = walk_read_variables(walk, &frame, &vars);
	describe(walk, list, at, &generator);
	pyvars_settle(cpython, &vars);
	/* one that has gone on is not where it is said to be: its threads' frames may have it */
	if (!err && stands(cpython, at, &frame))
		walk_show_frame(walk, &show, &vars);
	else
		cpython->torn++;
	pyvars_clear(&vars);
	return err;
}

/* Those of one interpreter, which follow each other. Returns how many there are. */
static size_t count_group(const struct pysuspendeds *list, size_t first,
			  struct walk_suspended *show)
{
	size_t i = first;

	*show = (struct walk_suspended){ .interp = list->at[first].interp };
	for (; i < list->n && list->at[i].interp == show->interp; i++) {
		const enum pytype_id id = list->at[i].generator.object.type->id;

		show->coroutines += id == PYTYPE_COROUTINE;
		show->generators += id == PYTYPE_GENERATOR;
		show->async_generators += id == PYTYPE_ASYNCGEN;
		show->tasks += list->at[i].task != 0;
	}
	return i - first;
}

static int show_group(struct walk *walk, const struct pysuspendeds *list, size_t first, size_t n,
		      struct walk_suspended *show)
{
	const uint32_t most = walk->options->walk.suspended;
	int err = 0;

	show->shown = n;
	/* no chain is cut */
	if (most && most < n)
		for (show->shown = most; show->shown < n && list->at[first + show->shown].depth;)
			show->shown++;
	walk->view.ops->suspended(&walk->view, show);
	if (show->shown < n)
		err = walk_stands(walk, list->at + first, n);
	for (size_t i = first; i < first + show->shown && !err; i++)
		err = show_one(walk, list, &list->at[i]);
	return err;
}

static int show_all(struct walk *walk, const struct pysuspendeds *list)
{
	const bool several = list->n && list->at[0].interp != list->at[list->n - 1].interp;
	struct walk_suspended show;
	size_t n;
	int err = 0;

	for (size_t i = 0; i < list->n && !err; i += n) {
		n = count_group(list, i, &show);
		show.several = several;
		err = show_group(walk, list, i, n, &show);
	}
	if (list->lists.collecting)
		walk_note(walk, "Python's garbage collector is at work: generators and coroutines "
			  "that it is just looking at may be missing");
	if (list->lists.cut)
		walk_note(walk, "lists of the garbage collector lead on and on: other generators and "
			  "coroutines may be missing");
	if (list->found > list->n)
		walk_note(walk, "%zu more generators and coroutines are suspended",
			  list->found - list->n);
	return err;
}

int walk_suspended(struct walk *walk)
{
	struct pysuspendeds list;
	int err = pysuspended_find(&walk->cpython, &walk->space->segments, &list);

	if (!err)
		err = show_all(walk, &list);
	if (err == -ENOENT) {
		walk_note(walk, "%s, so that suspended generators and coroutines are not shown",
			  walk->cpython.layout.has & MW_PY_FREE_THREADED ?
				  "the pages of mimalloc could not be walked" :
				  "no lists of the garbage collector were found");
		err = 0;
	}
	pysuspended_clear(&list);
	return err;
}
