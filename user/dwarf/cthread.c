// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cthread.c - all frames of C functions of one thread, with their variables. */
#include "dwarf/cthread.h"

#include <errno.h>
#include <stdlib.h>

/* What one frame is read with: large. */
struct room {
	struct recipe_frame recipe;
	struct cvars vars;
};

void cthread_clear(struct cthread *thread)
{
	free(thread->frames);
	free(thread->vars);
	*thread = (struct cthread){ .tid = thread->tid, .torn = thread->torn };
}

/* True when there is room for n more of an array that doubles. */
static bool make_room(void **array, size_t used, size_t n, size_t size)
{
	size_t room = 16;
	void *more;

	while (room < used)
		room *= 2;
	if (*array && used + n <= room)
		return true;
	while (room < used + n)
		room *= 2;
	more = reallocarray(*array, room, size);
	if (more)
		*array = more;
	return more != NULL;
}

static int add_vars(struct cthread *thread, struct intern *names, const struct cvars *vars)
{
	void *array = thread->vars;

	if (!make_room(&array, thread->n_vars, vars->n, sizeof(*thread->vars)))
		return -ENOMEM;
	thread->vars = array;
	for (size_t i = 0; i < vars->n; i++) {
		struct cvar *var = &thread->vars[thread->n_vars++];

		*var = vars->at[i];
		var->name = intern(names, var->name);
		var->type = intern(names, var->type);
		if (var->above)
			var->above = intern(names, var->above);
	}
	return 0;
}

/* From the stack pointer, or where the one it called begins. */
static uint64_t size_of(const struct cthread *thread, const struct cframe *frame)
{
	const struct cthread_frame *inner = thread->n ? &thread->frames[thread->n - 1] : NULL;
	const uint64_t low = inner ? inner->frame.cfa : frame->regs.value[RECIPE_SP];

	return frame->has_cfa && (!inner || inner->frame.has_cfa) && frame->cfa > low ?
		       frame->cfa - low : 0;
}

static int add_frame(struct cthread *thread, const struct cframes *frames, struct cvars *vars)
{
	struct cthread_frame *frame;
	void *array = thread->frames;
	int err;

	if (!make_room(&array, thread->n, 1, sizeof(*thread->frames)))
		return -ENOMEM;
	thread->frames = array;
	frame = &thread->frames[thread->n];
	*frame = (struct cthread_frame){ .frame = frames->frame,
					 .size = size_of(thread, &frames->frame),
					 .first = thread->n_vars };
	frame->name = native_find(frames->native, frames->space, frames->frame.pc,
				  frames->frame.exact);
	if (thread->n_vars < CTHREAD_VARS)
		clocals_read(frames, vars);
	else
		*vars = (struct cvars){ .cut = frames->frame.has_recipe ? frames->recipe->n_vars : 0 };
	err = add_vars(thread, frames->native->naming.names, vars);
	frame->n = thread->n_vars - frame->first;
	frame->cut = vars->cut;
	thread->n++;
	return err;
}

static int read_frames(struct native *native, struct space *space, const struct cregs *regs,
		       struct room *room, struct cthread *thread)
{
	struct cframes frames;
	int err = 0;

	cframes_begin(&frames, native, space, regs, &room->recipe);
	while (!err && cframes_next(&frames))
		err = add_frame(thread, &frames, &room->vars);
	thread->why = frames.why;
	return err;
}

static bool same(const struct cregs *a, const struct cregs *b)
{
	return a->value[RECIPE_SP] == b->value[RECIPE_SP] &&
	       a->value[RECIPE_PC] == b->value[RECIPE_PC];
}

/* It must wait at the same place in the end, or what was read is of no one moment. */
static int read_waiting(struct native *native, struct space *space, struct room *room,
			struct cthread *thread)
{
	struct cregs before, after;

	for (int i = 0; i < CTHREAD_TRIES; i++) {
		int err = 0;

		if (cregs_waiting(space->pid, thread->tid, &before)) {
			err = read_frames(native, space, &before, room, thread);
			if (err)
				return err;
			if (cregs_waiting(space->pid, thread->tid, &after) && same(&before, &after))
				return 0;
			thread->torn++;
		}
		cthread_clear(thread);
	}
	thread->why = "it runs: its registers are not known unless it is held (--freeze)";
	return 0;
}

int cthread_read(struct native *native, struct space *space, pid_t tid, const struct cregs *held,
		 struct cthread *thread)
{
	struct room *room = malloc(sizeof(*room));
	int err;

	*thread = (struct cthread){ .tid = tid };
	if (!room)
		return -ENOMEM;
	err = held ? read_frames(native, space, held, room, thread) :
		     read_waiting(native, space, room, thread);
	free(room);
	if (err)
		cthread_clear(thread);
	return err;
}
