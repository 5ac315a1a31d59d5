// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkpython.c - Python's threads, their frames and variables, one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verb/walking.h"

#define SAME_TEXT     512
#define LOOKS	      8	/* at a list that goes on changing */

/* The first variable that an object was. */
struct seen {
	uint32_t id, frame;
	const char *name, *function; /* interned */
	bool attribute;
	bool attributes; /* its own are shown there, too */
};

/* Where a variable was found. */
struct where {
	uint32_t frame;
	const char *function; /* interned; NULL */
};

static struct seen *see(struct walk *walk, const struct walk_var *var,
			      const struct where *where)
{
	const uint64_t addr = var->place.addr;
	struct seen *seen = hash_get(&walk->seen, hash_scatter(addr));

	if (seen)
		return seen;
	seen = malloc(sizeof(*seen));
	if (!seen)
		return NULL;
	*seen = (struct seen){ .id = var->id,
			       .frame = var->frame,
			       .name = intern(&walk->place.names, var->var->name),
			       .function = where->function,
			       .attribute = var->var->scope == PYSCOPE_ATTRIBUTE };
	if (hash_set(&walk->seen, hash_scatter(addr), seen))
		free(seen);
	return NULL;
}

static void show_variable(struct walk *walk, const struct pyvar *var, const struct where *where)
{
	struct walk_var show = {
		.id = ++walk->end.variables,
		.frame = where->frame,
		.var = var,
		.place = walk_place(walk, var->object.addr),
		.body = walk_place(walk, var->body),
	};
	const struct seen *first = see(walk, &show, where);
	const bool elsewhere = first && first->frame != where->frame && first->function;
	char text[SAME_TEXT];

	if (first) {
		show.same_as = first->id;
		snprintf(text, sizeof(text), "%s%s%s%s", first->attribute ? "self." : "", first->name,
			 elsewhere ? " in " : "", elsewhere ? first->function : "");
		show.same_name = text;
	}
	walk->view.ops->variable(&walk->view, &show);
	drawing_variable(&walk->drawing, &show);
}

/* Whether the attributes of an object, which may be `self` of many frames, were not shown yet. */
static bool take_attributes(struct walk *walk, const struct pyvar *self)
{
	struct seen *seen = hash_get(&walk->seen, hash_scatter(self->object.addr));
	const bool taken = seen && seen->attributes;

	if (seen)
		seen->attributes = true;
	return !taken;
}

static void show_variables(struct walk *walk, const struct pyvars *vars, const struct where *where)
{
	bool any = false, wanted = true;

	for (size_t i = 0; i < vars->n; i++) {
		const bool attribute = vars->at[i].scope == PYSCOPE_ATTRIBUTE;

		if (attribute && !any)
			wanted = take_attributes(walk, &vars->at[0]);
		any |= attribute;
		if (!attribute || wanted)
			show_variable(walk, &vars->at[i], where);
	}
	if (vars->cut)
		walk_note(walk, "of the names in a dict only the first %d are shown",
			  PYDICT_ITEMS_MAX);
}

int walk_read_variables(struct walk *walk, const struct pyframe_at *frame, struct pyvars *vars)
{
	const struct walk_options *options = &walk->options->walk;
	struct cpython *cpython = &walk->cpython;
	int err = pyvars_frame(cpython, frame, vars);

	if (!err && options->attributes && vars->n && !strcmp(vars->at[0].name, "self"))
		err = pyvars_self(cpython, vars);
	if (!err && options->globals && pyvars_is_module(frame))
		err = pyvars_dict(cpython, frame->globals, PYSCOPE_GLOBAL, vars);
	return err;
}

void walk_name_frame(struct walk *walk, struct walk_frame *show)
{
	struct cpython *cpython = &walk->cpython;
	struct intern *names = &walk->place.names;
	struct pycode code;
	int64_t line;

	if (!pycode_read(cpython->pid, &cpython->layout, &cpython->objects, show->frame->code,
			 &code)) {
		line = pycode_line(&code,
				   pycode_lasti(&cpython->layout, &code, show->frame->instr));
		show->function = intern(names, code.name);
		show->file = intern(names, code.filename);
		show->line = line > 0 ? line : 0;
	}
	pycode_clear(&code);
}

void walk_show_frame(struct walk *walk, struct walk_frame *show, const struct pyvars *vars)
{
	const struct pyframe_at *frame = show->frame;
	struct where where;

	show->id = ++walk->end.frames;
	show->place = walk_place(walk, frame->addr);
	show->gone = !vars;
	show->torn = vars ? vars->torn : 0;
	if (pyvars_is_module(frame) && !walk->options->walk.globals)
		show->globals = pydict_size(&walk->cpython, frame->globals);
	if (frame->object)
		show->object = walk_place(walk, frame->object);
	walk_name_frame(walk, show);
	where = (struct where){ show->id, show->function };
	walk->view.ops->frame(&walk->view, show);
	drawing_frame(&walk->drawing, show);
	walk->cpython.torn += vars ? vars->torn : 1;
	if (vars)
		show_variables(walk, vars, &where);
}

/* All variables of a thread are read before it is looked whether its frames are still there. */
static int show_frames(struct walk *walk, const struct pythread *thread,
		       const struct pyframes *frames)
{
	struct pyvars *vars = calloc(frames->n + 1, sizeof(*vars));
	size_t gone, n = walk->end.variables;
	int err = vars ? 0 : -ENOMEM;

	for (size_t i = 0; i < frames->n && !err && n < WALK_VARIABLES_MAX; i++) {
		err = walk_read_variables(walk, &frames->at[i], &vars[i]);
		n += vars[i].n;
	}
	gone = frames->n - (err ? 0 : pyframes_still(&walk->cpython, thread->tstate, frames));
	for (size_t i = 0; i < frames->n && !err; i++) {
		struct walk_frame show = { .tid = thread->tid, .depth = i,
					   .frame = &frames->at[i] };

		if (i >= gone)
			pyvars_settle(&walk->cpython, &vars[i]);
		walk_show_frame(walk, &show, i >= gone ? &vars[i] : NULL);
	}
	for (size_t i = 0; i < frames->n && vars; i++)
		pyvars_clear(&vars[i]);
	free(vars);
	return err;
}

static int show_thread(struct walk *walk, const struct pythread *thread)
{
	struct pyframes frames;
	struct walk_thread show = { .tid = thread->tid, .tstate = thread->tstate };
	int err = pyframes_read(&walk->cpython, thread->tstate, &frames);

	if (err == -ENOMEM || err == -ESRCH)
		return err;
	show.why = !err ? NULL : walk->freeze ? "its frames changed whenever they were read" :
		   "its frames changed whenever they were read: with --freeze they stand still";
	show.frames = frames.n;
	show.cut = frames.cut;
	show.changing = frames.changing;
	walk->end.threads++;
	walk->view.ops->thread(&walk->view, &show);
	err = frames.n ? show_frames(walk, thread, &frames) : 0;
	pyframes_clear(&frames);
	return err;
}

static int main_first(const void *a, const void *b)
{
	const struct pythread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

int walk_find_threads(struct walk *walk)
{
	ssize_t n = -EBADMSG;

	for (int i = 0; i < LOOKS && n == -EBADMSG; i++) {
		n = pystack_threads(walk->cpython.pid, &walk->cpython.layout,
				    &walk->cpython.objects, &walk->threads);
		walk->cpython.retried += n == -EBADMSG;
	}
	if (n == -EBADMSG) {
		walk->cpython.torn++;
		return 0;
	}
	walk->n_threads = n < 0 ? 0 : n;
	/* the main thread has the lowest number, the process's, unless numbers were used up */
	if (n > 0)
		qsort(walk->threads, n, sizeof(*walk->threads), main_first);
	return n < 0 ? (int)n : 0;
}

int walk_threads(struct walk *walk)
{
	int err = 0;

	if (!walk->n_threads && !walk->cpython.idle)
		walk_note(walk, "Python's list of threads changed whenever it was read");
	for (size_t i = 0; i < walk->n_threads && !err; i++)
		err = show_thread(walk, &walk->threads[i]);
	if (walk->end.variables >= WALK_VARIABLES_MAX)
		walk_note(walk, "only the first %d variables or so are shown", WALK_VARIABLES_MAX);
	return err;
}
