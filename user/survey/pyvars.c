// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyvars.c - names and the objects they stand for. */
#include "survey/pyvars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "survey/pyslots.h"
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
	struct pyvar *more;

	if (vars->n == vars->cap) {
		more = reallocarray(vars->at, vars->cap * 2 + 16, sizeof(*more));
		if (!more)
			return NULL;
		vars->at = more;
		vars->cap = vars->cap * 2 + 16;
	}
	return &vars->at[vars->n++];
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
			pyvalue_text(cpython, &var->object, var->value);
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
	if (err == -ENOENT)
		return 0;
	if (err != -EBADMSG && err != -EFAULT)
		return err;
	vars->torn++;
	cpython->torn++;
	return 0;
}

/* The slot in a cell; 0 when the frame's slot does not hold a cell yet. */
static uint64_t slot_in_cell(struct cpython *cpython, uint64_t slot)
{
	const uint64_t held = cpython_word(cpython, slot) & ~(uint64_t)cpython->fields.slot_tag;
	struct pyobj cell;

	if (!held || pyobj_read(cpython, held, &cell) || cell.type->id != PYTYPE_CELL)
		return 0;
	return held + 2 * sizeof(uint64_t); /* ob_ref: Include/cellobject.h */
}

static int add_slots(struct cpython *cpython, const struct pyslots *slots,
		     const struct pyframe_at *frame, struct pyvars *vars)
{
	const uint64_t first = frame->addr + cpython->fields.frame_slots;
	int err = 0;

	for (size_t i = 0; i < slots->n && !err; i++) {
		uint64_t slot = first + i * sizeof(slot);
		const uint64_t inner = slots->at[i].scope == PYSCOPE_LOCAL ?
					       0 : slot_in_cell(cpython, slot);

		/* from 3.11 an argument is in the slot itself until its cell is made */
		if (!inner && slots->at[i].scope == PYSCOPE_FREE)
			continue;
		err = add_slot(cpython, vars, slots->at[i].scope, slots->at[i].name,
			       inner ? inner : slot);
	}
	return err;
}

bool pyvars_is_module(const struct pyframe_at *frame)
{
	return frame->locals && frame->locals == frame->globals;
}

int pyvars_frame(struct cpython *cpython, const struct pyframe_at *frame, struct pyvars *vars)
{
	struct pyslots slots = { 0 };
	int err;

	*vars = (struct pyvars){ 0 };
	err = pyslots_read(cpython, frame->code, &slots);
	if (!err)
		err = add_slots(cpython, &slots, frame, vars);
	if (!err && frame->locals && !pyvars_is_module(frame) && !slots.optimized) {
		struct pyvars more;

		err = pyvars_dict(cpython, frame->locals, PYSCOPE_CLASS, &more);
		for (size_t i = 0; i < more.n && !err; i++) {
			struct pyvar *var = add_var(vars);

			if (var)
				*var = more.at[i];
			else
				err = -ENOMEM;
		}
		vars->torn += more.torn;
		vars->cut = more.cut;
		pyvars_clear(&more);
	}
	pyslots_clear(&slots);
	/* what was read counts only if the frame was there to the end */
	if (err == -EBADMSG || err == -EFAULT || (!err && !pyframe_same(cpython, frame))) {
		pyvars_clear(vars);
		vars->gone = true;
		cpython->torn++;
		err = 0;
	}
	return err;
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
	vars->cut = items->cut;
	return err;
}

/* Errors of what has changed or is damaged are no reason to end the walk. */
static int forgive(struct cpython *cpython, struct pyvars *vars, int err)
{
	if (err != -EBADMSG && err != -EFAULT)
		return err;
	vars->torn++;
	cpython->torn++;
	return 0;
}

int pyvars_dict(struct cpython *cpython, uint64_t dict, enum pyscope scope, struct pyvars *vars)
{
	struct pyitems items = { 0 };
	int err = -EBADMSG;

	*vars = (struct pyvars){ 0 };
	for (int i = 0; i < LOOKS && err == -EBADMSG; i++) {
		pyitems_clear(&items);
		err = pydict_items(cpython, dict, &items);
		cpython->retried += err == -EBADMSG;
	}
	if (!err)
		err = add_items(cpython, &items, scope, vars);
	pyitems_clear(&items);
	return forgive(cpython, vars, err);
}

int pyvars_attributes(struct cpython *cpython, const struct pyobj *obj, struct pyvars *vars)
{
	struct pyitems items = { 0 };
	int err = -EBADMSG;

	*vars = (struct pyvars){ 0 };
	for (int i = 0; i < LOOKS && err == -EBADMSG; i++) {
		pyitems_clear(&items);
		err = pyobj_attributes(cpython, obj, &items);
		cpython->retried += err == -EBADMSG;
	}
	if (!err)
		err = add_items(cpython, &items, PYSCOPE_ATTRIBUTE, vars);
	pyitems_clear(&items);
	return forgive(cpython, vars, err);
}
