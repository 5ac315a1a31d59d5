// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyvars.c - names and the objects they stand for. */
#include "cpython/pyvars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "cpython/pybody.h"
#include "cpython/pyslots.h"
#include "target/mem.h"

#define LOOKS 4 /* at something that goes on changing */

const char *pyscope_name(enum pyscope scope)
{
	static const char *const names[PYSCOPES] = {
		[PYSCOPE_LOCAL] = "local", [PYSCOPE_CELL] = "cell",
		[PYSCOPE_FREE] = "free",   [PYSCOPE_CLASS] = "class",
		[PYSCOPE_GLOBAL] = "global", [PYSCOPE_ATTRIBUTE] = "attribute",
	};

	return names[scope];
}

void pyvars_clear(struct pyvars *vars)
{
	free(vars->at);
	*vars = (struct pyvars){ 0 };
}

static struct pyvar *add_var(struct pyvars *vars)
{
	struct pyvar *more = grow(vars->at, vars->n, &vars->cap, sizeof(*more));

	if (!more)
		return NULL;
	vars->at = more;
	return &vars->at[vars->n++];
}

/* What has changed, or is damaged, is no reason to end the walk. */
static int forgive(struct pyvars *vars, int err)
{
	if (err != -EBADMSG && err != -EFAULT)
		return err;
	vars->torn++;
	return 0;
}

static void read_what_it_is(struct cpython *cpython, struct pyvar *var)
{
	pyvalue_text(cpython, &var->object, var->value);
	var->body = pybody_of(cpython, &var->object);
}

/*
 * Read the object a slot holds, and then the slot once more: as it still holds the object,
 * that was there all the time, and what was read is of it.
 */
static int read_object(struct cpython *cpython, uint64_t slot, struct pyvar *var)
{
	const uint64_t tag = cpython->fields.slot_tag;

	for (int i = 0; i < LOOKS; i++) {
		const uint64_t held = cpython_word(cpython, slot) & ~tag;
		int err;

		if (!held)
			return -ENOENT;
		err = pyobj_read(cpython, held, &var->object);
		if (!err)
			read_what_it_is(cpython, var);
		if (err == -ESRCH)
			return err;
		if (!err && (cpython_word(cpython, slot) & ~tag) == held)
			return 0;
		cpython->retried++;
	}
	return -EBADMSG;
}

/* Add what a slot holds under a name. Unbound ones are passed over. 0, -ENOMEM, -ESRCH. */
static int add_slot(struct cpython *cpython, struct pyvars *vars, enum pyscope scope,
		    const char *name, uint64_t slot)
{
	struct pyvar *var = add_var(vars);
	int err;

	if (!var)
		return -ENOMEM;
	*var = (struct pyvar){ .scope = scope, .slot = slot };
	strncpy(var->name, name, sizeof(var->name) - 1);
	err = read_object(cpython, slot, var);
	if (!err)
		return 0;
	vars->n--;
	return err == -ENOENT ? 0 : forgive(vars, err);
}

/* The slot in a cell; 0 when the frame's slot does not hold a cell yet. */
static uint64_t slot_in_cell(struct cpython *cpython, uint64_t slot)
{
	const uint64_t held = cpython_word(cpython, slot) & ~(uint64_t)cpython->fields.slot_tag;
	struct pyobj cell;

	if (!held || pyobj_read(cpython, held, &cell) || cell.type->id != PYTYPE_CELL)
		return 0;
	return held + cpython->head; /* ob_ref: Include/cellobject.h */
}

static int add_slots(struct cpython *cpython, const struct pyslots *slots,
		     const struct pyframe_at *frame, const uint64_t *words, struct pyvars *vars)
{
	const uint64_t first = frame->addr + cpython->fields.frame_slots;
	int err = 0;

	for (size_t i = 0; i < slots->n && !err; i++) {
		const uint64_t slot = first + i * sizeof(slot);
		const uint64_t inner = slots->at[i].scope == PYSCOPE_LOCAL ?
					       0 : slot_in_cell(cpython, slot);
		const size_t before = vars->n;

		/* from 3.11 an argument is in the slot itself until its cell is made */
		if (!inner && slots->at[i].scope == PYSCOPE_FREE)
			continue;
		err = add_slot(cpython, vars, slots->at[i].scope, slots->at[i].name,
			       inner ? inner : slot);
		if (vars->n == before)
			continue;
		vars->at[before].frame_slot = slot;
		vars->at[before].frame_word = words[i];
	}
	return err;
}

void pyvars_settle(struct cpython *cpython, struct pyvars *vars)
{
	size_t kept = 0;

	for (size_t i = 0; i < vars->n; i++) {
		const struct pyvar *var = &vars->at[i];

		if (!var->frame_slot ||
		    cpython_word(cpython, var->frame_slot) == var->frame_word)
			vars->at[kept++] = *var;
	}
	vars->torn += vars->n - kept;
	vars->n = kept;
}

/*
 * The variables in the slots of a frame, all of one moment. A frame that is running may
 * never hold still: then those that did, and how many did not.
 */
static int read_slots(struct cpython *cpython, const struct pyslots *slots,
		      const struct pyframe_at *frame, struct pyvars *vars)
{
	uint64_t *words = calloc(slots->n + 1, sizeof(*words));
	int err = words ? 0 : -ENOMEM;

	for (int i = 0; i < LOOKS && !err && slots->n; i++) {
		vars->n = vars->torn = 0;
		err = cpython_read(cpython, frame->addr + cpython->fields.frame_slots, words,
				   slots->n * sizeof(*words));
		if (!err)
			err = add_slots(cpython, slots, frame, words, vars);
		if (err)
			break;
		pyvars_settle(cpython, vars);
		if (!vars->torn)
			break;
		cpython->retried++;
	}
	free(words);
	return err;
}

bool pyvars_is_module(const struct pyframe_at *frame)
{
	return frame->locals && frame->locals == frame->globals;
}

int pyvars_frame(struct cpython *cpython, const struct pyframe_at *frame, struct pyvars *vars)
{
	struct pyslots slots = { 0 };
	int err = pyslots_read(cpython, frame->code, &slots);

	if (!err)
		err = read_slots(cpython, &slots, frame, vars);
	if (!err && frame->locals && !pyvars_is_module(frame) && !slots.optimized)
		err = pyvars_dict(cpython, frame->locals, PYSCOPE_CLASS, vars);
	pyslots_clear(&slots);
	return forgive(vars, err);
}

static int name_of(struct cpython *cpython, const struct pyitem *item, char name[PYVARS_NAME])
{
	if (item->plain_key)
		return mem_read_string(cpython->pid, item->key, name, PYVARS_NAME);
	return pyobject_str(cpython->pid, &cpython->objects, item->key, name, PYVARS_NAME);
}

static int add_items(struct cpython *cpython, const struct pyitems *items, enum pyscope scope,
		     struct pyvars *vars)
{
	char name[PYVARS_NAME];
	int err = 0;

	for (size_t i = 0; i < items->n && !err; i++)
		/* keys that are no text are no names */
		if (name_of(cpython, &items->at[i], name) >= 0)
			err = add_slot(cpython, vars, scope, name, items->at[i].slot);
	vars->cut = vars->cut || items->cut;
	return err;
}

/* Where items are read: of a dict, or of an instance. */
struct source {
	uint64_t dict; /* 0: of */
	struct pyobj of;
};

static int read_items(struct cpython *cpython, const struct source *source, struct pyitems *items)
{
	return source->dict ? pydict_items(cpython, source->dict, items) :
			      pyobj_attributes(cpython, &source->of, items);
}

static bool same_items(const struct pyitems *a, const struct pyitems *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].key != b->at[i].key || a->at[i].value != b->at[i].value ||
		    a->at[i].slot != b->at[i].slot)
			return false;
	return true;
}

/*
 * Items count when, after all that they lead to has been read, they are the same: a table
 * that was given up in between may still look as it was.
 */
static int take_items(struct cpython *cpython, const struct source *source, enum pyscope scope,
		      struct pyvars *vars)
{
	const size_t n = vars->n, torn = vars->torn;
	struct pyitems before = { 0 }, now = { 0 };
	bool same = false;
	int err = 0;

	for (int i = 0; i < LOOKS && !same && (!err || err == -EBADMSG); i++) {
		cpython->retried += i > 0;
		pyitems_clear(&before);
		pyitems_clear(&now);
		vars->n = n;
		vars->torn = torn;
		err = read_items(cpython, source, &before);
		if (!err)
			err = add_items(cpython, &before, scope, vars);
		if (!err)
			err = read_items(cpython, source, &now);
		same = !err && same_items(&before, &now);
	}
	if (!same) {
		vars->torn += vars->n - n;
		vars->n = n;
	}
	pyitems_clear(&before);
	pyitems_clear(&now);
	return forgive(vars, err);
}

int pyvars_dict(struct cpython *cpython, uint64_t dict, enum pyscope scope, struct pyvars *vars)
{
	const struct source source = { .dict = dict };

	return take_items(cpython, &source, scope, vars);
}

int pyvars_self(struct cpython *cpython, struct pyvars *vars)
{
	struct source source;
	size_t i = vars->n;
	int err;

	if (!vars->n)
		return 0;
	source = (struct source){ .of = vars->at[0].object };
	err = take_items(cpython, &source, PYSCOPE_ATTRIBUTE, vars);
	/* they are to be believed as long as it is */
	for (; i < vars->n; i++) {
		vars->at[i].frame_slot = vars->at[0].frame_slot;
		vars->at[i].frame_word = vars->at[0].frame_word;
	}
	return err;
}
